"""Prometheus itself scrapes the page, in the format it asks for."""

import json
import shutil
import socket
import subprocess
import urllib.parse

from openai import OpenAI

from demo import http
from receivers import eventually


def test_prometheus_sees_the_tokens(watched, tmp_path):
    prometheus = shutil.which("prometheus")
    assert prometheus, "prometheus is missing: it is in Debian's package of this name"
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = "127.0.0.1:%d" % free.getsockname()[1]
    target = watched.management.removeprefix("http://")
    (tmp_path / "prometheus.yml").write_text(
        f"scrape_configs: [{{job_name: sekisho, scrape_interval: 1s, static_configs: [{{targets: ['{target}']}}]}}]\n")
    with OpenAI(**watched.client("team-a")) as client:
        client.embeddings.create(model="text-embedding-3-small", input="a gate")
    running = subprocess.Popen(
        [prometheus, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
         f"--web.listen-address={address}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def tokens():
        query = urllib.parse.quote('sum(sekisho_tokens_total{kind="prompt"})')
        try:
            answer = json.loads(http(f"http://{address}/api/v1/query?query={query}").body)
        except (OSError, ValueError):
            return None
        found = answer.get("data", {}).get("result")
        return found and int(float(found[0]["value"][1]))

    try:
        expected = sum(int(line.rsplit(" ", 1)[1]) for line in watched.page().splitlines()
                       if line.startswith("sekisho_tokens_total{") and 'kind="prompt"' in line)
        eventually(lambda: tokens() == expected, f"{expected} tokens")
    finally:
        running.terminate()
        running.wait(timeout=30)
