"""A stand-in of Azure Monitor: the ingestion endpoint of Application Insights and the Logs Ingestion API."""

import gzip
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from jsonschema import Draft202012Validator

SCHEMA = Draft202012Validator(json.loads((Path(__file__).parent / "envelope.schema.json").read_text()))
WAIT_SECONDS = 30
MAX_ROWS_BYTES = 1_000_000


class AzureMonitor:
    """Keeps what it is sent. A test sets `answers`: what the next batches are answered, before they are taken again."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answers = []
        self.envelopes = []
        self.rows = {}
        self.requests = []
        self.mistakes = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                status, headers, answer = owner.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def reset(self):
        with self.lock:
            self.answers.clear()
            self.envelopes.clear()
            self.rows.clear()
            self.requests.clear()

    def take(self, path, headers, body):
        with self.lock:
            self.requests.append((path, headers))
            if path == "/v2.1/track":
                return self._track(headers, [json.loads(line) for line in body.splitlines()])
            if path.startswith("/dataCollectionRules/") and path.endswith("?api-version=2023-01-01"):
                if len(body) > MAX_ROWS_BYTES:
                    self.mistakes.append(f"{len(body)} bytes at once")
                stream = path.split("/")[4].partition("?")[0]
                self.rows.setdefault(stream, []).extend(json.loads(body))
                return 204, {}, b""
            self.mistakes.append(f"POST {path}")
            return 404, {}, b""

    def _track(self, headers, items):
        for item in items:
            for error in SCHEMA.iter_errors(item):
                self.mistakes.append(f"{error.message} at {error.json_path}: {json.dumps(item)[:500]}")
        if headers.get("content-type") != "application/x-json-stream":
            self.mistakes.append(f"Content-Type {headers.get('content-type')}")
        if not self.answers:
            self.envelopes.extend(items)
            taken = {"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}
            return 200, {}, json.dumps(taken).encode()
        answer = self.answers.pop(0)
        return answer(self, items)

    def wait(self, enough):
        """What `enough` gives, once that is something; at most for so long."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            with self.lock:
                found = enough(self)
                if found:
                    return found
            time.sleep(0.02)
        raise AssertionError(f"it did not come: {[item['data']['baseType'] for item in self.envelopes]} {self.rows}")

    def of_operation(self, operation, kinds):
        """The items of an operation, once there are those of these types."""

        def enough(azure):
            found = [item for item in azure.envelopes if item["tags"].get("ai.operation.id") == operation]
            return found if {kind_of(item) for item in found} >= set(kinds) else None

        return self.wait(enough)


def kind_of(item):
    return item["data"]["baseType"]


def data_of(items, kind):
    """The data of the first item of this type."""
    return next(item["data"]["baseData"] for item in items if kind_of(item) == kind)


def refuse(status, headers=None):
    """Answers with this status and takes nothing."""
    return lambda azure, items: (status, headers or {}, b"")


def take_all_but_first(status):
    """Takes all but the first item, about which it says this status."""

    def answer(azure, items):
        azure.envelopes.extend(items[1:])
        errors = [{"index": 0, "statusCode": status, "message": "not now"}]
        said = {"itemsReceived": len(items), "itemsAccepted": len(items) - 1, "errors": errors}
        return 206, {}, json.dumps(said).encode()

    return answer
