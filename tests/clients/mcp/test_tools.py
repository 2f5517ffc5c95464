"""A REST API as an MCP server."""

import asyncio
import json

import httpx
import pytest
from mcp import MCPError

from sdk import connected


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_mcp_from_rest_lists_and_calls_tools(gateway, upstreams, mode):
    async def run():
        async with connected(gateway.api("shop-tools/mcp"), mode) as client:
            assert client.server_info.name == "Azure API Management"
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert list(tools) == ["find_products", "get_order", "place_order"]
            schema = tools["find_products"].input_schema
            assert schema["required"] == ["q"], "optional parameters stay optional"
            assert list(schema["properties"]) == ["q", "limit", "tags", "Accept-Language"]
            body = tools["place_order"].input_schema["properties"]["body"]
            assert body["properties"]["address"]["properties"]["city"]["type"] == ["string", "null"]

            upstreams.shop.seen.requests.clear()
            found = await client.call_tool("find_products", {"q": "green tea", "tags": ["a", "b"]})
            assert not found.is_error
            assert json.loads(found.content[0].text) == [{"id": "tea", "q": "green tea", "limit": None, "tags": ["a", "b"]}]
            [(method, target, headers)] = upstreams.shop.seen.requests
            assert (method, target) == ("GET", "/products?q=green%20tea&tags=a&tags=b")
            assert headers["authorization"] == "Bearer shop-demo-token"
            assert "ocp-apim-subscription-key" not in headers

            placed = await client.call_tool("place_order", {"body": {"product": "tea"}})
            assert json.loads(placed.content[0].text) == {"id": "o-1", "product": "tea"}

    asyncio.run(run())


def test_a_tool_that_fails(gateway):
    async def run():
        async with connected(gateway.api("shop-tools/mcp")) as client:
            gone = await client.call_tool("get_order", {"id": "none"})
            assert gone.is_error and json.loads(gone.content[0].text)["title"] == "There is no such order."
            for name, arguments in [("nothing", {}), ("get_order", {})]:
                with pytest.raises(MCPError) as refused:
                    await client.call_tool(name, arguments)
                assert refused.value.error.code == -32602

    asyncio.run(run())


def test_without_a_key(gateway):
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert httpx.post(gateway.api("shop-tools/mcp"), json=message, trust_env=False).status_code == 401
