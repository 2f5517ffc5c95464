"""`examples/unified-models` in front of a simulated Anthropic and a simulated Azure OpenAI."""

import os
import signal
import subprocess
import threading
from pathlib import Path

from demo import FOREIGN_VARIABLES, REPOSITORY, STOP_SECONDS, SimulatedAzure, binary

KEY = "unified-models-demo-key"

CONFIGURATION = """\
port: 0
resources:
  - {name: anthropic, deployments: [{name: "*"}, {name: claude-sonnet-4-6}]}
  - {name: openai, deployments: [{name: "*"}]}
"""


class Process:
    """A verb of the binary; says where it listens in its first line."""

    def __init__(self, *arguments: str, variables: dict[str, str]):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
        self._process = subprocess.Popen(
            [binary(), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            env={**environment, **variables},
        )
        self.first_line = self._process.stdout.readline()
        # Reads to the end, so that the process never waits for a full pipe.
        threading.Thread(target=self._process.stdout.read, daemon=True).start()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise


class Unified:
    """The gateway and the simulator."""

    def __init__(self, folder: Path):
        configuration = folder / "simulator.yaml"
        configuration.write_text(CONFIGURATION)
        self._simulator = Process("simulate", "--config", str(configuration), variables={})
        url = next(word for word in self._simulator.first_line.split() if word.startswith("http://")).rstrip("/")
        self.simulator = SimulatedAzure(url)
        self._gateway = Process(
            "serve", str(REPOSITORY / "examples" / "unified-models"), "--listen", "127.0.0.1:0",
            "--management-listen", "127.0.0.1:0", "--no-watch", "--data", str(folder / "data"),
            variables={"UNIFIED_MODELS_URL_ANTHROPIC": f"{url}/anthropic/anthropic",
                       "UNIFIED_MODELS_URL_OPENAI": f"{url}/openai/openai/v1"},
        )
        line = self._gateway.first_line
        assert line.startswith("gateway listening on "), f"the gateway said {line!r} and not where it listens"
        self.url = f"{line.split()[-1]}/unified-models"

    def stop(self) -> list[int]:
        return [self._gateway.stop(), self._simulator.stop()]
