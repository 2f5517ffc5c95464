"""Processes on loopback: started, watched through /proc, stopped whatever happens."""

import http.client
import os
import re
import shutil
import signal
import socket
import string
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from model import write_model

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parent / "examples" / "multi-region"
# The API of the example whose copy gets the operation with the large body.
MEASURED_API = "multi-region-2024-10-21"
READY_SECONDS = 30
STOP_SECONDS = 15
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

# Variables that would lead the gateway to another identity or another backend than the run's own.
FOREIGN_VARIABLES = ("AZURE_", "IDENTITY_", "MSI_", "MULTI_REGION_")


class Failed(Exception):
    """The run cannot go on; the text says why."""


class Process:
    """A started process; its output goes to a file that is shown when it does not come up."""

    def __init__(self, name: str, command: list[str], directory: Path, environment: dict[str, str] | None = None):
        self.name = name
        self.log = directory / f"{name}.log"
        self._output = self.log.open("wb")
        # A session of its own: Ctrl-C reaches this script alone, which stops the others in order.
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT,
            env=environment, start_new_session=True)

    def wait_until(self, is_ready) -> None:
        """Waits for the predicate; a process that ends before is a failure with its own words."""
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{self.name} did not come up:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._output.close()

    def _pids(self) -> list[int]:
        """The process and its children (nginx has workers)."""
        children = [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and parent(entry) == self._process.pid]
        return [self._process.pid, *children]

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        if self._process.poll() is not None:
            raise Failed(f"{self.name} ended during the run:\n{self.log.read_text(errors='replace')[-3000:]}")
        ticks = 0
        for pid in self._pids():
            fields = stat(pid)
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS_PER_SECOND

    def peak_rss_kib(self) -> int:
        """The most resident memory so far, of the process without its children."""
        return rss_kib(self._process.pid, "VmHWM")

    def rss_kib(self) -> int:
        """Resident memory now."""
        return sum(rss_kib(pid) for pid in self._pids())


def stat(pid: int | str) -> list[str]:
    """/proc/PID/stat behind the name, which may hold anything: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def parent(pid: str) -> int | None:
    try:
        return int(stat(pid)[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def rss_kib(pid: int, figure: str = "VmRSS") -> int:
    found = re.search(rf"^{figure}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(port: int, path: str) -> bool:
    """Whether a GET gets a 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


@dataclass(frozen=True)
class Target:
    """What is driven: its process, the ports for whole bodies and for streams, and what stands before `/openai`."""

    process: Process
    plain_port: int
    stream_port: int
    prefix: str


def start_backend(binary: str, directory: Path) -> tuple[Process, str, list[int]]:
    """The simulated Azure: the process, the URL of its identity endpoints, the ports of the accounts."""
    process = Process("backend", [binary, "simulate", "--config", str(HERE / "backend.yaml")], directory)
    try:
        account = re.compile(r"`region-\d` on http://127\.0\.0\.1:(\d+)")
        process.wait_until(lambda: len(account.findall(process.log.read_text())) == 4)
        told = process.log.read_text()
        main = re.search(r"on (http://127\.0\.0\.1:\d+)$", told, re.MULTILINE)
        if main is None:
            raise Failed(f"the simulated Azure does not say where it is:\n{told}")
        return process, main[1], [int(port) for port in account.findall(told)]
    except BaseException:
        process.stop()
        raise


def start_nginx(directory: Path, backends: list[int]) -> Target:
    folder = directory / "nginx"
    folder.mkdir()
    plain_port, stream_port = free_port(), free_port()
    text = string.Template((HERE / "nginx.conf").read_text()).substitute(
        user="user root;" if os.geteuid() == 0 else "", directory=folder, plain_port=plain_port,
        stream_port=stream_port, servers="\n".join(f"        server 127.0.0.1:{port};" for port in backends))
    config = folder / "nginx.conf"
    config.write_text(text)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    process = Process("nginx", [program, "-p", str(folder), "-c", str(config), "-e", str(folder / "nginx.log")], directory)
    try:
        process.wait_until(lambda: accepts(plain_port) and accepts(stream_port))
    except BaseException:
        process.stop()
        raise
    return Target(process, plain_port, stream_port, "/multi-region")


def start_sekisho(binary: str, directory: Path, backends: list[int], identity: str) -> Target:
    service = directory / "service"
    shutil.copytree(EXAMPLE, service)
    with (service / "apis" / MEASURED_API / "specification.yaml").open("a") as specification:
        specification.write((HERE / "large-operation.yaml").read_text())
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
    environment["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = identity
    for number, port in enumerate(backends):
        environment[f"MULTI_REGION_URL_{number}"] = f"http://127.0.0.1:{port}/openai"
    port, management = free_port(), free_port()
    command = [binary, "serve", str(service), "--listen", f"127.0.0.1:{port}", "--management-listen",
               f"127.0.0.1:{management}", "--data", str(directory / "data"), "--no-watch"]
    process = Process("sekisho", command, directory, environment)
    try:
        process.wait_until(lambda: answers(port, "/status-0123456789abcdef") and answers(management, "/metrics"))
    except BaseException:
        process.stop()
        raise
    return Target(process, port, port, "/multi-region")


def start_policies(binary: str, directory: Path, backend: int, name: str, settings: str = "") -> Target:
    """The gateway of policies.yaml, with more settings of the process."""
    config = directory / f"policies-{name}.yaml"
    config.write_text(settings + (HERE / "policies.yaml").read_text())
    environment = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN_VARIABLES)}
    environment["BENCH_BACKEND"] = f"http://127.0.0.1:{backend}"
    environment["BENCH_MODEL"] = str(write_model(directory / f"model-{name}"))
    port, management = free_port(), free_port()
    command = [binary, "serve", str(config), "--listen", f"127.0.0.1:{port}", "--management-listen",
               f"127.0.0.1:{management}", "--data", str(directory / f"data-{name}"), "--no-watch"]
    process = Process(f"sekisho-{name}", command, directory, environment)
    try:
        process.wait_until(lambda: answers(port, "/status-0123456789abcdef") and answers(management, "/metrics"))
    except BaseException:
        process.stop()
        raise
    return Target(process, port, port, "")


def start_redis(directory: Path) -> tuple[Process, int]:
    """A Redis server of its own that keeps nothing on disk."""
    program = shutil.which("redis-server")
    if program is None:
        raise Failed("redis-server is missing: install it, or leave out the rows with Redis")
    port = free_port()
    process = Process("redis", [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], directory)
    try:
        process.wait_until(lambda: accepts(port))
    except BaseException:
        process.stop()
        raise
    return process, port
