"""openai: chat completions through AzureOpenAI, plain, streamed, with tools."""

import asyncio
import json

import openai
import pytest
from openai import AsyncAzureOpenAI, AzureOpenAI

from checks import (
    ANSWER_START, MESSAGES, WEATHER_ARGUMENTS, WEATHER_QUESTION, WEATHER_TOOL, assert_charged,
    assert_signed_in_without_the_callers_key,
)


def options(example) -> dict:
    return dict(azure_endpoint=example.azure_endpoint, api_key=example.api_key, api_version=example.api_version,
                max_retries=0, timeout=30)


@pytest.fixture
def client(example):
    with AzureOpenAI(**options(example)) as client:
        yield client


def text_of(chunks) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def finish_reasons_of(chunks) -> list[str]:
    return [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]


def test_plain(client, example, simulator):
    raw = client.chat.completions.with_raw_response.create(model=example.deployment, messages=MESSAGES)
    completion = raw.parse()
    assert completion.object == "chat.completion"
    [choice] = completion.choices
    assert choice.message.role == "assistant"
    assert choice.message.content.startswith(ANSWER_START)
    assert choice.finish_reason == "stop"
    usage = completion.usage
    assert usage.completion_tokens > 0
    assert_charged(simulator, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)

    seen = simulator.only_request()
    assert seen["method"] == "POST"
    assert seen["path"] == f"/openai/deployments/{example.deployment}/chat/completions?api-version={example.api_version}"
    assert json.loads(seen["body"])["messages"] == MESSAGES
    assert seen["headers"]["user-agent"].startswith("AzureOpenAI/Python")
    assert_signed_in_without_the_callers_key(seen, example.api_key)
    assert raw.headers["x-ms-region"], "the backend's own headers reach the caller"


def test_length(client, example, simulator):
    completion = client.chat.completions.create(model=example.deployment, messages=MESSAGES, max_tokens=3)
    assert completion.usage.completion_tokens == 3
    assert completion.choices[0].finish_reason == "length"


def test_stream(client, example, simulator):
    stream = client.chat.completions.create(model=example.deployment, messages=MESSAGES, stream=True)
    chunks = list(stream)
    assert len(chunks) > 5, "the answer comes in many events"
    assert text_of(chunks).startswith(ANSWER_START)
    assert finish_reasons_of(chunks) == ["stop"]
    assert [chunk.usage for chunk in chunks if chunk.usage] == []
    assert_signed_in_without_the_callers_key(simulator.only_request(), example.api_key)
    assert sum(account["cutStreams"] for account in simulator.resources().values()) == 0


def test_stream_with_usage(client, example, simulator):
    stream = client.chat.completions.create(model=example.deployment, messages=MESSAGES, stream=True,
                                            stream_options={"include_usage": True})
    chunks = list(stream)
    plain = client.chat.completions.create(model=example.deployment, messages=MESSAGES)
    assert text_of(chunks) == plain.choices[0].message.content
    assert finish_reasons_of(chunks) == ["stop"]
    [last] = [chunk for chunk in chunks if chunk.usage]
    assert last is chunks[-1] and last.choices == []
    assert last.usage == plain.usage
    usage = last.usage
    assert usage.prompt_tokens + usage.completion_tokens == usage.total_tokens
    assert simulator.tokens() == (2 * usage.prompt_tokens, 2 * usage.completion_tokens)


def test_stream_arrives_while_it_is_written(client, example, simulator):
    """The backend holds its second event back for a minute; the first one must not wait for it."""
    held = {"x-sim-fault": "chunk-delay-ms=60000"}
    stream = client.chat.completions.create(model=example.deployment, messages=MESSAGES, stream=True,
                                            extra_headers=held, timeout=20)
    with stream:
        first = next(iter(stream))
    assert first.model_extra["prompt_filter_results"]


def test_several_choices(client, example, simulator):
    completion = client.chat.completions.create(model=example.deployment, messages=MESSAGES, n=2)
    assert [choice.index for choice in completion.choices] == [0, 1]
    assert all(choice.message.content.startswith(ANSWER_START) for choice in completion.choices)


def test_tools(client, example, simulator):
    question = [{"role": "user", "content": WEATHER_QUESTION}]
    completion = client.chat.completions.create(model=example.deployment, messages=question, tools=[WEATHER_TOOL])
    [choice] = completion.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    [call] = choice.message.tool_calls
    assert (call.type, call.function.name) == ("function", "get_weather")
    assert json.loads(call.function.arguments) == WEATHER_ARGUMENTS

    result = {"role": "tool", "tool_call_id": call.id, "content": "Sunny"}
    conversation = [*question, choice.message.model_dump(exclude_none=True), result]
    answered = client.chat.completions.create(model=example.deployment, messages=conversation, tools=[WEATHER_TOOL])
    assert answered.choices[0].finish_reason == "stop"
    assert answered.choices[0].message.content.startswith("Simulated answer to ")


def test_tools_streamed(client, example, simulator):
    stream = client.chat.completions.create(
        model=example.deployment, messages=[{"role": "user", "content": WEATHER_QUESTION}], tools=[WEATHER_TOOL],
        stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    deltas = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
    assert len(deltas) > 2, "the arguments come in pieces"
    assert deltas[0].id and deltas[0].function.name == "get_weather"
    assert {delta.index for delta in deltas} == {0}
    assert json.loads("".join(delta.function.arguments or "" for delta in deltas)) == WEATHER_ARGUMENTS
    assert finish_reasons_of(chunks) == ["tool_calls"]
    usage = chunks[-1].usage
    assert_charged(simulator, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def test_json_answer(client, example, simulator):
    completion = client.chat.completions.create(model=example.deployment, messages=MESSAGES,
                                                response_format={"type": "json_object"})
    assert {"question", "answer"} <= json.loads(completion.choices[0].message.content).keys()


def test_the_backends_refusal_reaches_the_caller(client, example, simulator):
    filtered = [{"role": "user", "content": "[sim:content-filter]"}]
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=example.deployment, messages=filtered)
    assert refused.value.code == "content_filter"
    assert refused.value.body["innererror"]["code"] == "ResponsibleAIPolicyViolation"


def test_long_conversation(client, example, simulator):
    """Longer than one read of a socket, with text that is not ASCII."""
    long = "関所を通る。" * 5_000
    completion = client.chat.completions.create(model=example.deployment, messages=[{"role": "user", "content": long}])
    assert completion.usage.prompt_tokens > 10_000
    sent = simulator.only_request()
    assert sent["bodyBytes"] > len(long.encode())


def test_async(example, simulator):
    """Several calls and a stream at the same time over one client."""

    async def drive():
        async with AsyncAzureOpenAI(**options(example)) as client:
            async def plain(number: int):
                question = [{"role": "user", "content": f"Question {number}?"}]
                completion = await client.chat.completions.create(model=example.deployment, messages=question)
                return completion.choices[0].message.content

            async def streamed():
                stream = await client.chat.completions.create(
                    model=example.deployment, messages=MESSAGES, stream=True, stream_options={"include_usage": True})
                return [chunk async for chunk in stream]

            return await asyncio.gather(streamed(), *(plain(number) for number in range(8)))

    chunks, *answers = asyncio.run(drive())
    assert text_of(chunks).startswith(ANSWER_START)
    usage = chunks[-1].usage
    assert usage.prompt_tokens + usage.completion_tokens == usage.total_tokens
    for number, answer in enumerate(answers):
        assert answer.startswith(f'Simulated answer to "Question {number}?": ')
    assert len(simulator.requests()) == 9
    for seen in simulator.requests():
        assert_signed_in_without_the_callers_key(seen, example.api_key)
