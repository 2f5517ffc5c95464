"""Drives nginx and Sekisho in turn with the same calls, and prints what each call costs."""

import argparse
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from processes import (
    HERE, Failed, Target, start_backend, start_nginx, start_policies, start_redis, start_sekisho,
)

KEY = "multi-region-demo-key"
THREADS = 2
CONNECTIONS = 64
WARM_UP_SECONDS = 2
QUERY = "?api-version=2024-10-21"
CHAT = f"/openai/deployments/gpt-4o/chat/completions{QUERY}"
# RS256 by the key in policies.yaml, good for ever; the private key was thrown away.
TOKEN = (
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImJlbmNoIn0.eyJpc3MiOiJodHRwczovL2xvZ2luLmJlbmNoLmV4YW1wbGUvIiwiYX"
    "VkIjoiYXBpOi8vYmVuY2giLCJzdWIiOiJiZW5jaCIsInJvbGVzIjpbIkNhbGxlciJdLCJleHAiOjQxMDI0NDQ4MDB9.vSqbmPHMZnoQIp9pdXp"
    "KQ_kE6eI_UcewATV8Y6vbI72pjsi6IpC_luWO6COpODubsBK3fb7PJp_TXlPocwtTQmebm2tf7TZa6TzW3LQ_FmpyosA51l-L5SXncyHPoMLbt"
    "r2EJ4eTJV6ejRdf2LREYs4K50GXJv4uWZRw1mxxoAz1IcSDQrJNgRqFDRqHWsn3xg8yRkFhNB5-OFb28vpGqqBi_AQ1KIjmr-_pRe8B4d3yJYc"
    "mDIwJQXx-GdMiPOpbAcWqeUXuDWKUR27QJDNleZ4FhjmD4VMSKJZkUChCYGWzn24pDcdkoDClTx_Uwm9HsYtakzCgm1CN3e7jPBFZcQ"
)


@dataclass(frozen=True)
class Row:
    """A kind of call."""

    name: str
    title: str
    path: str
    stream: bool
    # What an answer must hold and how many bytes it must have at least, so that no error page is measured.
    ending: bytes
    at_least: int
    # Which gateway is called: of the example, or of single policies with state in memory or on Redis, or with logs.
    service: str = "example"
    # What stands before `/openai` there.
    prefix: str = "/multi-region"
    method: str = "POST"
    # A gateway that does the same without what the row is about; measured in turn with the others.
    without: str | None = None


JSON_ENDING = b'"total_tokens":170}}'

ROWS = [
    Row("json", "JSON, 1 KB each way", CHAT, False, b'"total_tokens":170}}', 900),
    Row("sse", "SSE, 50 chunks", CHAT, True, b"data: [DONE]\n\n", 50 * 150),
    Row("100k", "response of 100 KB", f"/openai/bare/100k{QUERY}", False, b'"total_tokens":170}}', 100_000),
    Row("bare", "key check only", CHAT, False, JSON_ENDING, 900, "memory", "/bare"),
    Row("jwt", "validate-jwt, RS256", CHAT, False, JSON_ENDING, 900, "memory", "/token"),
    Row("limit", "rate-limit-by-key, memory", CHAT, False, JSON_ENDING, 900, "memory", "/limited"),
    Row("limit-redis", "rate-limit-by-key, Redis", CHAT, False, JSON_ENDING, 900, "redis", "/limited"),
    Row("tokens", "token limit and metric, memory", CHAT, False, JSON_ENDING, 900, "memory", "/tokens"),
    Row("tokens-redis", "token limit and metric, Redis", CHAT, False, JSON_ENDING, 900, "redis", "/tokens"),
    Row("tokens-sse", "token limit and metric, SSE", CHAT, True, b"data: [DONE]\n\n", 50 * 150, "memory", "/tokens"),
    Row("logs", "logs with payloads, JSON", CHAT, False, JSON_ENDING, 900, "logs", "/tokens", without="memory"),
    Row("logs-sse", "logs with payloads, SSE", CHAT, True, b"data: [DONE]\n\n", 50 * 150, "logs", "/tokens", without="memory"),
    Row("semantic", "semantic cache, hit", CHAT, False, JSON_ENDING, 900, "memory", "/semantic"),
    Row("cache", "cache-lookup, hit", f"/openai/models{QUERY}", False, JSON_ENDING, 900, "memory", "/cached", "GET"),
]


