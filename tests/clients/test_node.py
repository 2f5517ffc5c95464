"""npm's openai against the same demo."""

from node_tests import run_node_tests


def test_node_clients(demo):
    run_node_tests("clients.test.mjs", {"SEKISHO_DEMO": demo.line})
