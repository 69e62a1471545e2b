"""Groups from the labelled questions: the answer's sentence in the gold paragraph is the evidence."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import regex

from training.evidence.groups import Group, Target


def labelled(path: Path) -> Iterator[Group]:
    """Every question whose answer stands literally in its gold paragraph. `path` is a .jsonl.gz of question, documents,
    answers and gold_doc_index.
    """
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            item = json.loads(line)
            gold = item["gold_doc_index"]
            text = item["documents"][gold]["text"]
            spans: list[Target] = [
                (gold, *match.span())
                for answer in item["answers"]
                for match in regex.finditer(rf"(?<!\w){regex.escape(answer)}(?!\w)", text, regex.I)
            ]
            if spans:
                documents = [(d["title"], d["text"]) for d in item["documents"]]
                yield Group(item["dataset"], item["question"], documents, [spans], spans)
