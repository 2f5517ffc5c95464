"""openai: Realtime sessions at the path of the other calls."""

import asyncio
import ssl

import openai
import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI
from websockets.exceptions import InvalidStatus

from checks import assert_signed_in_without_the_callers_key

MODEL = "gpt-realtime"


def clients(policies, key: str, secure: bool) -> dict:
    """By the API that takes them."""
    url = policies.secure_websocket_url if secure else policies.websocket_url
    return {
        "live": AsyncAzureOpenAI(**{**policies.azure(key), "websocket_base_url": f"{url}/openai"}),
        "live-v1": AsyncOpenAI(**{**policies.v1(key), "websocket_base_url": f"{url}/openai/v1"}),
    }


async def converse(client, options: dict) -> tuple[list[str], str, object]:
    """The names of the events of one response, its text, and its usage."""
    async with client.realtime.connect(model=MODEL, websocket_connection_options=options) as connection:
        events = [(await connection.recv()).type]
        await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Open the gate"}]})
        await connection.response.create()
        text = ""
        async for event in connection:
            events.append(event.type)
            if event.type in ("response.output_text.delta", "response.text.delta"):
                text += event.delta
            if event.type == "response.done":
                return events, text, event.response.usage
    raise AssertionError(f"the session ended after {events}")


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("api", ["live", "live-v1"])
def test_session(policies, api, secure):
    labels = ("api", "subscription", "model", "provenance", "kind")
    before = policies.sums("sekisho_tokens_total", *labels)
    client = clients(policies, "realtime", secure)[api]
    options = {"ssl": ssl.create_default_context(cafile=policies.authority_file)} if secure else {}
    events, text, usage = asyncio.run(converse(client, options))

    assert events[:2] == ["session.created", "session.updated"]
    assert text.startswith('Simulated answer to "Open the gate": ')
    assert usage.input_tokens + usage.output_tokens == usage.total_tokens
    expected = {"prompt": usage.input_tokens, "completion": usage.output_tokens, "total": usage.total_tokens}
    policies.eventually_sums(
        "sekisho_tokens_total", *labels,
        until=lambda sums: +(sums - before) == {(api, "realtime", MODEL, "reported", kind): n for kind, n in expected.items()})
    [seen] = policies.model_requests()
    assert_signed_in_without_the_callers_key(seen, "realtime-key")


@pytest.mark.parametrize("api", ["live", "live-v1"])
def test_a_wrong_key_opens_nothing(policies, api):
    client = clients(policies, "wrong", secure=False)[api]
    with pytest.raises((InvalidStatus, openai.OpenAIError)) as refused:
        asyncio.run(converse(client, {}))
    assert refused.value.response.status_code == 401
    assert policies.model_calls() == 0