@dataclass(frozen=True)
class Figures:
    """One run of wrk against one target."""

    requests: int
    errors: int
    cpu_microseconds: float
    requests_per_second: float
    p50_milliseconds: float
    p99_milliseconds: float
    rss_kib: int


def main() -> int:
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        report = run(arguments)
    except Failed as failure:
        print(f"bench/run: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbench/run: stopped", file=sys.stderr)
        return 130
    show(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    errors = sum(one["errors"] for row in report["rows"] for runs in row["runs"].values() for one in runs)
    if errors:
        print(f"bench/run: {errors} calls failed; the figures above mean nothing", file=sys.stderr)
        return 1
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--sekisho", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=positive, default=10, metavar="N", help="length of each measurement (10)")
    parser.add_argument("--rounds", type=positive, default=3, metavar="N", help="measurements of each gateway (3)")
    parser.add_argument("--starts", type=positive, default=1, metavar="N", help="do that with processes started anew (1)")
    parser.add_argument("--rows", type=rows, default=ROWS, metavar="NAMES", help=f"of {', '.join(row.name for row in ROWS)} (all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def rows(text: str) -> list[Row]:
    known = {row.name: row for row in ROWS}
    unknown = [name for name in text.split(",") if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"no row named {unknown[0]!r}: use {', '.join(known)}")
    return [known[name] for name in text.split(",")]


def run(arguments: argparse.Namespace) -> dict:
    """Starts all processes and measures all rows, as often as asked."""
    rows = [{"name": row.name, "title": row.title, "runs": {}} for row in arguments.rows]
    idle: list[int] = []
    for _ in range(arguments.starts):
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sekisho-bench-")))
            services = Services(arguments, directory, stack)
            idle.append(services.idle_rss_kib)
            for row, measured in zip(arguments.rows, rows, strict=True):
                for name, runs in services.measure(row).items():
                    measured["runs"].setdefault(name, []).extend(runs)
    for measured in rows:
        runs = measured["runs"]
        measured["cpuRatio"] = ratio(runs["sekisho"], runs["nginx"])
        if "without" in runs:
            measured["cpuRatioWithout"] = ratio(runs["sekisho"], runs["without"])
    return {
        "machine": machine(), "seconds": arguments.seconds, "rounds": arguments.rounds, "starts": arguments.starts,
        "threads": THREADS, "connections": CONNECTIONS, "sekishoIdleRssKib": statistics.median(idle), "rows": rows,
    }


def ratio(ours: list[dict], theirs: list[dict]) -> float:
    """The median of each measurement by the one in the same round."""
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(one["cpu_microseconds"] / other["cpu_microseconds"] for one, other in pairs)


class Services:
    """The processes that the rows need, once started."""

    def __init__(self, arguments: argparse.Namespace, directory: Path, stack: ExitStack) -> None:
        self.arguments = arguments
        backend, identity, ports = start_backend(arguments.sekisho, directory)
        stack.callback(backend.stop)
        self.backend = Target(backend, ports[0], ports[0], "")
        self.nginx = start_nginx(directory, ports)
        stack.callback(self.nginx.process.stop)
        self.sekisho = {"example": start_sekisho(arguments.sekisho, directory, ports, identity)}
        stack.callback(self.sekisho["example"].process.stop)
        self.idle_rss_kib = self.sekisho["example"].process.rss_kib()
        settings = {"memory": "", "logs": "logs: {}\n"}
        wanted = {row.service for row in arguments.rows} | {row.without for row in arguments.rows}
        if "redis" in wanted:
            redis, redis_port = start_redis(directory)
            stack.callback(redis.stop)
            settings["redis"] = f"state:\n  redis:\n    url: redis://127.0.0.1:{redis_port}\n"
        for name, text in settings.items():
            if name in wanted:
                self.sekisho[name] = start_policies(arguments.sekisho, directory, ports[0], name, text)
                stack.callback(self.sekisho[name].process.stop)

    def measure(self, row: Row) -> dict[str, list[dict]]:
        """All measurements of a row, by target."""
        seconds = self.arguments.seconds
        targets = {"backend": self.backend, "nginx": self.nginx, "sekisho": replace(self.sekisho[row.service], prefix=row.prefix)}
        if row.without:
            targets["without"] = replace(self.sekisho[row.without], prefix=row.prefix)
        for name, target in targets.items():
            check(name, target, row)
            drive(target, row, WARM_UP_SECONDS)
        runs: dict[str, list[dict]] = {name: [] for name in targets}
        runs["backend"].append(measure("backend", targets["backend"], row, seconds))
        # In turn, so that a slow minute of the machine hits both.
        for _ in range(self.arguments.rounds):
            for name in targets:
                if name != "backend":
                    runs[name].append(measure(name, targets[name], row, seconds))
        return runs


def check(name: str, target: Target, row: Row) -> None:
    """One call by hand: what is measured must be the right answer."""
    port = target.stream_port if row.stream else target.plain_port
    body = json.dumps({"messages": [{"role": "user", "content": "Hello"}], "stream": row.stream}) if row.method == "POST" else None
    headers = {"Content-Type": "application/json", "api-key": KEY, "Authorization": f"Bearer {TOKEN}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(row.method, target.prefix + row.path, body, headers)
        reply = connection.getresponse()
        received = reply.read()
    finally:
        connection.close()
    if reply.status != 200 or len(received) < row.at_least or not received.endswith(row.ending):
        shown = received[:500].decode(errors="replace")
        raise Failed(f"{name} does not answer {row.name!r} as expected: status {reply.status}, {len(received)} bytes: {shown}")


def drive(target: Target, row: Row, seconds: int) -> dict:
    """Runs wrk and reads the line it ends with."""
    port = target.stream_port if row.stream else target.plain_port
    command = ["wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(HERE / "calls.lua"),
               f"http://127.0.0.1:{port}{target.prefix}{row.path}", "--", KEY, str(row.stream).lower(), row.method, TOKEN]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 60)
    lines = ran.stdout.strip().splitlines()
    if ran.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise Failed(f"wrk failed: {ran.stderr or ran.stdout}")
    return json.loads(lines[-1])


def measure(name: str, target: Target, row: Row, seconds: int) -> dict:
    if sys.stderr.isatty():
        print(f"\r\033[K{row.title}: {name} …", end="", file=sys.stderr, flush=True)
    before = target.process.cpu_seconds()
    told = drive(target, row, seconds)
    used = target.process.cpu_seconds() - before
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if told["requests"] == 0:
        raise Failed(f"{name} answered no call of {row.name!r} within {seconds} seconds")
    return asdict(Figures(
        requests=told["requests"],
        errors=told["errors"],
        cpu_microseconds=used * 1e6 / told["requests"],
        requests_per_second=told["requests"] * 1e6 / told["microseconds"],
        p50_milliseconds=told["p50"] / 1000,
        p99_milliseconds=told["p99"] / 1000,
        rss_kib=target.process.rss_kib(),
    ))


def machine() -> dict:
    models = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")]
    return {"cpu": models[0] if models else "unknown", "cores": len(os.sched_getaffinity(0))}


def show(report: dict) -> None:
    """The medians as a table."""
    print(f"{report['machine']['cpu']}, {report['machine']['cores']} cores; {report['connections']} connections; "
          f"medians of {report['rounds']} × {report['seconds']} s (backend: 1 ×), starts: {report['starts']}")
    print(f"{'':31}{'':9}{'CPU/request':>12}{'req/s':>10}{'p50':>10}{'p99':>10}{'RSS':>10}{'CPU to nginx':>14}")
    for row in report["rows"]:
        title = row["title"]
        for name, runs in row["runs"].items():
            ratio = f"{row['cpuRatio']:12.2f} ×" if name == "sekisho" else ""
            print(f"{title:31}{name:9}{median(runs, 'cpu_microseconds'):9.1f} µs{median(runs, 'requests_per_second'):10.0f}"
                  f"{median(runs, 'p50_milliseconds'):7.2f} ms{median(runs, 'p99_milliseconds'):7.2f} ms"
                  f"{median(runs, 'rss_kib') / 1024:6.1f} MiB{ratio}")
            title = ""
        if "cpuRatioWithout" in row:
            print(f"{'':31}{'':9}{row['cpuRatioWithout']:9.2f} × the CPU of the same without it")
    print(f"Sekisho before its first call: {report['sekishoIdleRssKib'] / 1024:.1f} MiB")


def median(runs: list[dict], figure: str) -> float:
    return statistics.median(one[figure] for one in runs)


if __name__ == "__main__":
    sys.exit(main())
