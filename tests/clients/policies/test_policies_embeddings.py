"""openai: embeddings through every policy for models, of which limit and metrics apply."""

import pytest
from openai import AzureOpenAI, OpenAI

from checks import assert_signed_in_without_the_callers_key

MODEL = "text-embedding-3-small"


@pytest.fixture(params=["azure", "v1"])
def client(request, policies):
    client = AzureOpenAI(**policies.azure("embeddings")) if request.param == "azure" else OpenAI(**policies.v1("embeddings"))
    with client:
        yield client


@pytest.mark.parametrize("format", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}], ids=str)
def test_tokens_of_embeddings_are_limited(client, policies, format):
    raw = client.embeddings.with_raw_response.create(model=MODEL, input=["one bale of silk", "two bales of salt"], **format)
    reply = raw.parse()
    assert [item.index for item in reply.data] == [0, 1]
    assert reply.usage.prompt_tokens == reply.usage.total_tokens == int(raw.headers["x-consumed-tokens"])
    assert policies.model_tokens() == (reply.usage.prompt_tokens, 0)
    [seen] = policies.model_requests()
    assert_signed_in_without_the_callers_key(seen, "embeddings-key")


def test_floats_and_base64_are_the_same_vector(client, policies):
    encoded, floats = (client.embeddings.create(model=MODEL, input="a chest of tea", **format).data[0].embedding
                       for format in ({}, {"encoding_format": "float"}))
    assert floats == pytest.approx(encoded, abs=1e-6)
    assert policies.model_calls() == 2, "embeddings are not cached"


def test_token_ids(client, policies):
    raw = client.embeddings.with_raw_response.create(model=MODEL, input=[[87, 24748], [11, 12, 13]])
    assert (raw.parse().usage.total_tokens, raw.headers["x-consumed-tokens"]) == (5, "5")
