"""Queries by `azure-monitor-query`, the client of Azure Monitor Logs."""

from datetime import datetime, timedelta, timezone

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import LogsBatchQuery, LogsQueryClient, LogsQueryStatus

from logged import TEAMS

HOUR = timedelta(hours=1)
# The client sends tokens over HTTPS only unless it is told otherwise.
PLAIN = {"enforce_https": False}


class Token:
    """A credential that has one token."""

    def __init__(self, token: str):
        self._token = token

    def get_token(self, *_scopes, **_options) -> AccessToken:
        return AccessToken(self._token, 2**31 - 1)


@pytest.fixture
def client(logged):
    return LogsQueryClient(Token(logged.token), endpoint=logged.gateway.management)


def rows(client, query: str, timespan=HOUR) -> list[dict]:
    answer = client.query_workspace("any", query, timespan=timespan, **PLAIN)
    assert answer.status == LogsQueryStatus.SUCCESS
    table, = answer.tables
    return [dict(zip(table.columns, row)) for row in table.rows]


def test_tokens_by_subscription(client, logged):
    found = rows(client, """
        ApiManagementGatewayLlmLog
        | where SequenceNumber == 0
        | join kind=inner ApiManagementGatewayLogs on CorrelationId
        | summarize Prompt = sum(PromptTokens), Completion = sum(CompletionTokens) by ApimSubscriptionId""")
    sums = {row["ApimSubscriptionId"]: [row["Prompt"], row["Completion"]] for row in found}
    assert sums == logged.used


def test_bodies_are_parsed(client, logged):
    found = rows(client, """
        ApiManagementGatewayLogs
        | where tolower(OperationId) in ('completions_create', 'chatcompletions_create')
        | where ResponseCode == '200'
        | extend usage = parse_json(parse_json(BackendResponseBody)['usage'])
        | where isnotnull(usage)
        | summarize Prompt = sum(todecimal(usage['prompt_tokens'])), Calls = count() by ApimSubscriptionId""")
    assert {row["ApimSubscriptionId"]: row["Calls"] for row in found} == {team: 2 for team in TEAMS}
    assert all(float(row["Prompt"]) > 0 for row in found)


def test_times_have_their_type(client, logged):
    found = rows(client, "calls | summarize First = min(timestamp), Last = max(timestamp), Calls = count()")
    row, = found
    assert row["Calls"] == logged.calls
    assert datetime.now(timezone.utc) - HOUR < row["First"] <= row["Last"] < datetime.now(timezone.utc)


def test_messages_of_a_stream(client, logged):
    found = rows(client, """
        ApiManagementGatewayLlmLog
        | where IsStreamCompletion
        | summarize Text = strcat_array(make_list(tostring(ResponseMessages)), '') by CorrelationId
        | where Text has 'assistant'""")
    assert len(found) == len(TEAMS)


def test_cost_and_refusals(client, logged):
    found = rows(client, """
        calls
        | summarize Cost = sum(cost), Refused = countif(status == 401), Calls = count()""")
    row, = found
    assert (row["Refused"], row["Calls"]) == (1, logged.calls)
    chats = client_cost(logged)
    assert row["Cost"] == pytest.approx(chats, rel=0.05)


def client_cost(logged) -> float:
    """What the chats cost: nearly all of what was used; the embeddings have no price."""
    return sum(prompt * 2.5 + completion * 10 for prompt, completion in logged.used.values()) / 1_000_000


def test_a_time_without_calls(client):
    end = datetime.now(timezone.utc) - timedelta(days=2)
    assert rows(client, "calls", timespan=(end - HOUR, end)) == []


def test_a_batch(client, logged):
    asked = [LogsBatchQuery("any", query, timespan=HOUR) for query in ("calls | count", "nowhere | count")]
    counted, failed = client.query_batch(asked, **PLAIN)
    assert counted.tables[0].rows[0][0] == logged.calls
    assert failed.code == "BadArgumentError"


def test_a_wrong_query_is_told_with_its_place(client):
    with pytest.raises(HttpResponseError) as failed:
        rows(client, "calls\n| summarise count()")
    inner = failed.value.error.innererror
    assert failed.value.status_code == 400 and failed.value.error.code == "BadArgumentError"
    assert "summarise" in str(inner) or "summarise" in failed.value.message or "summarise" in str(failed.value)


def test_nobody_reads_without_the_token(logged):
    client = LogsQueryClient(Token("guess"), endpoint=logged.gateway.management)
    with pytest.raises(HttpResponseError) as refused:
        rows(client, "calls | count")
    assert refused.value.status_code == 401
