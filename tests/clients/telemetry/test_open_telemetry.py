"""openai with a trace of its own: spans, metrics and log entries as a collector sees them."""

import re
import secrets
from collections import Counter

import pytest
from openai import NotFoundError, OpenAI

from receivers import attributes, eventually

SERVER, CLIENT = 2, 3
TOKENS = re.compile(r'sekisho_tokens_total\{(?P<labels>.*)\} (?P<value>\d+)')
LABEL = re.compile(r'(\w+)="([^"]*)"')


@pytest.fixture
def place():
    """A trace and a span in it."""
    return secrets.token_hex(16), secrets.token_hex(8)


def traced(watched, subscription: str, place) -> OpenAI:
    trace, span = place
    return OpenAI(**watched.client(subscription), default_headers={"traceparent": f"00-{trace}-{span}-01"})


def ask(text: str) -> dict:
    return dict(model="gpt-4o", messages=[{"role": "user", "content": text}])


def spans(watched, place) -> list:
    found = eventually(lambda: watched.collector.spans(place[0]), "the spans")
    assert found[0].kind == SERVER and found[0].parent_span_id.hex() == place[1]
    return found


def test_a_chat_is_a_span_below_the_clients(watched, place):
    with traced(watched, "team-a", place) as client:
        answer = client.chat.completions.create(**ask("Who guards the gate?"))
    server, backend = spans(watched, place)
    assert (backend.kind, backend.parent_span_id) == (CLIENT, server.span_id)
    assert server.start_time_unix_nano <= backend.start_time_unix_nano
    assert backend.end_time_unix_nano <= server.end_time_unix_nano + 1_000_000
    told = attributes(server.attributes)
    assert server.name == "POST models/chat"
    assert told["url.path"] == "/models/openai/v1/chat/completions"
    assert (told["http.request.method"], told["http.response.status_code"]) == ("POST", 200)
    assert (told["gen_ai.operation.name"], told["gen_ai.provider.name"]) == ("chat", "azure.ai.openai")
    assert told["gen_ai.request.model"] == "gpt-4o"
    assert told["gen_ai.response.model"] == answer.model
    assert told["gen_ai.response.finish_reasons"] == ["stop"]
    usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    for span in (server, backend):
        told = attributes(span.attributes)
        assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == usage
    told = attributes(server.attributes)
    assert (told["sekisho.api.id"], told["sekisho.subscription.id"]) == ("models", "team-a")
    assert told["sekisho.token.provenance"] == "reported"
    [event] = [event for event in server.events if event.name == "trace"]
    assert attributes(event.attributes)["sekisho.trace.metadata.region"] == "local"
    seen = watched.simulator.resources()["models"]["recent"][-1]["headers"]
    assert seen["traceparent"] == f"00-{place[0]}-{backend.span_id.hex()}-01"
    resource = watched.collector.resources()[-1]
    assert (resource["service.name"], resource["deployment.environment.name"]) == ("edge", "test")
    assert resource["service.instance.id"] and resource["service.version"]
    assert all(headers.get("x-tenant") == "tenant-secret" for headers in watched.collector.headers)


def test_a_stream_says_what_it_used(watched, place):
    with traced(watched, "team-a", place) as client:
        stream = client.chat.completions.create(
            **ask("Describe the road"), stream=True, stream_options={"include_usage": True})
        used = [chunk.usage for chunk in stream if chunk.usage][-1]
    told = attributes(spans(watched, place)[0].attributes)
    assert told["sekisho.stream"] is True
    assert told["gen_ai.usage.input_tokens"] == used.prompt_tokens
    assert told["gen_ai.usage.output_tokens"] == used.completion_tokens
    assert told["gen_ai.response.finish_reasons"] == ["stop"]


def test_embeddings(watched, place):
    with traced(watched, "team-b", place) as client:
        answer = client.embeddings.create(model="text-embedding-3-small", input=["a gate", "a wall"])
    told = attributes(spans(watched, place)[0].attributes)
    assert told["gen_ai.operation.name"] == "embeddings"
    assert told["gen_ai.usage.input_tokens"] == answer.usage.prompt_tokens


def test_what_the_caller_does_not_record_is_not_sent(watched, place):
    trace, span = place
    silent = {"traceparent": f"00-{trace}-{span}-00"}
    with OpenAI(**watched.client("team-a")) as client:
        client.chat.completions.create(**ask("In silence"), extra_headers=silent)
    eventually(lambda: watched.collector.logs(trace), "the log entry")
    assert watched.collector.spans(trace) == []


def test_errors_are_told(watched, place):
    with traced(watched, "team-a", place) as client, pytest.raises(NotFoundError):
        client.models.retrieve("nothing")
    [server] = spans(watched, place)
    told = attributes(server.attributes)
    assert told["http.response.status_code"] == 404
    assert told["error.type"]
    assert "gen_ai.usage.input_tokens" not in told


def test_a_log_entry_has_the_content_and_names_its_span(watched, place):
    with traced(watched, "team-a", place) as client:
        client.chat.completions.create(**ask("What is the toll for a mule?"))
    [server, _] = spans(watched, place)
    [entry] = eventually(lambda: watched.collector.logs(place[0]), "the log entry")
    assert entry.span_id == server.span_id
    told = attributes(entry.attributes)
    assert (told["ApiId"], told["ResponseCode"]) == ("models", 200)
    assert "the toll for a mule" in told["sekisho.request.body"]
    assert "team-a-key" not in str(entry)


def test_sums_of_tokens_are_those_of_the_page(watched, place):
    for subscription in ("team-a", "team-b", "team-b"):
        with traced(watched, subscription, place) as client:
            client.chat.completions.create(**ask("Count me"))
    page = Counter()
    for line in filter(None, map(TOKENS.fullmatch, watched.page().splitlines())):
        labels = dict(LABEL.findall(line["labels"]))
        page[labels["subscription"], labels["kind"]] += int(line["value"])

    def sums() -> Counter:
        counted = Counter()
        metric = watched.collector.metrics().get("sekisho_tokens")
        for point in metric.sum.data_points if metric else ():
            told = attributes(point.attributes)
            counted[told["subscription"], told["kind"]] += point.as_int
        return counted

    assert len(page) == 6 or ("team-b", "prompt") in page
    eventually(lambda: sums() == page, "the state of the metrics")
    metrics = watched.collector.metrics()
    assert metrics["sekisho_tokens"].sum.is_monotonic
    usage = metrics["gen_ai.client.token.usage"].histogram.data_points
    by_type = Counter()
    for point in usage:
        by_type[attributes(point.attributes)["gen_ai.token.type"]] += int(point.sum)
    assert by_type["input"] == sum(value for (_, kind), value in page.items() if kind == "prompt")
    assert by_type["output"] == sum(value for (_, kind), value in page.items() if kind == "completion")
    own = metrics["Prompt Tokens"].histogram.data_points
    assert sum(int(point.sum) for point in own) == by_type["input"]
