"""The anthropic SDK through the API that passes Anthropic's own through."""

import json

import anthropic
import pytest

from checks import ANSWER_START, QUESTION
from unified_gateway import KEY

MESSAGES = [{"role": "user", "content": QUESTION}]


@pytest.fixture
def client(unified):
    return anthropic.Anthropic(base_url=f"{unified.url}/anthropic", api_key=KEY, max_retries=0)


def test_message_passes_unchanged(client, unified):
    reply = client.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES, stop_sequences=["END"])
    assert reply.content[0].text.startswith(ANSWER_START)
    assert unified.simulator.tokens() == (reply.usage.input_tokens, reply.usage.output_tokens)
    seen = unified.simulator.only_request()
    assert seen["path"].endswith("/anthropic/v1/messages")
    assert json.loads(seen["body"]) == {
        "model": "claude-sonnet-4-6", "max_tokens": 100, "messages": MESSAGES, "stop_sequences": ["END"]}
    assert seen["headers"]["anthropic-version"]
    assert seen["headers"]["x-api-key"] == "anthropic-key"
    assert all(KEY not in value for value in seen["headers"].values())


def test_stream(client):
    with client.messages.stream(model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text.startswith(ANSWER_START)
    assert message.stop_reason == "end_turn"


def test_stream_has_no_done(client):
    with client.messages.with_streaming_response.create(
            model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES, stream=True) as reply:
        text = reply.read().decode()
    assert "event: message_stop" in text and "[DONE]" not in text


def test_older_clients_send_the_key_in_a_header(unified):
    client = anthropic.Anthropic(base_url=f"{unified.url}/anthropic", api_key="unused", max_retries=0,
                                 default_headers={"x-api-key": KEY})
    assert client.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES).type == "message"


def test_models(client):
    assert "claude-sonnet-4-6" in [model.id for model in client.models.list()]


def test_key_is_needed(unified):
    stranger = anthropic.Anthropic(base_url=f"{unified.url}/anthropic", api_key="other", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError):
        stranger.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES)
