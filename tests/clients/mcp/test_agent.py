"""An agent behind the gateway: the A2A SDK, and plain calls as A2A 0.3 has them."""

import asyncio
import json

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import Message, Part, Role, TextPart

from mcp_gateway import KEY

HEADERS = {"api-key": KEY}


def message(method: str) -> dict:
    parts = [{"kind": "text", "text": "To Kyoto."}]
    return {"jsonrpc": "2.0", "id": 7, "method": method,
            "params": {"message": {"kind": "message", "messageId": "m", "role": "user", "parts": parts}}}


def test_a2a_card(gateway):
    place = gateway.api("travel-agent/.well-known/agent-card.json")
    assert httpx.get(place, trust_env=False).status_code == 401
    card = httpx.get(place, headers=HEADERS, trust_env=False).json()
    url = gateway.api("travel-agent")
    assert (card["url"], card["preferredTransport"]) == (url, "JSONRPC")
    assert card["additionalInterfaces"] == [{"url": url, "transport": "JSONRPC"}]
    assert card["securitySchemes"] == {"subscriptionKey": {"type": "apiKey", "in": "header", "name": "api-key"}}
    assert card["security"] == [{"subscriptionKey": []}]
    assert card["skills"][0]["id"] == "book"


def test_a2a_send_and_stream(gateway, upstreams):
    url = gateway.api("travel-agent")
    assert httpx.post(url, json=message("message/send"), trust_env=False).status_code == 401
    sent = httpx.post(url, json=message("message/send"), headers=HEADERS, trust_env=False).json()
    assert sent["result"]["parts"] == [{"kind": "text", "text": "done"}]
    with httpx.stream("POST", url, json=message("message/stream"), headers=HEADERS, trust_env=False) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        events = [json.loads(line.removeprefix("data: ")) for line in reply.iter_lines() if line]
    assert [event["result"]["messageId"] for event in events] == ["first", "second"]
    assert all("api-key" not in headers for _, _, headers in upstreams.agent.seen.requests)


def test_a2a_sdk(gateway):
    async def run():
        async with httpx.AsyncClient(headers=HEADERS, trust_env=False, timeout=30) as http:
            card = await A2ACardResolver(http, gateway.api("travel-agent")).get_agent_card()
            assert card.url == gateway.api("travel-agent")
            for streaming, expected in [(False, "done"), (True, "first")]:
                client = ClientFactory(ClientConfig(httpx_client=http, streaming=streaming)).create(card)
                question = Message(role=Role.user, message_id="m", parts=[Part(root=TextPart(text="To Kyoto."))])
                answers = [answer async for answer in client.send_message(question)]
                assert answers[0].parts[0].root.text == expected

    asyncio.run(run())
