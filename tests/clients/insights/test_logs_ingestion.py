"""Rows of calls for the Logs Ingestion API, sent with a token of the simulated managed identity."""

from calls import ask

GATEWAY = "Custom-ApiManagementGatewayLogs"
LLM = "Custom-ApiManagementGatewayLlmLog"


def rows_of(azure, question):
    """The gateway's row and the model's rows of the call that asks this."""

    def both(azure):
        asked = [row for row in azure.rows.get(LLM, []) if question in str(row.get("RequestMessages"))]
        if not asked:
            return None
        correlation = asked[0]["CorrelationId"]
        gateway = [row for row in azure.rows.get(GATEWAY, []) if row["CorrelationId"] == correlation]
        model = [row for row in azure.rows[LLM] if row["CorrelationId"] == correlation]
        return (gateway[0], model) if gateway and len(model) >= 3 else None

    return azure.wait(both)


def said(rows, column):
    return "".join(message["content"] for row in rows for message in row.get(column, []))


def test_a_call_has_a_row_in_each_table(gateway, azure):
    reply = ask(gateway, "What is a gate?").reply.json()
    row, model = rows_of(azure, "What is a gate?")
    assert (row["ApiId"], row["OperationId"], row["ResponseCode"], row["BackendId"]) == ("models", "chat", 200, "models")
    assert row["IsRequestSuccess"] is True and row["Region"] == "West Europe"
    assert "CallerIpAddress" not in row and "RequestBody" not in row
    assert row["TraceRecords"][0]["message"] == "a question"
    assert [part["SequenceNumber"] for part in model] == [0, 1, 2]
    assert model[0]["DeploymentName"] == "gpt-4o" and model[0]["ApiVersion"] == "2024-10-21"
    usage = reply["usage"]
    assert (model[0]["PromptTokens"], model[0]["CompletionTokens"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    assert model[1]["RequestMessages"] == [{"role": "user", "content": "What is a gate?"}]
    assert said(model, "ResponseMessages") == reply["choices"][0]["message"]["content"]


def test_a_stream_is_joined_again(gateway, azure):
    ask(gateway, "What is a stream?", stream=True)
    _, model = rows_of(azure, "What is a stream?")
    assert model[0]["IsStreamCompletion"] is True
    assert len(said(model, "ResponseMessages")) > 0
    assert model[2]["ResponseMessages"][0]["role"] == "assistant"


def test_long_messages_go_on_in_further_rows(gateway, azure):
    question = "What is long? " + "word " * 20_000
    ask(gateway, question)
    _, model = rows_of(azure, "What is long?")
    assert [part["SequenceNumber"] for part in model] == list(range(len(model)))
    assert said(model, "RequestMessages") == question
    assert all(len(said([part], "RequestMessages")) <= 32 * 1024 for part in model)


def test_the_gateways_identity_sends(gateway, azure, simulator):
    ask(gateway, "Whose token?")
    rows_of(azure, "Whose token?")
    sent = [(path, headers) for path, headers in azure.requests if path.startswith("/dataCollectionRules/dcr-0123/")]
    assert sent and all(headers["authorization"].startswith("Bearer ") for _, headers in sent)
