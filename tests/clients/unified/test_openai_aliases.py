"""The openai SDK calls models of two providers by their aliases."""

import json

import openai
import pytest

from checks import ANSWER_START, MESSAGES, QUESTION, WEATHER_ARGUMENTS, WEATHER_QUESTION, WEATHER_TOOL
from unified_gateway import KEY


@pytest.fixture
def client(unified):
    return openai.OpenAI(base_url=f"{unified.url}/llm/v1", api_key=KEY, max_retries=0)


def called(unified) -> list[str]:
    return [name for name, account in unified.simulator.resources().items() if account["requests"]]


@pytest.mark.parametrize(("alias", "account"), [("claude-sonnet", "anthropic"), ("gpt", "openai")])
def test_chat(client, unified, alias, account):
    reply = client.chat.completions.create(model=alias, messages=MESSAGES)
    assert reply.choices[0].message.content.startswith(ANSWER_START)
    assert (reply.choices[0].finish_reason, reply.object) == ("stop", "chat.completion")
    usage = reply.usage
    assert usage.prompt_tokens + usage.completion_tokens == usage.total_tokens
    assert unified.simulator.tokens() == (usage.prompt_tokens, usage.completion_tokens)
    assert called(unified) == [account]
    seen = unified.simulator.only_request()
    assert all(KEY not in value for value in seen["headers"].values())


@pytest.mark.parametrize("alias", ["claude-sonnet", "gpt"])
def test_stream(client, alias):
    stream = client.chat.completions.create(
        model=alias, messages=MESSAGES, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith(ANSWER_START)
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason] == ["stop"]
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens > 0) == ([], True)


def test_stream_without_usage(client):
    chunks = list(client.chat.completions.create(model="claude-sonnet", messages=MESSAGES, stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


@pytest.mark.parametrize("stream", [False, True])
def test_tools_and_back(client, stream):
    messages = [{"role": "user", "content": WEATHER_QUESTION}]
    arguments = dict(model="claude-sonnet", messages=messages, tools=[WEATHER_TOOL])
    if stream:
        with client.chat.completions.stream(**arguments) as events:
            reply = events.get_final_completion()
    else:
        reply = client.chat.completions.create(**arguments)
    message = reply.choices[0].message
    assert reply.choices[0].finish_reason == "tool_calls"
    call, = message.tool_calls
    assert (call.type, call.function.name) == ("function", "get_weather")
    assert json.loads(call.function.arguments) == WEATHER_ARGUMENTS
    messages += [
        {"role": "assistant", "content": message.content,
         "tool_calls": [{"id": call.id, "type": "function",
                         "function": {"name": call.function.name, "arguments": call.function.arguments}}]},
        {"role": "tool", "tool_call_id": call.id, "content": "rain"},
        {"role": "user", "content": QUESTION},
    ]
    # The simulated service refuses roles that do not alternate and results of calls that were not made.
    reply = client.chat.completions.create(model="claude-sonnet", messages=messages, tools=[WEATHER_TOOL])
    assert reply.choices[0].message.content.startswith("Simulated answer to ")


def test_reply_of_a_schema(client, unified):
    schema = WEATHER_TOOL["function"]["parameters"]
    reply = client.chat.completions.create(
        model="claude-sonnet", messages=MESSAGES,
        response_format={"type": "json_schema", "json_schema": {"name": "weather", "schema": schema}})
    assert json.loads(unified.simulator.only_request()["body"])["tool_choice"]["name"] == "weather"
    assert json.loads(reply.choices[0].message.content) == WEATHER_ARGUMENTS
    assert (reply.choices[0].finish_reason, reply.choices[0].message.tool_calls) == ("stop", None)


def test_models(client):
    assert [model.id for model in client.models.list()] == ["claude-sonnet", "gpt"]
    assert client.models.retrieve("gpt").id == "gpt"
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("gemini")
    assert refused.value.code == "model_not_found"


def test_unknown_alias(client, unified):
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="gemini", messages=MESSAGES)
    assert (refused.value.code, refused.value.param, refused.value.type) == (
        "model_not_found", "model", "invalid_request_error")
    assert called(unified) == []


def test_what_the_model_cannot_do_is_named(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="claude-sonnet", messages=MESSAGES, n=2)
    assert refused.value.param == "n"


def test_errors_of_the_service_have_openais_shape(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="claude-sonnet", messages=MESSAGES, max_tokens=-1)
    assert refused.value.type == "invalid_request_error"
    assert "max_tokens" in refused.value.message


def test_failover(client, unified):
    unified.simulator.set_faults("anthropic", {"status": 503, "count": 1})
    with_headers = client.chat.completions.with_raw_response.create(model="claude-sonnet", messages=MESSAGES)
    assert with_headers.headers["x-backend-id"] == "unified-models-openai"
    assert with_headers.parse().choices[0].message.content.startswith(ANSWER_START)
    assert sorted(called(unified)) == ["anthropic", "openai"]


def test_key_is_needed(unified):
    stranger = openai.OpenAI(base_url=f"{unified.url}/llm/v1", api_key="other", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        stranger.models.list()
