"""The anthropic SDK through every policy for models."""

import anthropic
import pytest

from checks import WEATHER_ARGUMENTS, WEATHER_QUESTION, WEATHER_TOOL, assert_signed_in_without_the_callers_key

KEY = "anthropic-key"
CALL = dict(model="claude-sonnet-4-6", max_tokens=100)


@pytest.fixture
def client(policies):
    with anthropic.Anthropic(**policies.anthropic("anthropic")) as client:
        yield client


def test_message(client, policies):
    raw = client.messages.with_raw_response.create(
        **CALL, system="Answer in one line.", messages=[{"role": "user", "content": "Who carries the lantern?"}])
    message = raw.parse()
    assert message.content[0].text.startswith('Simulated answer to "Who carries the lantern?": ')
    used = message.usage.input_tokens, message.usage.output_tokens
    assert policies.model_tokens() == used
    assert int(raw.headers["x-consumed-tokens"]) == sum(used)
    [seen] = policies.model_requests()
    assert seen["headers"]["anthropic-version"]
    assert_signed_in_without_the_callers_key(seen, KEY)


def test_stream(client, policies):
    question = [{"role": "user", "content": "Where is the bell rung?"}]
    with client.messages.stream(**CALL, messages=question) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
        headers = stream.response.headers
    assert text.startswith('Simulated answer to "Where is the bell rung?": ')
    assert (message.stop_reason, message.content[0].text) == ("end_turn", text)
    assert policies.model_tokens() == (message.usage.input_tokens, message.usage.output_tokens)
    assert int(headers["x-consumed-tokens"]) > 0
    after = client.messages.with_raw_response.create(**CALL, messages=[{"role": "user", "content": "When is it silent here?"}])
    left = int(headers["x-remaining-quota-tokens"]) + int(headers["x-consumed-tokens"])
    spent = [message.usage, after.parse().usage]
    assert int(after.headers["x-remaining-quota-tokens"]) == left - sum(u.input_tokens + u.output_tokens for u in spent)


@pytest.mark.parametrize("stream", [False, True])
def test_tools_and_back(client, policies, stream):
    function = WEATHER_TOOL["function"]
    tools = [{"name": function["name"], "description": function["description"], "input_schema": function["parameters"]}]
    messages = [{"role": "user", "content": f"{WEATHER_QUESTION}{' once more' if stream else ''}"}]
    if stream:
        with client.messages.stream(**CALL, messages=messages, tools=tools) as events:
            message = events.get_final_message()
    else:
        message = client.messages.create(**CALL, messages=messages, tools=tools)
    assert message.stop_reason == "tool_use"
    assert policies.model_tokens() == (message.usage.input_tokens, message.usage.output_tokens)
    [call] = [block for block in message.content if block.type == "tool_use"]
    assert (call.name, call.input) == ("get_weather", WEATHER_ARGUMENTS)
    messages += [
        {"role": "assistant", "content": [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "Sunny"}]}]
    assert client.messages.create(**CALL, messages=messages, tools=tools).stop_reason == "end_turn"
    assert policies.model_calls() == 2


def test_older_clients_send_the_key_in_a_header(policies):
    client = anthropic.Anthropic(**{**policies.anthropic("unused"), "default_headers": {"x-api-key": KEY}})
    assert client.messages.create(**CALL, messages=[{"role": "user", "content": "Is the gate open?"}]).type == "message"
    [seen] = policies.model_requests()
    assert_signed_in_without_the_callers_key(seen, KEY)
