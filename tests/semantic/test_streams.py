"""Streams are kept as they were sent, and never mixed with JSON."""

from gateway import THRESHOLDS


def test_streams_are_replayed_byte_for_byte(client):
    question = "What is a checkpoint?"
    is_hit, sent = client.ask(THRESHOLDS[0], "stream", question, stream=True)
    assert not is_hit and sent.endswith(b"data: [DONE]\n\n")
    assert client.ask(THRESHOLDS[0], "stream", question, stream=True) == (True, sent)
    is_hit, answer = client.ask(THRESHOLDS[0], "stream", question)
    assert not is_hit and answer.startswith(b"{")
    assert client.ask(THRESHOLDS[0], "stream", question) == (True, answer)
