"""Receivers of telemetry: OTLP over HTTP with protobuf, and statsd over UDP."""

import gzip
import http.server
import socket
import threading
import time

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MESSAGES = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}
PATIENCE_SECONDS = 30


def eventually(look, what: str):
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not arrive"
        time.sleep(0.05)
    return found


def attributes(pairs) -> dict:
    """Names and values; of lists only texts are read."""
    values = {}
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind)
        values[pair.key] = [one.string_value for one in value.values] if kind == "array_value" else value
    return values


class Collector:
    """Keeps every message by its path."""

    def __init__(self):
        self._messages = {path: [] for path in MESSAGES}
        self._headers = []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector._headers.append(dict(self.headers))
                collector._messages[self.path].append(MESSAGES[self.path].FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def headers(self) -> list[dict]:
        return list(self._headers)

    def resources(self) -> list[dict]:
        return [attributes(resource.resource.attributes)
                for message in list(self._messages["/v1/traces"]) for resource in message.resource_spans]

    def spans(self, trace_id: str) -> list:
        """Spans of a trace, those of the gateway's clients first."""
        spans = [span for message in list(self._messages["/v1/traces"]) for resource in message.resource_spans
                 for scope in resource.scope_spans for span in scope.spans if span.trace_id.hex() == trace_id]
        return sorted(spans, key=lambda span: span.kind)

    def logs(self, trace_id: str) -> list:
        return [entry for message in list(self._messages["/v1/logs"]) for resource in message.resource_logs
                for scope in resource.scope_logs for entry in scope.log_records if entry.trace_id.hex() == trace_id]

    def metrics(self) -> dict:
        """The newest state by name."""
        messages = list(self._messages["/v1/metrics"])
        return {metric.name: metric for resource in messages[-1].resource_metrics for scope in resource.scope_metrics
                for metric in scope.metrics} if messages else {}


class Datagrams:
    """Keeps every line that comes over UDP."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self.datagrams: list[bytes] = []
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        while True:
            try:
                datagram = self._socket.recv(65536)
            except OSError:
                return
            self.datagrams.append(datagram)

    def lines(self) -> list[str]:
        return [line for datagram in list(self.datagrams) for line in datagram.decode().split("\n")]

    def stop(self) -> None:
        self._socket.close()
