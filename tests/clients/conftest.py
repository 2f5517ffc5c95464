"""One demo for the whole run; every test starts with a backend that has seen nothing."""

import os

import pytest

from checks import VERSIONED
from demo import Demo, Example, SimulatedAzure, example_names

# The clients take keys, endpoints and proxies from the environment; here only what a test says counts.
for name in list(os.environ):
    if name.startswith(("AZURE_", "OPENAI_", "ANTHROPIC_", "LANGCHAIN_", "LANGSMITH_")) or name.lower().endswith("_proxy"):
        del os.environ[name]


@pytest.fixture(scope="session")
def demo():
    running = Demo()
    try:
        yield running
    finally:
        exit_code = running.stop()
    assert exit_code == 0, f"the demo ended with exit code {exit_code}"


@pytest.fixture
def simulator(demo) -> SimulatedAzure:
    demo.simulator.reset()
    return demo.simulator


@pytest.fixture(params=example_names())
def example(request, demo) -> Example:
    """Each example of the repository in turn."""
    assert request.param in demo.examples, f"the demo does not serve examples/{request.param}"
    return demo.examples[request.param]


@pytest.fixture
def versioned(demo) -> Example:
    """The example with a version set and an OpenAI v1 API."""
    return demo.examples[VERSIONED]
