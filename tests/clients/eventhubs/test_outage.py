"""The hub is killed: calls go on, what waits is bounded, and events flow again when it is back."""

import http.client
import statistics
import time
import uuid
from urllib.parse import urlsplit

from hub import eventually

# `eventHubs.mortal.queueEvents` of the service.
WAITING = 100
EVENTS = 2_000


def times_of(logging, logger: str, mark: str, count: int) -> list[float]:
    """How long each of so many calls on one connection takes, in seconds."""
    connection = http.client.HTTPConnection(urlsplit(logging.gateway.url).netloc, timeout=30)
    times = []
    for number in range(count):
        start = time.perf_counter()
        connection.request("POST", "/log/x", f"{mark} {number}", {"Logger": logger})
        reply = connection.getresponse()
        reply.read()
        times.append(time.perf_counter() - start)
        assert reply.status == 200
    connection.close()
    return times


def test_a_hub_that_is_away(logging):
    hub, mark = logging.mortal, str(uuid.uuid4())
    with_hub = times_of(logging, "mortal", f"{mark} before", 50)
    eventually(lambda: len([text for text in hub.texts() if text.startswith(mark)]) == 50, "all events are there")

    hub.kill()
    without_hub = times_of(logging, "mortal", f"{mark} during", EVENTS)
    eventually(lambda: logging.count("sekisho_event_hub_lost", logger="mortal") == 1, "the hub is missed")
    dropped = logging.dropped("mortal", "QueueFull")
    # What was not dropped waits, and no more than may; nothing is sent while nobody is there.
    assert dropped == EVENTS - WAITING
    fast, slow = statistics.median(with_hub), statistics.median(without_hub)
    assert slow < fast + 0.005, f"{slow * 1000:.2f} ms a call without the hub, {fast * 1000:.2f} ms with it"

    hub.start()
    during = eventually(
        lambda: len(texts := [text for text in hub.texts() if f"{mark} during" in text]) >= WAITING and texts,
        "what waited arrives")
    assert [int(text.split()[-1]) for text in sorted(during, key=lambda text: int(text.split()[-1]))] == list(range(WAITING))
    times_of(logging, "mortal", f"{mark} after", 10)
    eventually(lambda: len([text for text in hub.texts() if f"{mark} after" in text]) == 10, "new events arrive")
    eventually(lambda: logging.count("sekisho_event_hub_lost", logger="mortal") == 0, "the hub is back")
    assert logging.dropped("mortal", "QueueFull") == dropped
    assert len(hub.read(lambda text: f"{mark} after" in text, 10)) == 10


def test_another_hub_does_not_notice(logging):
    hub, mark = logging.mortal, str(uuid.uuid4())
    hub.kill()
    try:
        times_of(logging, "mortal", mark, 10)
        logging.log(mark, Logger="calls")
        eventually(lambda: mark in logging.hub.texts(), "the other hub has its event")
    finally:
        hub.start()
    eventually(lambda: len([text for text in hub.texts() if text.startswith(mark)]) == 10, "what waited arrives")
