"""openai: the Responses API, which names its deployment in the body alone."""

import asyncio
import json

import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI

from checks import (
    ANSWER_START, QUESTION, RESPONSES_VERSION, VERSIONED, assert_charged, assert_signed_in_without_the_callers_key,
)


def make(azure_class, openai_class, example):
    """A client for a surface that has the Responses API: v1 where the dated versions are older than it."""
    if example.name == VERSIONED:
        return openai_class(base_url=example.v1_url, api_key=example.api_key, max_retries=0, timeout=30)
    return azure_class(azure_endpoint=example.azure_endpoint, api_key=example.api_key,
                       api_version=RESPONSES_VERSION, max_retries=0, timeout=30)


@pytest.fixture
def client(example):
    with make(AzureOpenAI, OpenAI, example) as client:
        yield client


def assert_answer(response, simulator) -> None:
    assert response.object == "response"
    assert response.status == "completed"
    assert response.output_text.startswith(ANSWER_START)
    usage = response.usage
    assert usage.output_tokens > 0
    assert_charged(simulator, usage.input_tokens, usage.output_tokens, usage.total_tokens)


def test_plain(client, example, simulator):
    response = client.responses.create(model=example.deployment, instructions="Answer in one line.", input=QUESTION)
    assert_answer(response, simulator)
    seen = simulator.only_request()
    assert json.loads(seen["body"])["model"] == example.deployment
    assert seen["path"].partition("?")[0] in ("/openai/responses", "/openai/v1/responses")
    assert_signed_in_without_the_callers_key(seen, example.api_key)


def test_streamed(client, example, simulator):
    events = list(client.responses.create(model=example.deployment, input=QUESTION, stream=True))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 5, "the answer comes in many events"
    assert "".join(deltas) == events[-1].response.output_text
    assert_answer(events[-1].response, simulator)
    assert_signed_in_without_the_callers_key(simulator.only_request(), example.api_key)


def test_cut_short(client, example, simulator):
    response = client.responses.create(model=example.deployment, input=QUESTION, max_output_tokens=4)
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"
    assert response.usage.output_tokens == 4


def test_async(example, simulator):
    async def drive():
        async with make(AsyncAzureOpenAI, AsyncOpenAI, example) as client:
            return await client.responses.create(model=example.deployment, input=QUESTION)

    assert_answer(asyncio.run(drive()), simulator)
