"""The evaluation sets: one JSON object a line, described in the README beside them."""

import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SUMMARIES = frozenset({"dialogsum"})


@dataclass(frozen=True)
class Item:
    """One question with its documents, and what must survive."""

    id: str
    dataset: str
    question: str
    documents: list[dict[str, str]]
    answers: list[str]
    all_required: bool
    key_terms: list[str]
    summary: bool = False
    """Whether the answers are summaries, which no text holds word for word."""


def dataset_files(folder: Path) -> dict[str, Path]:
    """The sets of questions in a folder, by name."""
    found = {path.name.removesuffix(".jsonl.gz"): path for path in sorted(folder.glob("*.jsonl.gz"))}
    found.pop("lm_eval", None)
    return found


def load_set(files: dict[str, Path], name: str, limit: int | None = None) -> list[Item]:
    """Items of the set `name`, or of one language of it: `xquad_10doc:en`. Raises SystemExit for one that is not there."""
    file, colon, language = name.partition(":")
    if file not in files:
        raise SystemExit(f"no set {file!r} among {', '.join(sorted(files))}")
    items = load(files[file], limit, language if colon else None)
    if colon and not items:
        raise SystemExit(f"no item of {file!r} is in language {language!r}")
    return items


def load(path: Path, limit: int | None = None, language: str | None = None) -> list[Item]:
    """Items of one set, or those in one language; with `limit`, a sample that is the same in every run."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    if language is not None:
        rows = [row for row in rows if row["lang"] == language]
    if limit is not None and limit < len(rows):
        rows = random.Random(0).sample(rows, limit)
    name = path.name.removesuffix(".jsonl.gz")
    dataset = name if language is None else f"{name}:{language}"
    return [
        Item(
            row["id"],
            dataset,
            row["question"],
            [{"title": d.get("title") or "", "text": d["text"]} for d in row["documents"]],
            list(row["answers"]),
            bool(row["meta"].get("answers_all_required")),
            list(row["meta"].get("key_terms") or []),
            name in _SUMMARIES or str(row["meta"].get("metric") or "").startswith("rouge"),
        )
        for row in rows
    ]
