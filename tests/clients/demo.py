"""The running demo: the gateway with every example in front of a simulated Azure."""

import json
import os
import queue
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# A debug binary on a busy machine compiles every example's policies before it prints its first line.
START_SECONDS = 60
STOP_SECONDS = 30

# Variables that would point the gateway at another identity or another backend than the demo's own.
FOREIGN_VARIABLES = ("AZURE_", "IDENTITY_", "MSI_", "MULTI_REGION_", "RANDOM_BACKENDS_", "PTU_FIRST_",
                     "MCP_TOOLS_", "UNIFIED_MODELS_", "REALTIME_")

# Examples that the demo does not serve: they are in front of other things than Azure's models, or of Realtime.
OTHER_EXAMPLES = ("chargeback", "gallery", "mcp-tools", "realtime", "unified-models")


@dataclass(frozen=True)
class Example:
    """One example of the demo, as its JSON line tells."""

    name: str
    azure_endpoint: str
    api_key: str = field(repr=False)
    api_versions: tuple[str, ...]
    deployment: str

    @property
    def api_version(self) -> str:
        """A dated version this example serves; the last one listed is the newest."""
        return self.api_versions[-1]

    @property
    def v1_url(self) -> str:
        """Base URL of the example's OpenAI v1 API."""
        return f"{self.azure_endpoint}/openai/v1"

    @property
    def deployment_url(self) -> str:
        """The deployment's URL, as clients of Azure AI inference take it."""
        return f"{self.azure_endpoint}/openai/deployments/{self.deployment}"

    @property
    def chat_url(self) -> str:
        return f"{self.deployment_url}/chat/completions?api-version={self.api_version}"


@dataclass(frozen=True)
class Reply:
    """A plain HTTP reply; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


def http(url: str, body: bytes | None = None, headers: dict[str, str] | None = None, method: str | None = None) -> Reply:
    """One call without any client's help, so that what is sent is exactly what is written here."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    # No proxy of the environment stands between the test and loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as reply:
            return Reply(reply.status, _lower(reply.headers), reply.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Reply(refused.code, _lower(refused.headers), refused.read())


def _lower(headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class SimulatedAzure:
    """What reached the backends."""

    def __init__(self, url: str):
        self.url = url

    def reset(self) -> None:
        """Forgets what was seen, and puts limits and faults back to the start."""
        assert http(f"{self.url}/__sim/reset", b"").status == 200

    def resources(self) -> dict[str, dict]:
        """The statistics of each simulated account by its name."""
        return http(f"{self.url}/__sim/stats").json()["resources"]

    def requests(self) -> list[dict]:
        """The calls seen since the last reset, over all accounts."""
        return [seen for account in self.resources().values() for seen in account["recent"]]

    def only_request(self) -> dict:
        """The one call seen since the last reset."""
        seen = self.requests()
        assert len(seen) == 1, f"one call was made and the backends saw {len(seen)}: {[call['path'] for call in seen]}"
        return seen[0]

    def called_account(self) -> str:
        """The name of the account that took the one call since the last reset."""
        called = [name for name, account in self.resources().items() if account["requests"]]
        assert len(called) == 1, f"one account should have been called, not {called}"
        return called[0]

    def tokens(self) -> tuple[int, int]:
        """Prompt and completion tokens the backends charged since the last reset."""
        accounts = self.resources().values()
        return sum(a["promptTokens"] for a in accounts), sum(a["completionTokens"] for a in accounts)

    def set_faults(self, account: str, *faults: dict) -> None:
        body = json.dumps({"faults": faults}).encode()
        assert http(f"{self.url}/{account}/__sim/faults", body).status == 200


class Demo:
    """`sekisho demo --json --no-traffic` as a process."""

    def __init__(self):
        # Errors of the process go to the test's own output, which pytest shows when a test fails.
        self._process = subprocess.Popen(
            [binary(), "demo", "--json", "--no-traffic"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=_environment(),
        )
        try:
            self.line = self._first_line()
            told = json.loads(self.line)
            self.gateway = told["gateway"]
            self.management = told["management"]
            self.simulator = SimulatedAzure(told["simulator"])
            self.examples = {example["name"]: _example(example) for example in told["examples"]}
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def _first_line(self) -> str:
        lines: queue.Queue[str] = queue.Queue()

        def read() -> None:
            for line in self._process.stdout:
                lines.put(line)
            lines.put("")

        # Reads to the end, so that the process never waits for a full pipe.
        threading.Thread(target=read, daemon=True).start()
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            raise AssertionError(f"the demo printed nothing within {START_SECONDS} seconds") from None
        if not line:
            raise AssertionError(f"the demo ended with exit code {self._process.wait()} before it was ready")
        return line

    def stop(self) -> int:
        """Asks the process to end and gives its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the demo did not end within {STOP_SECONDS} seconds of SIGTERM") from None


def binary() -> str:
    """The binary under test: `SEKISHO`, else the debug build."""
    path = Path(os.environ.get("SEKISHO") or REPOSITORY / "target" / "debug" / "sekisho").resolve()
    assert path.is_file(), f"{path} is missing: run `cargo build --locked`, or set SEKISHO to the binary"
    return str(path)


def example_names() -> list[str]:
    """The examples in the repository that the demo serves; the others have tests of their own."""
    folders = (folder for folder in (REPOSITORY / "examples").iterdir() if folder.is_dir())
    return sorted(folder.name for folder in folders if folder.name not in OTHER_EXAMPLES)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}


def _example(told: dict) -> Example:
    return Example(
        name=told["name"],
        azure_endpoint=told["azureEndpoint"].rstrip("/"),
        api_key=told["apiKey"],
        api_versions=tuple(told["apiVersions"]),
        deployment=told["deployment"],
    )
