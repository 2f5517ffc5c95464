"""`examples/unified-models` in front of a simulated Anthropic and a simulated Azure OpenAI."""

from pathlib import Path

from demo import REPOSITORY
from processes import Gateway, Simulator

KEY = "unified-models-demo-key"

CONFIGURATION = """\
port: 0
resources:
  - {name: anthropic, deployments: [{name: "*"}, {name: claude-sonnet-4-6}]}
  - {name: openai, deployments: [{name: "*"}]}
"""


class Unified:
    """The gateway and the simulator."""

    def __init__(self, folder: Path):
        self._simulator = Simulator(folder, CONFIGURATION)
        self.simulator = self._simulator.azure
        url = self._simulator.url
        self._gateway = Gateway(
            REPOSITORY / "examples" / "unified-models", folder / "data",
            {"UNIFIED_MODELS_URL_ANTHROPIC": f"{url}/anthropic/anthropic",
             "UNIFIED_MODELS_URL_OPENAI": f"{url}/openai/openai/v1"})
        self.url = f"{self._gateway.url}/unified-models"

    def stop(self) -> list[int]:
        return [self._gateway.stop(), self._simulator.stop()]
