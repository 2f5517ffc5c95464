"""The MCP Python SDK: a model as a tool, and a server behind the gateway, both through the policies for models."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from checks import assert_signed_in_without_the_callers_key
from policies_gateway import MODEL

HARM = base64.b64encode(b"[sim:violence=5]").decode()


@asynccontextmanager
async def connected(policies, server: str, subscription: str = "mcp"):
    headers = {"Ocp-Apim-Subscription-Key": f"{subscription}-key"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        async with Client(streamable_http_client(f"{policies.url}/{server}/mcp", http_client=http)) as client:
            yield client


def question(text: str) -> dict:
    return {"body": {"model": MODEL, "messages": [{"role": "user", "content": text}]}}


def test_tokens_of_a_tool_that_is_a_model(policies):
    async def run() -> dict:
        async with connected(policies, "assistant-tools") as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["ask"]
            answered = await client.call_tool("ask", question("Who built the aqueduct?"))
            assert not answered.is_error
            return json.loads(answered.content[0].text)

    metric = ("sekisho_custom_clients_Total_Tokens_sum", "API_ID", "Subscription_ID")
    before = policies.sums(*metric)
    completion = asyncio.run(run())
    assert completion["choices"][0]["message"]["content"].startswith('Simulated answer to "Who built the aqueduct?": ')
    assert sum(policies.model_tokens()) == completion["usage"]["total_tokens"]
    assert +(policies.sums(*metric) - before) == {("assistant", "mcp"): completion["usage"]["total_tokens"]}
    [seen] = policies.model_requests()
    assert_signed_in_without_the_callers_key(seen, "mcp-key")


def test_limit_of_a_tool_that_is_a_model(policies):
    async def run():
        async with connected(policies, "assistant-tools", "tiny-mcp") as client:
            assert not (await client.call_tool("ask", question("Write a permit [sim:completion=50]"))).is_error
            refused = await client.call_tool("ask", question("Write another permit"))
            assert refused.is_error
            assert json.loads(refused.content[0].text)["message"].startswith("Token limit is exceeded. Try again in ")

    asyncio.run(run())
    assert policies.model_calls() == 1


def test_a_server_behind_the_gateway(policies):
    async def run():
        async with connected(policies, "tools") as client:
            assert {"echo", "add"} <= {tool.name for tool in (await client.list_tools()).tools}
            said = await client.call_tool("echo", {"text": "Good evening"})
            assert said.content[0].text == "Good evening"
            assert (await client.call_tool("add", {"a": 2, "b": 3})).structured_content == {"sum": 5}

    asyncio.run(run())
    for seen in policies.model_requests():
        assert_signed_in_without_the_callers_key(seen, "mcp-key")


@pytest.mark.parametrize(("server", "tool", "arguments"), [
    ("assistant-tools", "ask", question("Help me [sim:hate=6]")),
    ("tools", "echo", {"text": "Help me [sim:hate=6]"}),
])
def test_arguments_that_are_blocked(policies, server, tool, arguments):
    async def run():
        async with connected(policies, server) as client:
            await client.list_tools()
            with pytest.raises(MCPError):
                await client.call_tool(tool, arguments)

    blocked = ("sekisho_content_blocked_total", "backend", "what")
    before = policies.sums(*blocked)
    asyncio.run(run())
    assert +(policies.sums(*blocked) - before) == {("safety", "request"): 1}
    assert not any("Help me" in seen["body"] for seen in policies.model_requests())


def test_results_that_are_blocked(policies):
    """The mark stands in what the model says alone."""
    async def run():
        async with connected(policies, "assistant-tools") as client:
            with pytest.raises(MCPError):
                await client.call_tool("ask", question(f"Tell a story [sim:say64={HARM}]"))

    asyncio.run(run())
    assert policies.model_calls() == 1
