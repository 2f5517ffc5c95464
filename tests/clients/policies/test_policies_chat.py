"""openai: chat completions through every policy for models."""

import asyncio
import json

import pytest
from openai import AsyncAzureOpenAI, AzureOpenAI, OpenAI

from checks import WEATHER_ARGUMENTS, WEATHER_QUESTION, WEATHER_TOOL, assert_signed_in_without_the_callers_key
from policies_gateway import MODEL

QUOTA, MINUTE = 1_000_000, 200_000


@pytest.fixture(params=["azure", "v1"])
def client(request, policies):
    client = AzureOpenAI(**policies.azure("openai")) if request.param == "azure" else OpenAI(**policies.v1("openai"))
    with client:
        yield client


def ask(text: str) -> dict:
    return dict(model=MODEL, messages=[{"role": "user", "content": text}])


def numbers(headers) -> tuple[int, int, int]:
    """Consumed tokens, those that remain of the minute, those that remain of the quota."""
    return tuple(int(headers[f"x-{name}"]) for name in ("consumed-tokens", "remaining-tokens", "remaining-quota-tokens"))


def test_headers_of_the_limit_add_up(client, policies):
    answers = [client.chat.completions.with_raw_response.create(**ask(text))
               for text in ("Who guards the western gate?", "How heavy may a cart be?")]
    before, charged = QUOTA, [answer.parse().usage.total_tokens for answer in answers]
    for number, (answer, tokens) in enumerate(zip(answers, charged)):
        consumed, minute, quota = numbers(answer.headers)
        assert consumed == tokens
        assert MINUTE - QUOTA + quota <= minute <= MINUTE, "the minute refills, the quota does not"
        if number:
            assert quota == before - tokens
        before = quota
    assert sum(policies.model_tokens()) == sum(charged)
    for seen in policies.model_requests():
        assert_signed_in_without_the_callers_key(seen, "openai-key")


def test_stream(client, policies):
    raw = client.chat.completions.with_raw_response.create(
        **ask("Describe the road over the pass"), stream=True, stream_options={"include_usage": True})
    chunks = list(raw.parse())
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text.startswith('Simulated answer to "Describe the road over the pass": ')
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == ["stop"]
    usage = chunks[-1].usage
    assert policies.model_tokens() == (usage.prompt_tokens, usage.completion_tokens)
    consumed, _, quota = numbers(raw.headers)
    assert consumed == usage.prompt_tokens, "at the head of a stream there is only the estimate of its prompt"
    after = client.chat.completions.with_raw_response.create(**ask("And how long does the next stretch take by mule?"))
    assert numbers(after.headers)[2] == quota - usage.completion_tokens - after.parse().usage.total_tokens


def test_stream_without_usage_is_counted(client, policies):
    raw = client.chat.completions.with_raw_response.create(**ask("List every toll of the province"), stream=True)
    chunks = list(raw.parse())
    assert [chunk for chunk in chunks if chunk.usage] == []
    prompt, completion = policies.model_tokens()
    consumed, _, quota = numbers(raw.headers)
    assert consumed == prompt
    after = client.chat.completions.with_raw_response.create(**ask("Which toll is the oldest one here?"))
    assert numbers(after.headers)[2] == quota - completion - after.parse().usage.total_tokens


@pytest.mark.parametrize("stream", [False, True])
def test_tools_and_back(client, policies, stream):
    messages = [{"role": "user", "content": f"{WEATHER_QUESTION}{' once more' if stream else ''}"}]
    if stream:
        with client.chat.completions.stream(model=MODEL, messages=messages, tools=[WEATHER_TOOL]) as events:
            message = events.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER_TOOL]).choices[0].message
    [call] = message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", WEATHER_ARGUMENTS)
    messages += [message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}),
                 {"role": "tool", "tool_call_id": call.id, "content": "Sunny"}]
    for calls in (2, 3):
        answered = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER_TOOL])
        assert answered.choices[0].message.content.startswith("Simulated answer to ")
        assert policies.model_calls() == calls, "prompts with results of tools are not cached"


def test_calls_at_the_same_time_add_up(policies):
    """Plain ones and streams, of which half tell no usage."""
    places = "mill ford quay barn well kiln toll moat yard dock inn keep".split()

    async def call(client: AsyncAzureOpenAI, number: int, place: str) -> None:
        shapes = ({}, {"stream": True}, {"stream": True, "stream_options": {"include_usage": True}})
        reply = await client.chat.completions.create(**ask(f"Who {place}s the {place} of {place}?"), **shapes[number % 3])
        if number % 3:
            assert len([chunk async for chunk in reply]) > 5

    async def drive() -> list[int]:
        async with AsyncAzureOpenAI(**policies.azure("crowd")) as client:
            await asyncio.gather(*(call(client, number, place) for number, place in enumerate(places)))
            last = await client.chat.completions.with_raw_response.create(**ask("Is anybody still waiting?"))
            return numbers(last.headers)

    *_, quota = asyncio.run(drive())
    assert policies.model_calls() == len(places) + 1
    assert quota == QUOTA - sum(policies.model_tokens())
