"""What Application Insights gets, each item checked against the published schema."""

import os

import pytest

from calls import CALLER, ask
from demo import http
from stand_in import data_of, kind_of, refuse, take_all_but_first

ALL = ["RequestData", "RemoteDependencyData", "MessageData"]


def test_a_call_is_a_request_with_its_dependency_and_trace(gateway, azure):
    asked = ask(gateway)
    assert asked.reply.status == 200
    items = azure.of_operation(asked.operation, ALL)
    assert sorted(kind_of(item) for item in items) == sorted(ALL)
    request = data_of(items, "RequestData")
    assert request["success"] is True and request["responseCode"] == "200"
    assert request["name"] == "POST /models/openai/deployments/gpt-4o/chat/completions"
    properties = request["properties"]
    assert properties["Service Type"] == "API Management"
    assert (properties["Service ID"], properties["Region"]) == ("apim-team", "West Europe")
    assert (properties["API Name"], properties["Operation Name"], properties["Cache"]) == ("models", "chat", "None")
    own = next(item for item in items if kind_of(item) == "RequestData")
    assert own["tags"]["ai.operation.parentId"] == CALLER
    assert own["tags"]["ai.operation.name"] == "models;rev=1 - chat"
    assert "ai.location.ip" not in own["tags"]
    others = [item for item in items if item is not own]
    assert {item["tags"]["ai.operation.parentId"] for item in others} == {request["id"]}
    dependency = data_of(items, "RemoteDependencyData")
    assert (dependency["resultCode"], dependency["properties"]["Backend ID"]) == ("200", "models")
    message = data_of(items, "MessageData")
    assert (message["message"], message["severityLevel"], message["properties"]["of"]) == ("a question", "Information", "red")


def test_the_backend_is_called_as_that_dependency(gateway, azure, simulator):
    simulator.azure.reset()
    asked = ask(gateway)
    dependency = data_of(azure.of_operation(asked.operation, ALL), "RemoteDependencyData")
    seen = simulator.azure.only_request()["headers"]
    assert seen["traceparent"] == f"00-{asked.operation}-{dependency['id']}-01" and "request-id" not in seen


def test_the_older_protocol_goes_on_too(gateway, azure, simulator):
    simulator.azure.reset()
    root = os.urandom(8).hex()
    url = f"{gateway.url}/legacy/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    body = b'{"messages":[{"role":"user","content":"a"}]}'
    assert http(url, body, {"content-type": "application/json", "Request-Id": f"|{root}.7."}).status == 200
    dependency = data_of(azure.of_operation(root, ["RequestData", "RemoteDependencyData"]), "RemoteDependencyData")
    seen = simulator.azure.only_request()["headers"]
    assert seen["request-id"] == dependency["id"] and "traceparent" not in seen
    assert dependency["id"].startswith(f"|{root}.7.")


def test_bodies_are_cut_and_headers_masked(gateway, azure):
    headers = {"X-Team": "red", "X-User": "ada", "X-Other": "other"}
    asked = ask(gateway, "long " * 4000, query="&session=secret&api-key=secret", headers=headers)
    items = azure.of_operation(asked.operation, ALL)
    request = data_of(items, "RequestData")
    properties = request["properties"]
    assert len(properties["Request-Body"]) == 8192 and len(properties["Response-Body"]) == 100
    assert (properties["Request-x-team"], properties["Request-X-User"]) == ("red", "***")
    assert "Request-X-Other" not in properties
    assert request["url"].endswith("?api-version=2024-10-21&api-key=***")
    dependency = data_of(items, "RemoteDependencyData")["properties"]
    assert dependency["Request-Content-Type"] == "application/json" and "Request-Body" not in dependency
    assert "ada" not in str(items) and "secret" not in str(items)


def test_a_stream_is_one_request_that_ends_with_it(gateway, azure):
    asked = ask(gateway, stream=True)
    assert b"[DONE]" in asked.reply.body
    request = data_of(azure.of_operation(asked.operation, ALL), "RequestData")
    assert request["success"] is True
    assert request["properties"]["Response-Body"].startswith("data: ")


def test_a_failed_call_has_an_exception(gateway, azure):
    operation = os.urandom(16).hex()
    url = f"{gateway.url}/models/openai/nothing"
    assert http(url, headers={"traceparent": f"00-{operation}-{CALLER}-01"}).status == 404
    items = azure.of_operation(operation, ["RequestData", "ExceptionData"])
    assert data_of(items, "RequestData")["success"] is False
    assert data_of(items, "ExceptionData")["exceptions"][0]["typeName"] == "OperationNotFound"


def test_only_failures_are_sent_of_an_api_that_is_not_sampled(gateway, azure):
    def call(status):
        root = os.urandom(8).hex()
        assert http(f"{gateway.url}/sampled/{status}", headers={"Request-Id": f"|{root}.1."}).status == status
        return root

    well, badly = call(200), call(500)
    items = azure.of_operation(badly, ["RequestData", "ExceptionData"])
    own = next(item for item in items if kind_of(item) == "RequestData")
    assert own["tags"]["ai.operation.parentId"] == f"|{badly}.1."
    assert own["data"]["baseData"]["id"].startswith(f"|{badly}.1.")
    # What came later is there, so what came before would be.
    assert [item for item in azure.envelopes if item["tags"].get("ai.operation.id") == well] == []


def test_a_value_of_a_policy_is_a_metric(gateway, azure):
    ask(gateway)
    ask(gateway)

    def two(azure):
        metrics = [item["data"]["baseData"] for item in azure.envelopes if kind_of(item) == "MetricData"]
        return metrics if len(metrics) == 2 else None

    metrics = azure.wait(two)
    assert {metric["properties"]["API ID"] for metric in metrics} == {"models"}
    points = [metric["metrics"][0] for metric in metrics]
    assert {(point["ns"], point["name"]) for point in points} == {("clients", "Calls")}
    assert sum(point["value"] for point in points) == 5.0


def test_the_gateways_identity_sends(gateway, azure):
    asked = ask(gateway)
    azure.of_operation(asked.operation, ALL)
    sent = [headers for path, headers in azure.requests if path == "/v2.1/track"]
    assert sent and all(headers["authorization"].startswith("Bearer ") for headers in sent)
    assert {item["iKey"] for item in azure.envelopes} == {"00000000-0000-0000-0000-000000000001"}


@pytest.mark.parametrize("status", [402, 429, 439, 500, 503])
def test_what_is_not_taken_now_is_taken_later(gateway, azure, status):
    azure.answers.append(refuse(status, {"Retry-After": "1"} if status == 429 else None))
    asked = ask(gateway)
    items = azure.of_operation(asked.operation, ALL)
    assert len([item for item in items if kind_of(item) == "RequestData"]) == 1


def test_what_is_left_of_a_batch_goes_again(gateway, azure):
    azure.answers.append(take_all_but_first(503))
    asked = ask(gateway)
    items = azure.of_operation(asked.operation, ALL)
    assert sorted(kind_of(item) for item in items) == sorted(ALL)


def test_the_service_may_point_elsewhere_on_its_host(gateway, azure):
    azure.answers.append(refuse(308, {"Location": f"{azure.url}/v2.1/track"}))
    asked = ask(gateway)
    azure.of_operation(asked.operation, ALL)
