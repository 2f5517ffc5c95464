"""azure-ai-inference in the Azure OpenAI style: the key is a header, and an empty bearer token comes with it."""

import json

import pytest
from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.models import (
    ChatCompletionsToolDefinition, FunctionDefinition, SystemMessage, UserMessage,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError

from checks import (
    ANSWER_START, INVALID_KEY, QUESTION, WEATHER_ARGUMENTS, WEATHER_QUESTION, WEATHER_TOOL, assert_charged,
    assert_signed_in_without_the_callers_key,
)


def options(example, key: str | None = None) -> dict:
    return dict(endpoint=example.deployment_url, credential=AzureKeyCredential(""),
                headers={"api-key": key or example.api_key}, api_version=example.api_version,
                retry_total=0, read_timeout=30)


@pytest.fixture
def chat(example):
    with ChatCompletionsClient(**options(example)) as client:
        yield client


def test_complete(chat, example, simulator):
    reply = chat.complete(messages=[SystemMessage("Answer in one line."), UserMessage(QUESTION)])
    assert reply.choices[0].message.content.startswith(ANSWER_START)
    assert reply.choices[0].finish_reason == "stop"
    usage = reply.usage
    assert_charged(simulator, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)
    seen = simulator.only_request()
    assert seen["path"] == f"/openai/deployments/{example.deployment}/chat/completions?api-version={example.api_version}"
    assert seen["headers"]["x-ms-client-request-id"]
    assert_signed_in_without_the_callers_key(seen, example.api_key)


def test_stream(chat, example, simulator):
    with chat.complete(messages=[UserMessage(QUESTION)], stream=True,
                       model_extras={"stream_options": {"include_usage": True}}) as updates:
        updates = list(updates)
    text = "".join(choice.delta.content or "" for update in updates for choice in update.choices or [])
    assert len(updates) > 5
    assert text.startswith(ANSWER_START)
    usage = updates[-1].usage
    assert_charged(simulator, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def test_tools(chat, example, simulator):
    function = WEATHER_TOOL["function"]
    tool = ChatCompletionsToolDefinition(function=FunctionDefinition(
        name=function["name"], description=function["description"], parameters=function["parameters"]))
    reply = chat.complete(messages=[UserMessage(WEATHER_QUESTION)], tools=[tool])
    [call] = reply.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == WEATHER_ARGUMENTS


def test_embeddings(example, simulator):
    with EmbeddingsClient(**options(example)) as client:
        reply = client.embed(input=["the first text", "another one"])
    assert [len(item.embedding) >= 1536 for item in reply.data] == [True, True]
    seen = simulator.only_request()
    assert "encoding_format" not in json.loads(seen["body"])
    assert_signed_in_without_the_callers_key(seen, example.api_key)


def test_wrong_key(example, simulator):
    with ChatCompletionsClient(**options(example, key="wrong")) as client:
        with pytest.raises(ClientAuthenticationError) as refused:
            client.complete(messages=[UserMessage(QUESTION)])
    assert refused.value.status_code == 401
    assert refused.value.response.json() == {"statusCode": 401, "message": INVALID_KEY}
    assert simulator.requests() == []
