"""openai: the Responses API, which names its deployment in the body alone."""

import asyncio
import json

import pytest
from openai import AsyncAzureOpenAI, AzureOpenAI, OpenAI

from checks import (
    ANSWER_START, FIRST_WITH_RESPONSES, QUESTION, assert_charged, assert_signed_in_without_the_callers_key,
)


def options(example) -> dict:
    assert example.api_version >= FIRST_WITH_RESPONSES, "the example lists no version that has the Responses API"
    return dict(azure_endpoint=example.azure_endpoint, api_key=example.api_key, api_version=example.api_version,
                max_retries=0, timeout=30)


@pytest.fixture
def client(example):
    with AzureOpenAI(**options(example)) as client:
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
    assert seen["path"] == f"/openai/responses?api-version={example.api_version}"
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
        async with AsyncAzureOpenAI(**options(example)) as client:
            return await client.responses.create(model=example.deployment, input=QUESTION)

    assert_answer(asyncio.run(drive()), simulator)


def test_v1(versioned, simulator):
    with OpenAI(base_url=versioned.v1_url, api_key=versioned.api_key, max_retries=0, timeout=30) as client:
        events = list(client.responses.create(model=versioned.deployment, input=QUESTION, stream=True))
    assert_answer(events[-1].response, simulator)
    assert simulator.only_request()["path"] == "/openai/v1/responses"
