"""npm's openai against the same demo: node's own test runner, shown line by line when a test fails."""

import os
import subprocess
from pathlib import Path

NODE_TESTS = Path(__file__).parent / "node"
LIMIT_SECONDS = 300


def test_node_clients(demo):
    assert (NODE_TESTS / "node_modules" / "openai").is_dir(), "npm's packages are missing: tests/run installs them"
    run = subprocess.run(
        ["node", "--test", "clients.test.mjs"], cwd=NODE_TESTS, env={**os.environ, "SEKISHO_DEMO": demo.line},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    print(run.stdout)
    print(run.stderr)
    assert run.returncode == 0, "node's tests failed, see above"
