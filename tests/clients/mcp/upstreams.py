"""What stands behind the gateway, in this process: a REST API, MCP servers of the SDK, an agent."""

import asyncio
import json
import socket
import threading

import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

START_SECONDS = 30
OPEN = TransportSecuritySettings(enable_dns_rebinding_protection=False)


class Seen:
    """The requests that reached a server: method, target, headers."""

    def __init__(self, app):
        self._app = app
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            query = scope["query_string"].decode()
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            self.requests.append((scope["method"], scope["path"] + (f"?{query}" if query else ""), headers))
        await self._app(scope, receive, send)


class Running:
    """A server on a free port, in a thread."""

    def __init__(self, app):
        self.seen = Seen(app)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(self.seen, log_level="error", timeout_graceful_shutdown=1))
        ready = threading.Event()

        async def serve():
            task = asyncio.create_task(self._server.serve(sockets=[listener]))
            while not self._server.started and not task.done():
                await asyncio.sleep(0.01)
            ready.set()
            await task

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        assert ready.wait(START_SECONDS), "a server behind the gateway did not start"

    def stop(self):
        self._server.should_exit = True
        self._thread.join(START_SECONDS)


def shop() -> Starlette:
    async def products(request: Request) -> Response:
        tags = request.query_params.getlist("tags")
        return JSONResponse([{"id": "tea", "q": request.query_params["q"], "limit": request.query_params.get("limit"), "tags": tags}])

    async def order(request: Request) -> Response:
        if request.path_params["id"] == "none":
            return JSONResponse({"title": "There is no such order."}, status_code=404)
        return JSONResponse({"id": request.path_params["id"], "state": "open"})

    async def place(request: Request) -> Response:
        return JSONResponse({"id": "o-1", **await request.json()}, status_code=201)

    return Starlette(routes=[
        Route("/products", products), Route("/orders", place, methods=["POST"]), Route("/orders/{id}", order),
    ])


def documentation() -> MCPServer:
    server = MCPServer("documentation")

    @server.tool()
    def search(words: str) -> str:
        """Searches the documentation."""
        return f"found: {words}"

    @server.resource("docs://start")
    def start() -> str:
        """Where to begin."""
        return "Begin here."

    return server


def agent() -> Starlette:
    card = {
        "name": "Travel", "description": "Books journeys.", "version": "1", "protocolVersion": "0.3.0",
        "url": "http://inner.example/", "preferredTransport": "GRPC",
        "additionalInterfaces": [{"url": "http://inner.example/", "transport": "JSONRPC"},
                                 {"url": "http://inner.example:9", "transport": "GRPC"}],
        "capabilities": {"streaming": True}, "defaultInputModes": ["text"], "defaultOutputModes": ["text"],
        "skills": [{"id": "book", "name": "Book", "description": "Books.", "tags": ["travel"]}],
    }

    async def card_of(_: Request) -> Response:
        return JSONResponse(card)

    def reply(text: str) -> dict:
        return {"kind": "message", "messageId": text, "role": "agent", "parts": [{"kind": "text", "text": text}]}

    async def call(request: Request) -> Response:
        message = await request.json()
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        if message["method"] == "message/send":
            return JSONResponse({**answer, "result": reply("done")})

        async def events():
            for text in ("first", "second"):
                yield f"data: {json.dumps({**answer, 'result': reply(text)})}\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    return Starlette(routes=[Route("/.well-known/agent-card.json", card_of), Route("/", call, methods=["POST"])])


class Upstreams:
    """All of them."""

    def __init__(self):
        self.shop = Running(shop())
        self.documentation = Running(documentation().streamable_http_app(transport_security=OPEN))
        self.archive = Running(documentation().sse_app(transport_security=OPEN))
        self.agent = Running(agent())

    def stop(self):
        for server in (self.shop, self.documentation, self.archive, self.agent):
            server.stop()
