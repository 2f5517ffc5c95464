"""langchain-openai: sends `"model": null`, asks for usage by itself when it streams."""

import json

import pytest
from langchain_openai import AzureChatOpenAI, AzureOpenAIEmbeddings

from checks import (
    ANSWER_START, QUESTION, WEATHER_ARGUMENTS, WEATHER_QUESTION, WEATHER_TOOL, assert_charged,
    assert_signed_in_without_the_callers_key,
)


def options(example) -> dict:
    return dict(azure_endpoint=example.azure_endpoint, api_key=example.api_key, api_version=example.api_version,
                azure_deployment=example.deployment, max_retries=0, timeout=30)


@pytest.fixture
def chat(example) -> AzureChatOpenAI:
    return AzureChatOpenAI(**options(example))


def assert_usage(metadata: dict, simulator) -> None:
    assert_charged(simulator, metadata["input_tokens"], metadata["output_tokens"], metadata["total_tokens"])


def test_invoke(chat, example, simulator):
    message = chat.invoke(QUESTION)
    assert message.content.startswith(ANSWER_START)
    assert message.response_metadata["finish_reason"] == "stop"
    assert_usage(message.usage_metadata, simulator)
    seen = simulator.only_request()
    assert json.loads(seen["body"])["model"] is None
    assert_signed_in_without_the_callers_key(seen, example.api_key)


def test_stream(chat, example, simulator):
    chunks = list(chat.stream(QUESTION))
    assert len(chunks) > 5
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.content.startswith(ANSWER_START)
    assert json.loads(simulator.only_request()["body"])["stream_options"] == {"include_usage": True}
    assert_usage(whole.usage_metadata, simulator)


def test_tools(chat, example, simulator):
    message = chat.bind_tools([WEATHER_TOOL]).invoke(WEATHER_QUESTION)
    [call] = message.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", WEATHER_ARGUMENTS)
    assert message.response_metadata["finish_reason"] == "tool_calls"


def test_tools_streamed(chat, example, simulator):
    chunks = list(chat.bind_tools([WEATHER_TOOL]).stream(WEATHER_QUESTION))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    [call] = whole.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", WEATHER_ARGUMENTS)


def test_embeddings(example, simulator):
    # Without the check no vocabulary is looked up: texts are sent as texts.
    embeddings = AzureOpenAIEmbeddings(**options(example), check_embedding_ctx_length=False)
    first, second = embeddings.embed_documents(["the first text", "another one"])
    assert len(first) == len(second) >= 1536 and first != second
    assert embeddings.embed_query("the first text") == pytest.approx(first, abs=1e-6)
    for seen in simulator.requests():
        assert_signed_in_without_the_callers_key(seen, example.api_key)
