"""Events over the Kafka protocol, as librdkafka's consumer reads them from its mock cluster."""

import time
import uuid
from collections import defaultdict

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from hub import HUB, SECONDS


@pytest.fixture
def consumer(logging):
    consumer = Consumer({"bootstrap.servers": logging.kafka, "group.id": str(uuid.uuid4()), "auto.offset.reset": "earliest"})
    partitions = consumer.list_topics(HUB, timeout=SECONDS).topics[HUB].partitions
    consumer.assign([TopicPartition(HUB, partition, 0) for partition in partitions])
    yield consumer
    consumer.close()


def read(consumer, mark: str, count: int) -> list:
    found, end = [], time.monotonic() + SECONDS
    while len(found) < count:
        assert time.monotonic() < end, f"{len(found)} of {count} events arrived"
        message = consumer.poll(1)
        if message is not None and not message.error() and message.value().decode().startswith(mark):
            found.append(message)
    return found


def test_events_are_read_back(logging, consumer):
    mark = str(uuid.uuid4())
    texts = [f"{mark} {number} 関所" for number in range(20)]
    for text in texts:
        logging.log(text, Logger="kafka")
    events = read(consumer, mark, len(texts))
    assert sorted(event.value().decode() for event in events) == sorted(texts)
    assert all(event.key() is None and event.headers() is None for event in events)


def test_a_key_leads_where_other_producers_lead(logging, consumer):
    mark = str(uuid.uuid4())
    keys = [f"team-{number}" for number in range(16)]
    producer = Producer({"bootstrap.servers": logging.kafka, "partitioner": "murmur2_random"})
    for key in keys:
        logging.log(f"{mark} ours", Logger="kafka", Key=key)
        logging.log(f"{mark} ours again", Logger="kafka", Key=key)
        producer.produce(HUB, f"{mark} theirs", key=key)
    assert producer.flush(SECONDS) == 0
    partitions = defaultdict(set)
    for event in read(consumer, mark, 3 * len(keys)):
        partitions[event.key().decode()].add(event.partition())
    assert sorted(partitions) == sorted(keys) and all(len(found) == 1 for found in partitions.values())
    assert len(set().union(*partitions.values())) > 1, "the keys are spread"


def test_300_kb_arrive_as_200_and_say_so(logging, consumer):
    mark = str(uuid.uuid4())
    logging.log(mark + "x" * (300 * 1024 - len(mark)), Logger="kafka")
    [event] = read(consumer, mark, 1)
    assert len(event.value()) == 200 * 1024
    assert event.headers() == [("sekisho-truncated-bytes", str(100 * 1024).encode())]
