"""The metrics of `llm-emit-token-metric` are what the clients were told, whatever the client and the shape of its calls."""

from collections import Counter

import openai
import pytest
from anthropic import Anthropic
from langchain_openai import AzureChatOpenAI
from openai import AzureOpenAI, OpenAI

from policies_gateway import MODEL


def calls(policies, subscription: str) -> Counter:
    """Calls of every kind; the tokens their replies told, by API and kind."""
    told = Counter()

    def tell(api: str, prompt: int, completion: int) -> None:
        told.update({(api, "Prompt"): prompt, (api, "Completion"): completion, (api, "Total"): prompt + completion})

    for api, client in (("azure", AzureOpenAI(**policies.azure(subscription))), ("v1", OpenAI(**policies.v1(subscription)))):
        question = [{"role": "user", "content": f"What does {subscription} owe?"}]
        usage = client.chat.completions.create(model=MODEL, messages=question).usage
        tell(api, usage.prompt_tokens, usage.completion_tokens)
        # The same again comes from the cache, and tells its usage, but nobody used anything.
        assert client.chat.completions.create(model=MODEL, messages=question).usage == usage
        *_, last = client.chat.completions.create(model=MODEL, messages=question, stream=True,
                                                  stream_options={"include_usage": True})
        tell(api, last.usage.prompt_tokens, last.usage.completion_tokens)
        usage = client.responses.create(model=MODEL, input=f"Who audits {subscription}?").usage
        tell(api, usage.input_tokens, usage.output_tokens)
        *_, completed = client.responses.create(model=MODEL, input="And who audits the auditors?", stream=True)
        tell(api, completed.response.usage.input_tokens, completed.response.usage.output_tokens)
        tell(api, client.embeddings.create(model="text-embedding-3-small", input="a purse").usage.prompt_tokens, 0)
        with pytest.raises(openai.PermissionDeniedError):
            client.responses.create(model=MODEL, input="Rob the auditors [sim:violence=6]")

    claude = Anthropic(**policies.anthropic(subscription))
    call = dict(model="claude-sonnet-4-6", max_tokens=100)
    usage = claude.messages.create(**call, messages=[{"role": "user", "content": "Count the barrels"}]).usage
    tell("anthropic", usage.input_tokens, usage.output_tokens)
    with claude.messages.stream(**call, messages=[{"role": "user", "content": "Count the sacks"}]) as stream:
        usage = stream.get_final_message().usage
    tell("anthropic", usage.input_tokens, usage.output_tokens)

    chat = AzureChatOpenAI(**policies.azure(subscription), azure_deployment=MODEL)
    for used in (chat.invoke("Weigh the amber").usage_metadata,
                 [chunk for chunk in chat.stream("Weigh the pepper") if chunk.usage_metadata][-1].usage_metadata):
        tell("azure", used["input_tokens"], used["output_tokens"])
    return told


def test_metrics_are_the_sum_of_what_clients_were_told(policies):
    told = Counter()
    for subscription in ("ledger-a", "ledger-b"):
        for (api, kind), tokens in calls(policies, subscription).items():
            told[subscription, api, kind] += tokens
    sums = {
        (subscription, api, kind): tokens
        for kind in ("Prompt", "Completion", "Total")
        for (subscription, api), tokens in policies.sums(
            f"sekisho_custom_clients_{kind}_Tokens_sum", "Subscription_ID", "API_ID").items()
        if subscription.startswith("ledger-")
    }
    assert sums == told
    charged = policies.model_tokens()
    assert charged == tuple(sum(n for (_, _, k), n in told.items() if k == kind) for kind in ("Prompt", "Completion"))
