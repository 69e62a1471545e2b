"""Write what the selector is trained on: features of every prefix of every question, and whether the answer is in it.

    python -m training.evidence.build ../shared/data build/evidence
    python -m training.adaptive.build ../shared/data build/evidence/train.jsonl build/adaptive/steps.npz --seen 1500

The questions come with few documents. A request has more, some of them hard to tell from the right one, so each question is
given up to 30 further paragraphs, part of them its nearest by TF-IDF and none with an answer. What the evidence model has
read looks better to it than it is: made-up questions that were among its batches are left out (`--seen`, its steps). The
labelled ones it has read all; there are no others.
"""

import argparse
import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.quality.metrics import normalise, survives
from promptpress.backends.encoder.cache import LruVectorCache
from promptpress.backends.loader import ModelLoader
from promptpress.content import Passage, segment
from promptpress.methods.acc_rag.acc_rag import SCORER
from promptpress.methods.acc_rag.features import NAMES, features, prefix_sizes
from promptpress.scores import UnitRef, ranking
from training.evidence.corpus import articles
from training.evidence.groups import Group, load
from training.evidence.neighbours import Neighbours
from training.evidence.train import LABELLED, batches

COUNTS = {
    "qed_nq": 1100,
    "squadshifts_newwiki": 1500,
    "cloze": 1500,
    "chain": 900,
    "section": 400,
    "conversation": 400,
    "channel": 300,
}
"""Requests made of each source of groups; a source with fewer groups is gone through again with other documents."""
_FROM_THE_SAME = frozenset({"section", "conversation", "channel"})
"""Groups whose documents are parts of one text: further ones come from other groups of the source."""
_ARTICLES = 36_000
_MOST_FURTHER = 30
_CANDIDATES = 45
_EASY = 1500
"""Paragraphs that the far-off documents are drawn from; few, so that most are encoded once."""

Document = tuple[str, str]


@dataclass(frozen=True)
class Request:
    """A question with its documents. `group` is the number of its text: questions of one text are never on both sides of
    a split.
    """

    source: str
    query: str
    documents: list[Document]
    answers: list[str]
    needs: list[list[tuple[int, int, int]]]
    group: int


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with `corpus/`")
    parser.add_argument("groups", type=Path, help="groups written by training.evidence.build")
    parser.add_argument("output", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="part of the requests to make")
    parser.add_argument("--seen", type=int, default=0, help="steps of the evidence model's training on these groups")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    groups = unread(list(load(arguments.groups)), arguments.seen)
    requests = make_requests(groups, arguments.data, arguments.share, Random(arguments.seed))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.output, **steps_of(requests))  # type: ignore[arg-type]


def unread(groups: list[Group], steps: int, seed: int = 0) -> list[Group]:
    """The groups less those made-up ones that training.evidence.train reads in its first `steps` with that seed."""
    read = {
        id(group)
        for batch in itertools.islice(batches(groups, seed), steps)
        for group in batch
        if group.source not in LABELLED
    }
    return [group for group in groups if id(group) not in read]


