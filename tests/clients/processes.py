"""Verbs of the binary as processes."""

import os
import signal
import subprocess
import threading
from pathlib import Path

from demo import FOREIGN_VARIABLES, STOP_SECONDS, SimulatedAzure, binary


class Process:
    """A verb of the binary; says where it listens in its first lines, up to one with `ready` in it."""

    def __init__(self, *arguments: str, ready: str, variables: dict[str, str] | None = None):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
        self._process = subprocess.Popen(
            [binary(), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            env={**environment, **(variables or {})},
        )
        self._first_lines = []
        for line in self._process.stdout:
            self._first_lines.append(line)
            if ready in line:
                break
        # Reads to the end, so that the process never waits for a full pipe.
        threading.Thread(target=self._process.stdout.read, daemon=True).start()

    def url_of(self, beginning: str, scheme: str = "http://") -> str:
        """The URL that a line with this beginning names."""
        for line in self._first_lines:
            urls = [word.rstrip("/") for word in line.split() if word.startswith(scheme)]
            if line.startswith(beginning) and urls:
                return urls[0]
        raise AssertionError(f"the process said {self._first_lines} and not where it listens")

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise


class Simulator(Process):
    """`sekisho simulate` with this configuration."""

    def __init__(self, folder: Path, configuration: str):
        file = folder / "simulator.yaml"
        file.write_text(configuration)
        super().__init__("simulate", "--config", str(file), ready="http://")
        self.url = self.url_of("")
        self.azure = SimulatedAzure(self.url)


class Gateway(Process):
    """`sekisho serve` with this service."""

    def __init__(self, service: Path, data: Path, variables: dict[str, str]):
        super().__init__(
            "serve", str(service), "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", "--no-watch",
            "--data", str(data), ready="management listening on ", variables=variables)
        self.url = self.url_of("gateway listening on ")
        self.management = self.url_of("management listening on ")
