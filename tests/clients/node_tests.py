"""Node's own test runner, shown line by line when a test fails."""

import os
import subprocess
from pathlib import Path

NODE_TESTS = Path(__file__).parent / "node"
LIMIT_SECONDS = 300


def run_node_tests(file: str, variables: dict[str, str]) -> None:
    """Runs a file of `node/` with these variables in its environment."""
    assert (NODE_TESTS / "node_modules" / "openai").is_dir(), "npm's packages are missing: tests/run installs them"
    run = subprocess.run(
        ["node", "--test", file], cwd=NODE_TESTS, env={**os.environ, **variables},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    print(run.stdout)
    print(run.stderr)
    assert run.returncode == 0, "node's tests failed, see above"
