"""Probes for finding evaluator heads: a long text, one sentence in it that answers a question, and the question."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from promptpress.content import segment
from promptpress.text.spans import Span

_NAMES = "Amara Boris Celine Dmitri Elena Farid Greta Hiro Ines Jonas Kavya Luca Mina Nadia Otto Priya Quentin Rosa".split()
_PLACES = "Arden Bellmoor Corvale Dunwick Eastmere Fallow Grimsby Harrow Islay Kelso Larne Moffat Norwood Oban Perth".split()
_THINGS = "boat bridge clock garden harbour kiln ladder library market mill museum orchard piano pump tower window".split()
_KINDS = "bright broken copper crooked green heavy hidden narrow old painted quiet red silver small wooden yellow".split()
_FILLER = (
    "People in {place} remember how {name} repaired the {kind} {thing} one winter.",
    "The {thing} near {place} has been closed since the {kind} one was moved.",
    "{name} wrote a long letter about the {kind} {thing} and sent it to {place}.",
    "Nobody from {place} came to see the {thing}, although {name} had invited them all.",
    "It rained for days, and the {kind} {thing} of {place} stood under water.",
    "{name} prefers the {kind} {thing} to the one that was built in {place}.",
)
_NEEDLES = (
    (
        "The secret number of the {kind} {thing} in {place} is {number}.",
        "What is the secret number of the {kind} {thing} in {place}?",
    ),
    ("{name} from {place} keeps {number} coins inside the {kind} {thing}.", "How many coins does {name} from {place} keep?"),
    (
        "The {kind} {thing} was sold to {name} of {place} for {number} crowns.",
        "For how many crowns was the {kind} {thing} sold?",
    ),
)


@dataclass(frozen=True)
class Probe:
    """`text[evidence]` is the sentence that answers `question`."""

    text: str
    question: str
    evidence: Span


def make_probes(count: int, characters: int, seed: int, haystack: str | None = None) -> list[Probe]:
    """Probes of about that many characters, the evidence at depths spread evenly; the same for the same seed.

    The text around the evidence is made up, or taken from `haystack`, sentence by sentence from a random place on.
    """
    random_ = random.Random(seed)
    sentences = _sentences(haystack) if haystack else None
    probes = []
    for index in range(count):
        words = _words(random_)
        needle, question = (template.format(**words) for template in random_.choice(_NEEDLES))
        around = _around(random_, characters, sentences)
        depth = round(len(around) * (index + 0.5) / count)
        before = "".join(f"{sentence} " for sentence in around[:depth])
        text = before + " ".join([needle, *around[depth:]])
        probes.append(Probe(text, question, (len(before), len(before) + len(needle))))
    return probes


def _around(random_: random.Random, characters: int, sentences: Sequence[str] | None) -> list[str]:
    found: list[str] = []
    length = 0
    at = random_.randrange(len(sentences)) if sentences else 0
    while length < characters:
        sentence = sentences[at % len(sentences)] if sentences else random_.choice(_FILLER).format(**_words(random_))
        found.append(sentence)
        length += len(sentence) + 1
        at += 1
    return found


def _words(random_: random.Random) -> dict[str, str]:
    return {
        "name": random_.choice(_NAMES),
        "place": random_.choice(_PLACES),
        "thing": random_.choice(_THINGS),
        "kind": random_.choice(_KINDS),
        "number": str(random_.randrange(1000, 10_000)),
    }


def _sentences(text: str) -> list[str]:
    passage = segment(text)
    found = [" ".join(passage.slice(i).split()) for i in range(len(passage.units))]
    if not found:
        raise ValueError("the haystack holds no text")
    return found
