"""MCP servers behind the gateway."""

import asyncio

import httpx
import pytest

from sdk import connected, connected_by_events


async def use(client):
    assert [tool.name for tool in (await client.list_tools()).tools] == ["search"]
    found = await client.call_tool("search", {"words": "gateway"})
    assert found.content[0].text == "found: gateway"
    assert [str(resource.uri) for resource in (await client.list_resources()).resources] == ["docs://start"]
    assert (await client.read_resource("docs://start")).contents[0].text == "Begin here."


def assert_not_forwarded(server):
    assert server.seen.requests
    for _, _, headers in server.seen.requests:
        assert headers["authorization"] == "Bearer docs-demo-token"
        assert "ocp-apim-subscription-key" not in headers


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_mcp_passthrough_streamable(gateway, upstreams, mode):
    async def run():
        async with connected(gateway.api("docs-tools/mcp"), mode) as client:
            await use(client)

    upstreams.documentation.seen.requests.clear()
    asyncio.run(run())
    assert {target for _, target, _ in upstreams.documentation.seen.requests} == {"/mcp"}
    assert_not_forwarded(upstreams.documentation)


def test_mcp_passthrough_sse(gateway, upstreams):
    async def run():
        async with connected_by_events(gateway.api("archive-tools/sse")) as client:
            await use(client)

    upstreams.archive.seen.requests.clear()
    asyncio.run(run())
    assert_not_forwarded(upstreams.archive)


def test_mcp_oauth_metadata(gateway):
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    refused = httpx.post(gateway.api("docs-tools/mcp"), json=message, trust_env=False)
    assert refused.status_code == 401
    place = f"{gateway.url}/.well-known/oauth-protected-resource/mcp-tools/docs-tools/mcp"
    assert f'resource_metadata="{place}"' in ", ".join(refused.headers.get_list("www-authenticate"))
    metadata = httpx.get(place, trust_env=False).json()
    assert metadata["resource"] == gateway.api("docs-tools/mcp")
    assert metadata["authorization_servers"] == ["https://login.microsoftonline.com/contoso.example/v2.0"]
    assert metadata["scopes_supported"] == ["docs.read"]
