"""Clients of the SDK with the key of the example."""

from contextlib import asynccontextmanager

import httpx2
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from mcp_gateway import KEY

HEADERS = {"Ocp-Apim-Subscription-Key": KEY, "Authorization": "Bearer of-the-client"}


@asynccontextmanager
async def connected(url: str, mode: str = "auto"):
    """A client over streamable HTTP."""
    async with httpx2.AsyncClient(headers=HEADERS, timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            yield client


@asynccontextmanager
async def connected_by_events(url: str):
    """A client over the older transport: an event stream, and an endpoint that the stream names."""
    async with Client(sse_client(url, headers=HEADERS), mode="legacy") as client:
        yield client
