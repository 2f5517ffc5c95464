"""What the examples do with a call beyond letting it in: choosing a backend, passing bodies, leaving a backend out."""

import json
import time

import openai
import pytest
from openai import AzureOpenAI

from checks import MESSAGES, assert_signed_in_without_the_callers_key
from demo import http

# Longer than any answer of a healthy gateway on a busy machine takes to be noticed.
NOTICE_SECONDS = 20


def client(example) -> AzureOpenAI:
    return AzureOpenAI(azure_endpoint=example.azure_endpoint, api_key=example.api_key,
                       api_version=example.api_version, max_retries=0, timeout=30)


def call(using: AzureOpenAI, example):
    return using.chat.completions.with_raw_response.create(model=example.deployment, messages=MESSAGES)


def test_request_body_is_passed_byte_by_byte(example, simulator):
    """White space, member order, escapes, unknown members: nothing is rewritten."""
    body = '{ "unknown" : [1.0, 1e2],\r\n\t"messages":[{"content":"\\u95a2\\/所","role":"user"}] , "model":null }'
    headers = {"api-key": example.api_key, "content-type": "application/json"}
    assert http(example.chat_url, body.encode(), headers).status == 200
    seen = simulator.only_request()
    assert seen["body"] == body
    assert seen["bodyBytes"] == len(body.encode())


def test_response_body_is_passed_byte_by_byte(example, simulator):
    """The gateway's reply is the backend's, but for the ids and times the backend makes anew."""
    body = json.dumps({"input": "the same vector every time"}).encode()
    through = http(f"{example.deployment_url}/embeddings?api-version={example.api_version}", body,
                   {"api-key": example.api_key, "content-type": "application/json"})
    account = simulator.called_account()
    seen = simulator.only_request()
    direct = http(f"{simulator.url}/{account}{seen['path']}", body,
                  {name: seen["headers"][name] for name in ("authorization", "api-key") if name in seen["headers"]})
    assert through.status == direct.status == 200
    assert through.body == direct.body
    assert through.headers["content-type"] == direct.headers["content-type"]


def test_every_region_takes_its_turn(demo, simulator):
    example = demo.examples["multi-region"]
    regions = set()
    with client(example) as using:
        for _ in range(200):
            regions.add(call(using, example).headers["x-backend-region"])
            if len(regions) == 4:
                break
    accounts = {name for name, account in simulator.resources().items() if account["requests"]}
    assert regions == {"region-0", "region-1", "region-2", "region-3"}
    assert len(accounts) == 4, f"four regions are four accounts, not {accounts}"


def test_every_backend_is_chosen_by_chance(demo, simulator):
    example = demo.examples["random-backends"]
    hosts = set()
    with client(example) as using:
        for _ in range(200):
            hosts.add(call(using, example).headers["x-backend-host"])
            if len(hosts) == 3:
                break
    assert len(hosts) == 3
    assert len([name for name, account in simulator.resources().items() if account["requests"]]) == 3


def until_provisioned(using: AzureOpenAI, example) -> None:
    """Calls until the provisioned backend answers: after a rest, at once if it has none."""
    deadline = time.monotonic() + NOTICE_SECONDS
    while call(using, example).headers["x-backend-id"] != "ptu-first-provisioned":
        assert time.monotonic() < deadline, "the provisioned backend does not come back from its rest"


def test_throttled_provisioned_throughput_spills_over(demo, simulator):
    """A 429 of the provisioned backend is not the caller's affair: the next backend answers, and the throttled one
    rests for as long as it asked."""
    example = demo.examples["ptu-first"]
    with client(example) as using:
        until_provisioned(using, example)
        simulator.reset()
        assert call(using, example).headers["x-backend-id"] == "ptu-first-provisioned"
        provisioned = simulator.called_account()
        simulator.set_faults(provisioned, {"status": 429, "retryAfterSeconds": 2, "count": 1})

        spilled = call(using, example)
        assert spilled.http_response.status_code == 200
        assert spilled.headers["x-backend-id"] in ("ptu-first-sweden", "ptu-first-france")
        assert simulator.resources()[provisioned]["byStatus"] == {"200": 1, "429": 1}
        for seen in simulator.requests():
            assert_signed_in_without_the_callers_key(seen, example.api_key)

        until_provisioned(using, example)


def test_backends_refusal_keeps_its_retry_after(demo, simulator):
    example = demo.examples["random-backends"]
    with client(example) as using, pytest.raises(openai.RateLimitError) as refused:
        using.chat.completions.create(model=example.deployment, messages=MESSAGES,
                                      extra_headers={"x-sim-fault": "status=429; retry-after=7"})
    assert refused.value.response.headers["retry-after"] == "7"
    assert refused.value.body["message"] == "Too Many Requests: simulated on command."


def test_a_caller_that_leaves_ends_the_backends_stream(example, simulator):
    stream_options = dict(model=example.deployment, messages=MESSAGES, stream=True)
    with client(example) as using:
        slow = using.chat.completions.create(**stream_options, extra_headers={"x-sim-fault": "chunk-delay-ms=200"})
        with slow:
            next(iter(slow))

    def cut_streams() -> int:
        return sum(account["cutStreams"] for account in simulator.resources().values())

    deadline = time.monotonic() + NOTICE_SECONDS
    while cut_streams() == 0:
        assert time.monotonic() < deadline, "the backend still writes a stream nobody reads"
        time.sleep(0.05)


def test_a_stream_the_backend_cuts_is_cut_for_the_caller(example, simulator):
    """An end that looks whole would be a lie."""
    with client(example) as using:
        stream = using.chat.completions.create(model=example.deployment, messages=MESSAGES, stream=True,
                                               extra_headers={"x-sim-fault": "cut-after=4"})
        with pytest.raises(Exception) as broken, stream:
            for _ in stream:
                pass
    # The client lets its transport's error through, or wraps it.
    assert "Error" in type(broken.value).__name__
    assert not isinstance(broken.value, (AssertionError, openai.APIStatusError))
