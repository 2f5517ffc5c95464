"""Which questions share an answer: 50 paraphrases that should, 50 near misses (a negation, a number, an entity changed) that should not.

What is measured is the model together with the threshold; what is asserted is that the gateway does what the distances say.
"""

import json
from pathlib import Path

import pytest

from gateway import THRESHOLDS

PAIRS = json.loads((Path(__file__).parent / "pairs.json").read_text())
KINDS = ("paraphrase", "negation", "number", "entity")
# Distances travel as decimal text and are computed in single precision.
PRECISION = 1e-5


@pytest.fixture(scope="module")
def hits(client) -> dict[float, list[bool]]:
    """For each threshold, which second questions got the answer of the first."""
    found = {}
    for threshold in THRESHOLDS:
        found[threshold] = []
        for number, pair in enumerate(PAIRS):
            is_hit, answer = client.ask(threshold, str(number), pair["first"])
            assert not is_hit, pair
            is_hit, same = client.ask(threshold, str(number), pair["second"])
            assert not is_hit or same == answer, pair
            found[threshold].append(is_hit)
    return found


def test_the_pairs_are_what_they_say():
    kinds = [pair["kind"] for pair in PAIRS]
    assert kinds.count("paraphrase") == 50 and len(kinds) == 100 and set(kinds) == set(KINDS)
    assert len({(pair["first"], pair["second"]) for pair in PAIRS}) == 100


def test_exact_repeats_are_always_hits(client, hits):
    for threshold in THRESHOLDS:
        for number, pair in enumerate(PAIRS):
            assert client.ask(threshold, str(number), pair["first"])[0], pair


def test_a_larger_threshold_never_loses_a_hit(hits):
    for smaller, larger in zip(THRESHOLDS, THRESHOLDS[1:]):
        lost = [pair for pair, small, large in zip(PAIRS, hits[smaller], hits[larger]) if small and not large]
        assert not lost


def test_hits_are_what_the_distances_say(model, hits):
    for number, pair in enumerate(PAIRS):
        distance = model.distance(pair["first"], pair["second"])
        for threshold in THRESHOLDS:
            if abs(distance - threshold) > PRECISION:
                assert hits[threshold][number] == (distance <= threshold), (pair, distance, threshold)


def test_every_text_was_embedded_once(embeddings, hits):
    texts = [body["input"] for body in embeddings.bodies]
    assert len(texts) == len(set(texts))
    assert set(texts) >= {question for pair in PAIRS for question in (pair["first"], pair["second"])}
    assert all(body.keys() == {"input"} for body in embeddings.bodies)


def test_the_table(hits, capsys):
    """Prints how many pairs of each kind share an answer."""
    lines = [f"{'threshold':>10}" + "".join(f"{kind:>14}" for kind in KINDS) + f"{'near misses':>14}"]
    for threshold in THRESHOLDS:
        counts = [sum(hit for pair, hit in zip(PAIRS, hits[threshold]) if pair["kind"] == kind) for kind in KINDS]
        totals = [sum(pair["kind"] == kind for pair in PAIRS) for kind in KINDS]
        cells = [f"{count} of {total}" for count, total in zip(counts, totals)]
        cells.append(f"{sum(counts[1:])} of {sum(totals[1:])}")
        lines.append(f"{threshold:>10}" + "".join(f"{cell:>14}" for cell in cells))
    with capsys.disabled():
        print("\n\nSecond questions that got the answer of the first, all-MiniLM-L6-v2 (int8):\n" + "\n".join(lines))
