"""langchain-openai through every policy for models."""

import pytest
from langchain_openai import AzureChatOpenAI, AzureOpenAIEmbeddings, ChatOpenAI

from checks import WEATHER_ARGUMENTS, WEATHER_QUESTION, WEATHER_TOOL
from policies_gateway import MODEL


@pytest.fixture(params=["azure", "v1"])
def chat(request, policies):
    if request.param == "azure":
        return AzureChatOpenAI(**policies.azure("langchain"), azure_deployment=MODEL)
    return ChatOpenAI(**policies.v1("langchain"), model=MODEL, stream_usage=True)


def test_invoke(chat, policies):
    message = chat.invoke("What is written over the arch?")
    assert message.content.startswith('Simulated answer to "What is written over the arch?": ')
    used = message.usage_metadata
    assert policies.model_tokens() == (used["input_tokens"], used["output_tokens"])


def test_stream(chat, policies):
    chunks = list(chat.stream("Why does the river bend?"))
    assert len(chunks) > 5
    whole = sum(chunks[1:], chunks[0])
    assert whole.content.startswith('Simulated answer to "Why does the river bend?": ')
    used = whole.usage_metadata
    assert policies.model_tokens() == (used["input_tokens"], used["output_tokens"])


def test_tools(chat):
    [call] = chat.bind_tools([WEATHER_TOOL]).invoke(WEATHER_QUESTION).tool_calls
    assert (call["name"], call["args"]) == ("get_weather", WEATHER_ARGUMENTS)


def test_embeddings(policies):
    # Without the check no vocabulary is looked up: texts are sent as texts.
    embeddings = AzureOpenAIEmbeddings(
        **policies.azure("langchain"), azure_deployment="text-embedding-3-small", check_embedding_ctx_length=False)
    first, second = embeddings.embed_documents(["the first text", "another one"])
    assert first != second
    assert embeddings.embed_query("the first text") == pytest.approx(first, abs=1e-6)
    assert policies.model_calls() == 2
