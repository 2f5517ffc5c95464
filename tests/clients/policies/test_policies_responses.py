"""openai: responses through every policy for models; the deployment is in the body alone."""

import pytest
from openai import AzureOpenAI, OpenAI

from checks import assert_signed_in_without_the_callers_key
from policies_gateway import MODEL


@pytest.fixture(params=["azure", "v1"])
def client(request, policies):
    client = AzureOpenAI(**policies.azure("responses")) if request.param == "azure" else OpenAI(**policies.v1("responses"))
    with client:
        yield client


def test_plain(client, policies):
    raw = client.responses.with_raw_response.create(model=MODEL, instructions="Answer in one line.", input="Who keeps the seal?")
    response = raw.parse()
    assert response.output_text.startswith('Simulated answer to "Who keeps the seal?": ')
    usage = response.usage
    assert policies.model_tokens() == (usage.input_tokens, usage.output_tokens)
    assert int(raw.headers["x-consumed-tokens"]) == usage.total_tokens == usage.input_tokens + usage.output_tokens
    [seen] = policies.model_requests()
    assert_signed_in_without_the_callers_key(seen, "responses-key")


def test_streamed(client, policies):
    raw = client.responses.with_raw_response.create(model=MODEL, input="What is smuggled most?", stream=True)
    events = list(raw.parse())
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].type == "response.completed"
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == events[-1].response.output_text
    usage = events[-1].response.usage
    assert policies.model_tokens() == (usage.input_tokens, usage.output_tokens)
    assert int(raw.headers["x-consumed-tokens"]) == usage.input_tokens
