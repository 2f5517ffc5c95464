#!/usr/bin/env python3
"""Adds the counts of PyPI's tiktoken to texts.json, as ordinary text throughout.

tiktoken fetches its ranks over the network; here they come from the wheel of PyPI's bpe-openai, which is why both are
needed. tiktoken checks that they are the right ones.
"""

import gzip
import hashlib
import importlib.resources
import json
import os
import tempfile
import unittest.mock
from pathlib import Path

import tiktoken

HERE = Path(__file__).parent
NAMES = {"o200k": "o200k_base", "cl100k": "cl100k_base"}
URL = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"


def encodings():
    """The two vocabularies, by the name they have in texts.json."""
    with tempfile.TemporaryDirectory() as cache, unittest.mock.patch.dict(os.environ, TIKTOKEN_CACHE_DIR=cache):
        for name in NAMES.values():
            ranks = importlib.resources.files("bpe_openai").joinpath(f"data/{name}.tiktoken.gz").read_bytes()
            place = Path(cache, hashlib.sha1(URL.format(name).encode()).hexdigest())
            place.write_bytes(gzip.decompress(ranks))
        return {short: tiktoken.get_encoding(name) for short, name in NAMES.items()}


def counts(text, by_name):
    return {short: len(encoding.encode_ordinary(text)) for short, encoding in by_name.items()}


def main():
    by_name = encodings()
    file = HERE / "texts.json"
    entries = json.loads(file.read_text(encoding="utf-8"))
    lines = (json.dumps({"text": entry["text"], **counts(entry["text"], by_name)}, ensure_ascii=False) for entry in entries)
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
