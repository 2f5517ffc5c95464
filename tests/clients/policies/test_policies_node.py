"""npm's openai through every policy for models."""

import json

from node_tests import run_node_tests
from policies_gateway import API_VERSION, MODEL


def test_node_clients(policies):
    told = {"url": policies.url, "tlsUrl": policies.tls_url, "simulator": policies.simulator.url,
            "model": MODEL, "apiVersion": API_VERSION}
    run_node_tests("policies.test.mjs", {
        "SEKISHO_POLICIES": json.dumps(told), "NODE_EXTRA_CA_CERTS": str(policies.authority_file)})
