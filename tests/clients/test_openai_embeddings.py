"""openai: embeddings through AzureOpenAI."""

import asyncio
import json
import math

import pytest
from openai import AsyncAzureOpenAI, AzureOpenAI

from checks import assert_charged, assert_signed_in_without_the_callers_key

TEXT = "the ledger of the checkpoint"


def options(example) -> dict:
    return dict(azure_endpoint=example.azure_endpoint, api_key=example.api_key, api_version=example.api_version,
                max_retries=0, timeout=30)


@pytest.fixture
def client(example):
    with AzureOpenAI(**options(example)) as client:
        yield client


def assert_unit_vector(vector) -> None:
    assert len(vector) >= 1536
    assert math.isclose(math.hypot(*vector), 1.0, abs_tol=1e-3)


def test_base64_is_the_clients_default(client, example, simulator):
    reply = client.embeddings.create(model=example.deployment, input=TEXT)
    [item] = reply.data
    assert_unit_vector(item.embedding)
    assert_charged(simulator, reply.usage.prompt_tokens, 0, reply.usage.total_tokens)
    seen = simulator.only_request()
    assert json.loads(seen["body"])["encoding_format"] == "base64"
    assert seen["path"].startswith(f"/openai/deployments/{example.deployment}/embeddings?")
    assert_signed_in_without_the_callers_key(seen, example.api_key)


def test_floats_are_the_same_vector(client, example, simulator):
    encoded = client.embeddings.create(model=example.deployment, input=TEXT).data[0].embedding
    floats = client.embeddings.create(model=example.deployment, input=TEXT, encoding_format="float").data[0].embedding
    assert_unit_vector(floats)
    assert floats == pytest.approx(encoded, abs=1e-6)


def test_list_of_texts(client, example, simulator):
    texts = [TEXT, "an umbrella", TEXT]
    reply = client.embeddings.create(model=example.deployment, input=texts)
    assert [item.index for item in reply.data] == [0, 1, 2]
    first, second, third = (item.embedding for item in reply.data)
    assert first == third and first != second
    assert json.loads(simulator.only_request()["body"])["input"] == texts


def test_token_ids(client, example, simulator):
    reply = client.embeddings.create(model=example.deployment, input=[[87, 24748], [11, 12, 13]])
    assert len(reply.data) == 2
    assert reply.usage.prompt_tokens == 5


def test_async(example, simulator):
    async def drive():
        async with AsyncAzureOpenAI(**options(example)) as client:
            return await client.embeddings.create(model=example.deployment, input=TEXT)

    assert_unit_vector(asyncio.run(drive()).data[0].embedding)
