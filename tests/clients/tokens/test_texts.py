"""The counts that `crates/llm` is compared with are those of tiktoken."""

import importlib.util
import json
from pathlib import Path

ORACLE = Path(__file__).parents[3] / "crates" / "llm" / "tests" / "oracle"


def recorder():
    spec = importlib.util.spec_from_file_location("record", ORACLE / "record.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_recorded_counts_are_those_of_tiktoken():
    record = recorder()
    by_name = record.encodings()
    entries = json.loads((ORACLE / "texts.json").read_text(encoding="utf-8"))
    assert len(entries) == 500
    wrong = [entry for entry in entries if entry != {"text": entry["text"], **record.counts(entry["text"], by_name)}]
    assert wrong == []
