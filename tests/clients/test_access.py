"""Keys and versions: who is let in, and what the others are told."""

import openai
import pytest
from openai import AzureOpenAI

from checks import (
    ANSWER_START, INVALID_KEY, MESSAGES, MISSING_KEY, VERSIONED, assert_signed_in_without_the_callers_key,
)
from demo import http

CHAT = b'{"messages": [{"role": "user", "content": "Hello"}]}'


def client(example, **changes) -> AzureOpenAI:
    options = dict(azure_endpoint=example.azure_endpoint, api_key=example.api_key, api_version=example.api_version,
                   max_retries=0, timeout=30)
    return AzureOpenAI(**{**options, **changes})


def chat(using: AzureOpenAI, example):
    with using:
        return using.chat.completions.create(model=example.deployment, messages=MESSAGES)


def test_key_in_the_query(example, simulator):
    """The client signs in with a token of its own, which the gateway does not take for a key."""
    using = client(example, api_key=None, azure_ad_token="caller-token", default_query={"api-key": example.api_key})
    assert chat(using, example).choices[0].message.content.startswith(ANSWER_START)
    headers = simulator.only_request()["headers"]
    assert not any(example.api_key in value or "caller-token" in value for value in headers.values())


def test_wrong_key(example, simulator):
    with pytest.raises(openai.AuthenticationError) as refused:
        chat(client(example, api_key="wrong"), example)
    assert refused.value.body == {"statusCode": 401, "message": INVALID_KEY}
    assert INVALID_KEY in str(refused.value)
    assert simulator.requests() == []


def test_no_key(example, simulator):
    with pytest.raises(openai.AuthenticationError) as refused:
        chat(client(example, api_key=None, azure_ad_token="caller-token"), example)
    assert refused.value.body == {"statusCode": 401, "message": MISSING_KEY}
    challenge = refused.value.response.headers["www-authenticate"]
    assert challenge.startswith("AzureApiManagementKey realm=")
    assert 'name="api-key"' in challenge and 'type="header"' in challenge
    assert simulator.requests() == []


def test_another_examples_key(demo, example, simulator):
    """A key opens its own product alone."""
    other = next(other for other in demo.examples.values() if other.name != example.name)
    with pytest.raises(openai.AuthenticationError) as refused:
        chat(client(example, api_key=other.api_key), example)
    assert refused.value.body == {"statusCode": 401, "message": INVALID_KEY}
    assert simulator.requests() == []


def test_header_beats_query(example, simulator):
    """The query is looked at only when the header is absent."""
    using = client(example, api_key="wrong", default_query={"api-key": example.api_key})
    with pytest.raises(openai.AuthenticationError, match=INVALID_KEY):
        chat(using, example)


def test_every_version(example, simulator):
    for version in example.api_versions:
        simulator.reset()
        assert chat(client(example, api_version=version), example).choices[0].finish_reason == "stop"
        seen = simulator.only_request()
        assert seen["path"].endswith(f"/chat/completions?api-version={version}")
        assert_signed_in_without_the_callers_key(seen, example.api_key)


def test_unknown_version(example, simulator):
    """A version set refuses it at the gateway; where there is none, the backend refuses it."""
    with pytest.raises(openai.NotFoundError) as refused:
        chat(client(example, api_version="1999-12-31"), example)
    if example.name == VERSIONED:
        assert refused.value.body == {"statusCode": 404, "message": "Resource not found"}
        assert simulator.requests() == []
    else:
        assert refused.value.body == {"code": "404", "message": "Resource not found"}
        assert "api-version=1999-12-31" in simulator.only_request()["path"]


def test_unknown_operation(example, simulator):
    headers = {"api-key": example.api_key, "content-type": "application/json"}
    url = f"{example.azure_endpoint}/openai/no-such-thing?api-version={example.api_version}"
    refused = http(url, CHAT, headers)
    assert refused.status == 404
    assert refused.headers["content-type"].startswith("application/json")
    assert refused.json() == {"statusCode": 404, "message": "Resource not found"}
    assert simulator.requests() == []


def test_unknown_api(demo, simulator):
    refused = http(f"{demo.gateway}/no-such-api", CHAT)
    assert refused.status == 404
    assert refused.json() == {"statusCode": 404, "message": "Resource not found"}
