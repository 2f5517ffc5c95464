"""Refusals of the token limit as clients see them."""

import re

import anthropic
import openai
import pytest
from langchain_openai import AzureChatOpenAI

from policies_gateway import MODEL

# More than half of a tiny minute: the reply takes it into debt.
FIRST = "Write a permit [sim:completion=50]"
SECOND = "Write another permit"
MESSAGE = re.compile(r"Token limit is exceeded\. Try again in (\d+) seconds\.")


def assert_wait_is_told(refused) -> None:
    response = refused.value.response
    [wait] = MESSAGE.findall(response.json()["message"])
    assert response.json() == {"statusCode": 429, "message": response.json()["message"]}
    assert response.headers["retry-after"] == wait
    assert 0 < int(wait) <= 60
    assert response.headers["x-remaining-tokens"] == "0"
    assert "x-consumed-tokens" not in response.headers


def test_openai(policies):
    client = openai.AzureOpenAI(**policies.azure("tiny-openai"))
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=[{"role": "user", "content": FIRST}])
    assert int(raw.headers["x-consumed-tokens"]) == raw.parse().usage.total_tokens > 60
    refusals = [
        lambda: client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": SECOND}]),
        lambda: client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": SECOND}], stream=True),
        lambda: client.responses.create(model=MODEL, input=SECOND),
        lambda: client.embeddings.create(model=MODEL, input=SECOND),
    ]
    for refusal in refusals:
        with pytest.raises(openai.RateLimitError, match=MESSAGE) as refused:
            refusal()
        assert_wait_is_told(refused)
    assert policies.model_calls() == 1


def test_anthropic_counts_input_and_output(policies):
    client = anthropic.Anthropic(**policies.anthropic("tiny-anthropic"))
    call = dict(model="claude-sonnet-4-6", max_tokens=100)
    raw = client.messages.with_raw_response.create(**call, messages=[{"role": "user", "content": FIRST}])
    usage = raw.parse().usage
    assert int(raw.headers["x-consumed-tokens"]) == usage.input_tokens + usage.output_tokens > 60
    with pytest.raises(anthropic.RateLimitError, match=MESSAGE) as refused:
        client.messages.create(**call, messages=[{"role": "user", "content": SECOND}])
    assert_wait_is_told(refused)
    with pytest.raises(anthropic.RateLimitError, match=MESSAGE):
        client.messages.create(**call, messages=[{"role": "user", "content": SECOND}], stream=True)
    assert policies.model_calls() == 1


def test_langchain(policies):
    chat = AzureChatOpenAI(**policies.azure("tiny-langchain"), azure_deployment=MODEL)
    assert chat.invoke(FIRST).usage_metadata["total_tokens"] > 60
    for refusal in (lambda: chat.invoke(SECOND), lambda: list(chat.stream(SECOND))):
        with pytest.raises(openai.RateLimitError, match=MESSAGE) as refused:
            refusal()
        assert_wait_is_told(refused)


def test_quota_is_forbidden(policies):
    client = openai.OpenAI(**policies.v1("quota-openai"))
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=[{"role": "user", "content": FIRST}])
    assert raw.headers["x-remaining-quota-tokens"] == "0"
    with pytest.raises(openai.PermissionDeniedError, match="Token quota is exceeded. Try again in ") as refused:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": SECOND}])
    assert int(refused.value.response.headers["retry-after"]) > 0


def test_a_prompt_that_never_fits_has_no_wait(policies):
    client = openai.OpenAI(**policies.v1("tiny-node"))
    with pytest.raises(openai.RateLimitError, match=r"Token limit is exceeded\.") as refused:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "a long list " * 40}])
    assert "retry-after" not in refused.value.response.headers
    assert policies.model_calls() == 0