def make_requests(groups: Sequence[Group], data: Path, share: float, random: Random) -> list[Request]:
    """Requests in random order."""
    console = Console()
    with console.status("reading the encyclopedia"):
        pool = [(a.title, p) for a in articles(data / "corpus" / "wikipedia.txt.xz", _ARTICLES) for p in a.paragraphs[:3]]
        pool += sorted({(t, p) for g in groups if g.source in LABELLED for t, p in g.documents})
    with console.status(f"indexing {len(pool)} paragraphs"):
        index = Neighbours(pool)
    easy = random.sample(pool, _EASY)
    by_source: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        by_source[group.source].append(group)
    texts: dict[str, int] = {}
    requests: list[Request] = []
    for source, count in COUNTS.items():
        found = random.sample(by_source[source], len(by_source[source]))
        wanted = int(count * share)
        chosen = (found * (1 + wanted // max(1, len(found))))[:wanted]
        nearest = index.nearest([g.query for g in chosen], _CANDIDATES)
        for group, near in zip(chosen, nearest, strict=True):
            if source in _FROM_THE_SAME:
                others = [d for g in random.sample(found, 4) for d in g.documents if g is not group]
                further = _numbered_on(others, len(group.documents))
            else:
                further = _mixed([pool[i] for i in near], easy, random)
            requests.append(request_from(group, further, texts, random))
    random.shuffle(requests)
    return requests


def _numbered_on(documents: list[Document], first: int) -> list[Document]:
    """With numbers in the titles that no other document has, so that "in conversation 3" means one."""
    return [(re.sub(r"\d+", str(first + n), title), text) for n, (title, text) in enumerate(documents, 1)]


def _mixed(near: list[Document], easy: Sequence[Document], random: Random) -> list[Document]:
    hard = int(random.random() * _MOST_FURTHER)
    return near[:hard] + random.sample(easy, _MOST_FURTHER - hard)


def request_from(group: Group, further: list[Document], texts: dict[str, int], random: Random) -> Request:
    """A request of a group with some of its own documents and some of `further`; `texts` numbers the texts seen."""
    needed = sorted({d for need in group.evidence for d, _, _ in need})
    own = [d for d in range(len(group.documents)) if d not in needed]
    own = random.sample(own, random.randint(min(2, len(own)), len(own)))
    answers = list(dict.fromkeys(group.documents[d][1][a:b] for d, a, b in group.answers))
    seen = {group.documents[d][1] for d in [*needed, *own]}
    fresh = []
    for document in further:
        if document[1] not in seen and not any(survives(answer, normalise(document[1])) for answer in answers):
            seen.add(document[1])
            fresh.append(document)
    fresh = random.sample(fresh, random.randint(0, len(fresh)))
    documents = [(d, group.documents[d]) for d in [*needed, *own]] + [(-1, d) for d in fresh]
    random.shuffle(documents)
    place = {old: new for new, (old, _) in enumerate(documents) if old >= 0}
    needs = [[(place[d], a, b) for d, a, b in need] for need in group.evidence]
    number = texts.setdefault(group.documents[needed[0]][1], len(texts))
    return Request(group.source, group.query, [d for _, d in documents], answers, needs, number)


def steps_of(requests: Sequence[Request]) -> dict[str, np.ndarray]:
    """One row for each prefix of each request: `x` features, `y` labels, `share` of the characters, `request`, `group`."""
    method = SCORER(ModelLoader(threads=1).models(LruVectorCache(1 << 30)))
    rows: list[np.ndarray] = []
    labels: list[bool] = []
    request_of: list[int] = []
    for number, request in enumerate(track(requests, "scoring")):
        passages = [segment(text, title) for title, text in request.documents]
        scored = method.score(passages, request.query, method.options_model())
        order = ranking(passages, scored.units)
        sizes = prefix_sizes(len(order))
        found = first_sufficient(request, passages, order)
        if found is None:
            continue
        rows.append(features(passages, scored, order, request.query))
        labels += [size >= found for size in sizes]
        request_of += [number] * len(sizes)
    x = np.concatenate(rows)
    owner = np.asarray(request_of)
    return {
        "x": x,
        "y": np.asarray(labels),
        "share": np.exp(x[:, NAMES.index("log_kept_share")]),
        "request": owner,
        "group": np.asarray([request.group for request in requests])[owner],
        "source": np.asarray([request.source for request in requests])[owner],
    }


def first_sufficient(request: Request, passages: Sequence[Passage], order: Sequence[UnitRef]) -> int | None:
    """The size of the smallest prefix that holds an answer, or what every need asks for; None if none does."""
    if request.answers:
        for size, (p, u) in enumerate(order, 1):
            text = normalise(passages[p].slice(u))
            if any(survives(answer, text) for answer in request.answers):
                return size
        return None
    missing = list(request.needs)
    for size, (p, u) in enumerate(order, 1):
        unit = passages[p].units[u]
        missing = [n for n in missing if not any(d == p and a < unit.end and unit.start < b for d, a, b in n)]
        if not missing:
            return size
    return None


if __name__ == "__main__":
    main()
