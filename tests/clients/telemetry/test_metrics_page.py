"""The page of metrics by Prometheus' own judgement, and statsd."""

import shutil
import subprocess

import pytest
from openai import OpenAI

from receivers import eventually


@pytest.fixture
def answer(watched):
    with OpenAI(**watched.client("team-a")) as client:
        return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Who goes there?"}])


def test_promtool_has_nothing_to_say(watched, answer):
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: it is in Debian's package prometheus"
    checked = subprocess.run([promtool, "check", "metrics"], input=watched.page(), capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_statsd(watched, answer):
    expected = f"gateway.tokens.completion:{answer.usage.completion_tokens}|c|#api:models,subscription:team-a,model:gpt-4o"
    eventually(lambda: expected in watched.statsd.lines(), expected)
    lines = watched.statsd.lines()
    assert any(line.startswith("gateway.requests:1|c|#api:models,operation:chat,") for line in lines)
    assert any(line.startswith("gateway.request.duration:") and "|ms|#api:models" in line for line in lines)
    assert any(line.startswith("gateway.custom.clients.Total_Tokens:") for line in lines)
    assert max(map(len, watched.statsd.datagrams)) <= 1432
