"""What the semantic cache answers, as clients see it."""

import openai
import pytest
from anthropic import Anthropic
from langchain_openai import AzureChatOpenAI
from openai import AzureOpenAI, OpenAI

from policies_gateway import MODEL


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def azure_chat(policies, subscription, text, **options):
    client = AzureOpenAI(**policies.azure(subscription))
    return client.chat.completions.with_streaming_response.create(model=MODEL, messages=user(text), **options)


def v1_chat(policies, subscription, text, **options):
    client = OpenAI(**policies.v1(subscription))
    return client.chat.completions.with_streaming_response.create(model=MODEL, messages=user(text), **options)


def responses(policies, subscription, text, **options):
    return OpenAI(**policies.v1(subscription)).responses.with_streaming_response.create(model=MODEL, input=text, **options)


def messages(policies, subscription, text, **options):
    client = Anthropic(**policies.anthropic(subscription))
    return client.messages.with_streaming_response.create(model="claude", max_tokens=200, messages=user(text), **options)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("call", [azure_chat, v1_chat, responses, messages])
def test_the_same_prompt_asks_the_model_once(policies, call, stream):
    question = f"Which {call.__name__} does the inspector {'stream' if stream else 'read'} first?"

    def asked(subscription):
        with call(policies, subscription, question, stream=stream) as reply:
            return reply.headers, reply.read()

    first_headers, first = asked("openai")
    headers, again = asked("openai")
    assert policies.model_calls() == 1
    assert again == first, "a replay has the same bytes"
    assert headers["content-type"] == first_headers["content-type"]
    assert "x-consumed-tokens" in first_headers and "x-consumed-tokens" not in headers, "a hit uses nothing"
    asked("neighbour")
    assert policies.model_calls() == 2, "another subscription has answers of its own"


def test_a_replayed_stream_is_read_like_the_first(policies):
    client = AzureOpenAI(**policies.azure("openai"))
    first, again = (
        list(client.chat.completions.create(model=MODEL, messages=user("Sing the song of the ferryman"), stream=True,
                                            stream_options={"include_usage": True}))
        for _ in range(2))
    assert first == again and len(first) > 5
    assert policies.model_calls() == 1


def test_plain_and_stream_do_not_share(policies):
    client = OpenAI(**policies.v1("openai"))
    question = user("Name the five highest bridges")
    client.chat.completions.create(model=MODEL, messages=question)
    assert len(list(client.chat.completions.create(model=MODEL, messages=question, stream=True))) > 5
    assert policies.model_calls() == 2


def test_another_question_is_not_answered_from_the_cache(policies):
    client = OpenAI(**policies.v1("openai"))
    answers = [client.responses.create(model=MODEL, input=text).output_text
               for text in ("Who may pass at night?", "What does salt cost in spring?")]
    assert answers[0] != answers[1]
    assert policies.model_calls() == 2


def test_hits_are_answered_when_nothing_is_left(policies):
    client = OpenAI(**policies.v1("quota-cache"))
    question = user("Write a long permit [sim:completion=60]")
    first = client.chat.completions.create(model=MODEL, messages=question)
    assert client.chat.completions.create(model=MODEL, messages=question) == first
    with pytest.raises(openai.PermissionDeniedError, match="Token quota is exceeded"):
        client.chat.completions.create(model=MODEL, messages=user("Something else then"))


def test_langchain(policies):
    chat = AzureChatOpenAI(**policies.azure("langchain"), azure_deployment=MODEL)
    first, again = (chat.invoke("How long is the tunnel under the hill?") for _ in range(2))
    assert again.content == first.content
    streams = [[chunk.content for chunk in chat.stream("How long is the tunnel under the hill?")] for _ in range(2)]
    assert streams[0] == streams[1] and len(streams[0]) > 5
    assert policies.model_calls() == 2
