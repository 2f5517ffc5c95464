"""openai: the plain client against the example's OpenAI v1 API; the subscription key is its bearer token."""

import asyncio
import json

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from checks import (
    ANSWER_START, INVALID_KEY, MESSAGES, WEATHER_ARGUMENTS, WEATHER_QUESTION, WEATHER_TOOL, assert_charged,
    assert_signed_in_without_the_callers_key,
)


@pytest.fixture
def client(versioned):
    with OpenAI(base_url=versioned.v1_url, api_key=versioned.api_key, max_retries=0, timeout=30) as client:
        yield client


def test_chat(client, versioned, simulator):
    completion = client.chat.completions.create(model=versioned.deployment, messages=MESSAGES)
    assert completion.choices[0].message.content.startswith(ANSWER_START)
    usage = completion.usage
    assert_charged(simulator, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)
    seen = simulator.only_request()
    assert seen["path"] == "/openai/v1/chat/completions"
    assert json.loads(seen["body"])["model"] == versioned.deployment
    assert_signed_in_without_the_callers_key(seen, versioned.api_key)


def test_chat_streamed(client, versioned, simulator):
    chunks = list(client.chat.completions.create(model=versioned.deployment, messages=MESSAGES, stream=True,
                                                 stream_options={"include_usage": True}))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text.startswith(ANSWER_START)
    usage = chunks[-1].usage
    assert_charged(simulator, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def test_tools(client, versioned, simulator):
    completion = client.chat.completions.create(
        model=versioned.deployment, messages=[{"role": "user", "content": WEATHER_QUESTION}], tools=[WEATHER_TOOL])
    [call] = completion.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == WEATHER_ARGUMENTS


def test_embeddings(client, versioned, simulator):
    reply = client.embeddings.create(model=versioned.deployment, input=["one", "two"])
    assert [len(item.embedding) for item in reply.data] == [len(reply.data[0].embedding)] * 2
    assert simulator.only_request()["path"] == "/openai/v1/embeddings"


def test_models(client, simulator):
    assert client.models.list().object == "list"
    assert simulator.only_request()["path"] == "/openai/v1/models"


def test_key_as_header_instead_of_token(versioned, simulator):
    """The API takes the key in its own header too."""
    with OpenAI(base_url=versioned.v1_url, api_key="not-a-key", default_headers={"api-key": versioned.api_key},
                max_retries=0, timeout=30) as client:
        client.chat.completions.create(model=versioned.deployment, messages=MESSAGES)
    assert_signed_in_without_the_callers_key(simulator.only_request(), versioned.api_key)


def test_wrong_key(versioned, simulator):
    with OpenAI(base_url=versioned.v1_url, api_key="wrong", max_retries=0, timeout=30) as client:
        with pytest.raises(openai.AuthenticationError, match=INVALID_KEY):
            client.chat.completions.create(model=versioned.deployment, messages=MESSAGES)
    assert simulator.requests() == []


def test_async(versioned, simulator):
    async def drive():
        async with AsyncOpenAI(base_url=versioned.v1_url, api_key=versioned.api_key, max_retries=0) as client:
            return await client.chat.completions.create(model=versioned.deployment, messages=MESSAGES)

    assert asyncio.run(drive()).choices[0].message.content.startswith(ANSWER_START)
