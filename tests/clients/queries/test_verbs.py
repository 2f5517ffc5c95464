"""The verbs `query` and `report` on the logs of a running gateway."""

import csv
import io
import json
import subprocess

import pytest

from demo import binary
from logged import TEAMS


def run(logged, *arguments: str, code: int = 0) -> subprocess.CompletedProcess:
    ran = subprocess.run([binary(), *arguments, "--data", str(logged.data)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == code, ran.stderr
    return ran


def test_query_as_json_csv_and_table(logged):
    query = "calls | where isnotempty(subscription_id) | summarize Calls = count() by subscription_id | order by subscription_id asc"
    expected = [{"subscription_id": team, "Calls": 4} for team in TEAMS]
    assert json.loads(run(logged, "query", query, "--format", "json").stdout) == expected
    rows = list(csv.DictReader(io.StringIO(run(logged, "query", query, "--format", "csv").stdout)))
    assert [(row["subscription_id"], row["Calls"]) for row in rows] == [(team, "4") for team in TEAMS]
    assert all(team in run(logged, "query", query).stdout for team in TEAMS)


def test_a_wrong_query_is_underlined(logged):
    told = run(logged, "query", "calls\n| where Foo == 1", code=1).stderr
    assert "Foo" in told and "^^^" in told


def test_report_as_json_and_csv(logged):
    report = json.loads(run(logged, "report", "--by", "subscription", "--format", "json").stdout)
    assert report["currency"] == "USD"
    rows = {row["subscription"]: row for row in report["rows"]}
    for team, (prompt, completion) in logged.used.items():
        assert (rows[team]["calls"], rows[team]["failed"]) == (4, 0)
        assert (rows[team]["promptTokens"], rows[team]["completionTokens"]) == (prompt, completion)
        assert rows[team]["cost"] > 0
    assert rows[""]["failed"] == 1
    table = list(csv.reader(io.StringIO(run(logged, "report", "--by", "model,day", "--format", "csv").stdout)))
    assert table[0][:3] == ["Model", "Day", "Calls"]
    assert {row[0] for row in table[1:]} >= {"gpt-4o", "text-embedding-3-small"}


def test_report_as_a_page(logged, tmp_path):
    page = tmp_path / "report.html"
    run(logged, "report", "--by", "subscription,model", "--format", "html", "--output", str(page))
    text = page.read_text()
    assert text.count("<svg") == 2 and "<script" not in text
    assert all(team in text for team in TEAMS)


@pytest.mark.parametrize("timespan", ["yesterday", "P1D/P1D"])
def test_a_wrong_timespan_is_told(logged, timespan):
    assert "timespan" in run(logged, "report", "--timespan", timespan, code=1).stderr
