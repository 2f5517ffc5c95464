"""Calls of the gateway."""

import json
import os
from dataclasses import dataclass

from demo import Reply, http

CALLER = "b7ad6b7169203331"


@dataclass(frozen=True)
class Asked:
    """A call and the trace that it is a part of."""

    operation: str
    reply: Reply


def ask(gateway, question="What is a checkpoint?", stream=False, query="", headers=None) -> Asked:
    """Asks the model."""
    operation = os.urandom(16).hex()
    body = {"messages": [{"role": "user", "content": question}], "stream": stream}
    sent = {"content-type": "application/json", "traceparent": f"00-{operation}-{CALLER}-01", **(headers or {})}
    url = f"{gateway.url}/models/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21{query}"
    return Asked(operation, http(url, json.dumps(body).encode(), sent, "POST"))
