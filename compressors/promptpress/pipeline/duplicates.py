"""Units that repeat others in other words: of each group one is kept before anything is said twice."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import regex

from promptpress.content import Passage
from promptpress.content.kinds import LINE_KINDS, PROSE_KINDS, Kind
from promptpress.runtime.cancellation import check
from promptpress.scores import UnitRef
from promptpress.text.facts import scope_spans
from promptpress.text.language import language_of
from promptpress.text.lexical import terms, words

_ALIKE = 0.7
"""Jaccard similarity of the terms of two sentences with the same numbers from which they say the same."""
_LEAST_TERMS = 4
_COMPARED = 40
"""Sentences of one group of candidates that a sentence is compared with."""
_CLAUSES = regex.compile(r"[;,:.!?]\s|[.!?]$")
_MODALS = frozenset({"must", "shall", "may"})
_NUMBER = regex.compile(r"\d+(?:[.,:]\d+)*")
_NUMBER_WORDS = {
    word: str(number)
    for words in (
        "zero one two three four five six seven eight nine ten eleven twelve",
        "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
        "zéro une deux trois quatre cinq six sept huit neuf dix onze douze",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    )
    for number, word in enumerate(words.split())
}


@dataclass(frozen=True)
class _Sentence:
    ref: UnitRef
    bag: frozenset[str]
    """Its terms, number words as digits."""
    negations: frozenset[str]


def repetitions(passages: Sequence[Passage], order: Sequence[UnitRef]) -> set[UnitRef]:
    """The units, of those in `order` (best first), that repeat another: word for word, or nearly and with the same numbers.

    Of units that repeat each other the most complete one stays, of equally complete ones the later.
    """
    finder = _Finder(passages)
    for ref in order:
        check()
        finder.enter(ref)
    return finder.repeated


class _Finder:
    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages
        self.repeated: set[UnitRef] = set()
        self._seen: set[tuple[Kind, str, str]] = set()
        self._said: set[str] = set()
        """The clauses of what came before, in plain words."""
        self._groups: dict[tuple[str, ...], list[_Sentence]] = defaultdict(list)

    def enter(self, ref: UnitRef) -> None:
        """Compare a unit with those before it."""
        passage = self._passages[ref.passage]
        unit = passage.units[ref.unit]
        if unit.kind not in PROSE_KINDS and unit.kind is not Kind.LOG_LINE:
            return
        text, owners = passage.slice(ref.unit), _owners(passage, ref)
        key = (unit.kind, text, owners)
        if key in self._seen or (unit.kind not in LINE_KINDS and self._is_said(text)):
            self.repeated.add(ref)
        elif unit.kind not in LINE_KINDS:
            self._compare(ref, text, owners)
        self._seen.add(key)

    def _is_said(self, text: str) -> bool:
        whole = words(text)
        if len(whole) >= _LEAST_TERMS and " ".join(whole) in self._said:
            return True
        self._said.update(" ".join(words(clause)) for clause in _CLAUSES.split(text))
        return False

    def _compare(self, ref: UnitRef, text: str, owners: str) -> None:
        bag, numbers = _signature(text, language_of(self._passages[ref.passage].text))
        if len(bag) < _LEAST_TERMS:
            return
        new = _Sentence(ref, bag, _negations(text))
        group = self._groups[owners, max(bag, key=lambda term: (len(term), term)), *sorted(numbers)]
        for index, old in enumerate(group[:_COMPARED]):
            if new.negations == old.negations and _alike(bag, old.bag):
                newer = bag >= old.bag and (len(bag), ref) > (len(old.bag), old.ref)
                self.repeated.add(old.ref if newer else ref)
                if newer:
                    group[index] = new
                return
        group.append(new)


def _signature(text: str, language: str) -> tuple[frozenset[str], frozenset[str]]:
    bag = {_NUMBER_WORDS.get(term, term) for term in terms(text, language)}
    numbers = frozenset(term for term in bag if _NUMBER.match(term))
    return frozenset(bag), numbers


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    common = len(one & other)
    return common >= _ALIKE * len(one | other) or common == min(len(one), len(other))


def _owners(passage: Passage, ref: UnitRef) -> str:
    """The text of what the unit belongs to: under another heading the same words say something else."""
    needed = passage.units[ref.unit].requires
    return "\n".join(passage.slice(each) for each in needed if passage.units[each].structural)


def _negations(text: str) -> frozenset[str]:
    """The words that deny or bound something: with others, two sentences do not say the same."""
    lowered = text.lower()
    return frozenset(lowered[start:end] for start, end in scope_spans(lowered)) - _MODALS
