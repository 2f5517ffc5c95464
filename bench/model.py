"""A small model in the format of model2vec: a vector for each of a few words."""

import json
import random
import struct
from pathlib import Path

DIMENSIONS = 256
WORDS = "answer in one line the checkpoint writes down who passed hello".split()


def write_model(folder: Path) -> Path:
    """Writes it and gives its folder."""
    folder.mkdir()
    vocabulary = {"[UNK]": 0, **{word: number for number, word in enumerate(WORDS, 1)}}
    chance = random.Random(1)
    numbers = [chance.gauss(0, 1) for _ in range(len(vocabulary) * DIMENSIONS)]
    data = struct.pack(f"<{len(numbers)}f", *numbers)
    tensor = {"dtype": "F32", "shape": [len(vocabulary), DIMENSIONS], "data_offsets": [0, len(data)]}
    header = json.dumps({"embeddings": tensor}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": vocabulary},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return folder
