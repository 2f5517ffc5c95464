"""The gateway with `examples/mcp-tools`."""

import os
import signal
import subprocess
from pathlib import Path

from demo import FOREIGN_VARIABLES, REPOSITORY, STOP_SECONDS, binary
from upstreams import Upstreams

KEY = "mcp-tools-demo-key"


class Gateway:
    """`sekisho serve` as a process."""

    def __init__(self, upstreams: Upstreams, data: Path):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
        self._process = subprocess.Popen(
            [binary(), "serve", str(REPOSITORY / "examples" / "mcp-tools"), "--listen", "127.0.0.1:0",
             "--management-listen", "127.0.0.1:0", "--no-watch", "--data", str(data)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            env={
                **environment,
                "MCP_TOOLS_URL_SHOP": upstreams.shop.url,
                "MCP_TOOLS_URL_DOCS": f"{upstreams.documentation.url}/mcp",
                "MCP_TOOLS_URL_ARCHIVE": f"{upstreams.archive.url}/sse",
                "MCP_TOOLS_URL_AGENT": upstreams.agent.url,
            },
        )
        line = self._process.stdout.readline()
        assert line.startswith("gateway listening on "), f"the gateway said {line!r} and not where it listens"
        self.url = line.split()[-1]

    def api(self, name: str) -> str:
        return f"{self.url}/mcp-tools/{name}"

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
