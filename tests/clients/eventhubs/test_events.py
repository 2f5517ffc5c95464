"""Events over AMQP, as the hub saw them and as the SDK reads them."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections import defaultdict
from urllib.parse import parse_qs, quote

from demo import http
from hub import KEY, eventually

BATCH = 0x80013700


def marked(mark: str):
    return lambda text: text.startswith(mark)


def test_events_are_read_back(logging):
    mark = str(uuid.uuid4())
    texts = [f"{mark} {number} — 関所" for number in range(20)]
    for text in texts:
        logging.log(text)
    events = [event for _, event in logging.hub.read(marked(mark), len(texts))]
    assert sorted(event.body_as_str() for event in events) == sorted(texts)
    assert all(event.enqueued_time and event.sequence_number is not None and not event.properties for event in events)


def test_a_signature_is_shown_first(logging):
    logging.log("a signature")
    tokens = eventually(lambda: [put for put in logging.hub.seen()["tokens"] if not put["fault"]], "a token is put")
    put = next(put for put in tokens if put["type"] == "servicebus.windows.net:sastoken" and "localhost" in put["name"])
    assert put["name"] == "sb://localhost/calls"
    fields = {name: value for name, [value] in parse_qs(put["token"].removeprefix("SharedAccessSignature ")).items()}
    signed = f"{quote('sb://localhost/calls', safe='')}\n{fields['se']}".encode()
    expected = base64.b64encode(hmac.new(KEY.encode(), signed, hashlib.sha256).digest()).decode()
    assert (fields["sr"], fields["sig"], fields["skn"]) == ("sb://localhost/calls", expected, "send")
    assert 60 < int(fields["se"]) - time.time() <= 20 * 60 and put["expiration"] == int(fields["se"]) * 1000


def test_a_wrong_key_costs_no_call(logging):
    logging.log("nobody reads this", Logger="stranger")
    refused = eventually(lambda: [put for put in logging.hub.seen()["tokens"] if put["fault"]], "a wrong token is put")
    assert refused[0]["fault"] == "the signature is wrong"
    eventually(lambda: logging.count("sekisho_event_hub_lost", logger="stranger") == 1, "the logger has no hub")
    logging.log("and goes on", Logger="stranger")


def test_an_identity_shows_its_token(logging):
    mark = str(uuid.uuid4())
    logging.log(mark, Logger="identity")
    logging.hub.read(marked(mark), 1)
    put = next(put for put in logging.hub.seen()["tokens"] if put["type"] == "jwt")
    claims = json.loads(base64.urlsafe_b64decode(put["token"].split(".")[1] + "=="))
    assert (claims["aud"], put["expiration"]) == ("https://eventhubs.azure.net", claims["exp"] * 1000)


def test_a_batch_is_one_transfer(logging):
    mark, before = str(uuid.uuid4()), len(logging.hub.seen()["transfers"])
    for number in range(50):
        logging.log(f"{mark} {number}")
    logging.hub.read(marked(mark), 50)
    transfers = logging.hub.seen()["transfers"][before:]
    assert {transfer["format"] for transfer in transfers} == {BATCH}
    assert sum(transfer["events"] for transfer in transfers) == 50 > len(transfers)


def test_without_a_buffer_each_event_goes_at_once(logging):
    mark, before = str(uuid.uuid4()), len(logging.hub.seen()["transfers"])
    for number in range(5):
        logging.log(f"{mark} {number}", Logger="single")
    logging.hub.read(marked(mark), 5)
    transfers = logging.hub.seen()["transfers"][before:]
    assert [(transfer["format"], transfer["events"]) for transfer in transfers] == [(0, 1)] * 5


def test_300_kb_arrive_as_200_and_say_so(logging):
    mark = str(uuid.uuid4())
    text = mark + "x" * (300 * 1024 - len(mark))
    before = logging.count("sekisho_event_hub_events_truncated_total", logger="calls")
    for logger in ("calls", "single"):
        logging.log(text, Logger=logger)
    for _, event in logging.hub.read(marked(mark), 2):
        assert event.body_as_str() == text[:200 * 1024]
        assert event.properties == {b"sekisho-truncated-bytes": 100 * 1024}
    assert logging.count("sekisho_event_hub_events_truncated_total", logger="calls") == before + 1


def test_a_setting_has_another_limit(logging):
    mark = str(uuid.uuid4())
    # Three bytes each: the limit is in the midst of a character.
    logging.log(mark + "関" * 1000, Logger="short")
    [(_, event)] = logging.hub.read(marked(mark), 1)
    kept = (2048 - len(mark)) // 3
    assert event.body_as_str() == mark + "関" * kept
    assert event.properties == {b"sekisho-truncated-bytes": 3 * (1000 - kept)}


def test_many_long_events_are_several_batches(logging):
    mark, before = str(uuid.uuid4()), len(logging.hub.seen()["transfers"])
    for _ in range(12):
        logging.log(mark + "y" * 200_000)
    logging.hub.read(marked(mark), 12)
    sizes = [transfer["bytes"] for transfer in logging.hub.seen()["transfers"][before:]]
    assert len(sizes) >= 3 and max(sizes) <= 1_000_000


def test_a_key_leads_to_one_partition(logging):
    mark = str(uuid.uuid4())
    for number in range(40):
        logging.log(f"{mark} key-{number % 8} {number}", Key=f"key-{number % 8}")
    partitions, numbers = defaultdict(set), defaultdict(list)
    for partition, event in logging.hub.read(marked(mark), 40):
        _, key, number = event.body_as_str().split()
        assert event.partition_key == key.encode()
        partitions[key].add(partition)
        numbers[key].append((event.sequence_number, int(number)))
    assert len(partitions) == 8 and all(len(found) == 1 for found in partitions.values())
    assert len(set().union(*partitions.values())) > 1, "the keys are spread"
    assert all(len(found) == 5 and sorted(found) == sorted(found, key=lambda each: each[1]) for found in numbers.values()), \
        "events of a key keep their order"


def test_expressions_and_a_partition_by_its_id(logging):
    mark, lost = str(uuid.uuid4()), logging.dropped("calls", "Refused")
    assert http(f"{logging.gateway.url}/facts/x?q={mark}").status == 200
    [(partition, event)] = logging.hub.read(lambda text: mark in text, 1)
    facts = json.loads(event.body_as_str())
    assert partition == "2"
    assert (facts["service"], facts["operation"], facts["asked"]) == ("sekisho", "any", mark)
    assert uuid.UUID(facts["request"])
    # The second event of the policy is for a partition that is not there; it keeps nothing else back.
    eventually(lambda: logging.dropped("calls", "Refused") == lost + 1, "the event for no partition is dropped")


def test_a_logger_that_is_not_there(logging):
    logging.log("nobody reads this", Logger="absent")
    assert logging.dropped("absent", "UnknownLogger") == 1
