"""Many event streams at once: what reaches the client, how much later than it was sent, and what memory it takes."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from processes import FOREIGN_VARIABLES, HERE, Failed, Process, answers, free_port

EVENTS = 50


def main() -> int:
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sekisho-streams-")))
            report = run(arguments, directory, stack)
    except Failed as failure:
        print(f"bench/streams: {failure}", file=sys.stderr)
        return 1
    show(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    lost = sum(run["failed"] for run in report["runs"].values())
    if lost:
        print(f"bench/streams: {lost} streams were not whole", file=sys.stderr)
    return 1 if lost else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/streams", description=__doc__)
    parser.add_argument("--sekisho", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--client", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--streams", type=int, default=2000, metavar="N", help="streams at once (2000)")
    parser.add_argument("--pace", type=int, default=1000, metavar="MS", help="milliseconds between two events of a stream (1000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args()


def run(arguments: argparse.Namespace, directory: Path, stack: ExitStack) -> dict:
    models, safety, main = start_models(arguments, directory, stack)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
    environment |= {
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": main, "BENCH_MODELS": models, "BENCH_SAFETY": safety,
    }
    gateway, url = start_gateway("plain", "", arguments, directory, stack, environment)
    logging, logging_url = start_gateway("logging", "logs: {}\n", arguments, directory, stack, environment)
    targets = {
        "backend": (gateway, models), "token limit and metric": (gateway, f"{url}/counted"),
        "and logs with payloads": (logging, f"{logging_url}/counted"),
        "and content safety": (gateway, f"{url}/looked-at"),
    }
    runs = {}
    for name, (process, base) in targets.items():
        before = process.cpu_seconds()
        runs[name] = drive(arguments, base)
        runs[name]["cpuSeconds"] = process.cpu_seconds() - before
        runs[name]["peakRssKib"] = process.peak_rss_kib()
    return {"streams": arguments.streams, "events": EVENTS, "paceMilliseconds": arguments.pace, "runs": runs}


def start_gateway(
    name: str, settings: str, arguments: argparse.Namespace, directory: Path, stack: ExitStack, environment: dict[str, str],
) -> tuple[Process, str]:
    """A gateway of streams.yaml with more settings: its process and URL."""
    config = directory / f"{name}.yaml"
    config.write_text(settings + (HERE / "streams.yaml").read_text())
    port, management = free_port(), free_port()
    gateway = Process(f"sekisho-{name}", [
        arguments.sekisho, "serve", str(config), "--listen", f"127.0.0.1:{port}", "--management-listen",
        f"127.0.0.1:{management}", "--data", str(directory / f"data-{name}"), "--no-watch"], directory, environment)
    stack.callback(gateway.stop)
    gateway.wait_until(lambda: answers(port, "/status-0123456789abcdef") and answers(management, "/metrics"))
    return gateway, f"http://127.0.0.1:{port}"


def start_models(arguments: argparse.Namespace, directory: Path, stack: ExitStack) -> tuple[str, str, str]:
    """The simulated models and Content Safety: their URLs, and that of the identity endpoints."""
    config = directory / "simulator.json"
    config.write_text(json.dumps({"resources": [
        {"name": "models", "bare": True, "bareChunkMs": arguments.pace, "bareChunks": EVENTS},
        {"name": "safety"},
    ]}))
    process = Process("backend", [arguments.sekisho, "simulate", "--config", str(config)], directory)
    stack.callback(process.stop)
    account = re.compile(r"`(models|safety)` on (http://127\.0\.0\.1:\d+)")
    process.wait_until(lambda: len(account.findall(process.log.read_text())) == 2)
    told = process.log.read_text()
    urls = dict(account.findall(told))
    main = re.search(r"on (http://127\.0\.0\.1:\d+)$", told, re.MULTILINE)
    if main is None:
        raise Failed(f"the simulated Azure does not say where it is:\n{told}")
    return urls["models"], urls["safety"], main[1]


def drive(arguments: argparse.Namespace, base: str) -> dict:
    url = f"{base}/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    command = [arguments.client, url, "--streams", str(arguments.streams), "--events", str(EVENTS), "--ramp",
               str(arguments.pace * 5), "--header", "api-key: bench-key"]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    if not ran.stdout.startswith("{"):
        raise Failed(f"the client failed: {ran.stderr or ran.stdout}")
    return json.loads(ran.stdout)


def show(report: dict) -> None:
    print(f"{report['streams']} streams of {report['events']} events, one each {report['paceMilliseconds']} ms")
    print(f"{'':24}{'whole':>8}{'events':>9}{'p50':>10}{'p99':>10}{'max':>10}{'first p99':>12}{'CPU/event':>12}{'peak RSS':>12}")
    for name, run in report["runs"].items():
        delays = {key: value / 1000 for key, value in run["delayMicroseconds"].items()}
        cpu = run["cpuSeconds"] * 1e6 / max(run["events"], 1)
        print(f"{name:24}{run['whole']:8}{run['events']:9}{delays['p50']:7.2f} ms{delays['p99']:7.2f} ms{delays['max']:7.2f} ms"
              f"{run['firstMicroseconds']['p99'] / 1000:9.2f} ms"
              f"{cpu:9.1f} µs{run['peakRssKib'] / 1024:8.1f} MiB")


if __name__ == "__main__":
    sys.exit(main())
