"""Units that repeat others in other words: of each group one is kept before anything is said twice."""

from collections import defaultdict
from collections.abc import Sequence

import regex

from promptpress.content import Passage
from promptpress.content.kinds import LINE_KINDS, PROSE_KINDS, Kind
from promptpress.runtime.cancellation import check
from promptpress.scores import UnitRef
from promptpress.text.facts import scope_spans
from promptpress.text.language import language_of
from promptpress.text.lexical import terms

_ALIKE = 0.7
"""Jaccard similarity of the terms of two sentences with the same numbers from which they say the same."""
_LEAST_TERMS = 4
_COMPARED = 40
"""Sentences of one group of candidates that a sentence is compared with."""
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


def repetitions(passages: Sequence[Passage], order: Sequence[UnitRef]) -> set[UnitRef]:
    """The units, of those in `order` (best first), that repeat another: word for word, or nearly and with the same numbers.

    Of units that repeat each other the most complete one stays, of equally complete ones the later.
    """
    repeated: set[UnitRef] = set()
    seen: dict[tuple[Kind, str, str], UnitRef] = {}
    groups: dict[tuple[str, ...], list[tuple[UnitRef, frozenset[str], frozenset[str]]]] = defaultdict(list)
    for ref in order:
        check()
        passage = passages[ref.passage]
        unit = passage.units[ref.unit]
        if unit.kind not in PROSE_KINDS and unit.kind is not Kind.LOG_LINE:
            continue
        text = passage.slice(ref.unit)
        key = (unit.kind, text, _owners(passage, ref))
        if key in seen:
            repeated.add(ref)
            continue
        seen[key] = ref
        if unit.kind in LINE_KINDS:
            continue
        bag, numbers = _signature(text, language_of(passage.text))
        if len(bag) < _LEAST_TERMS:
            continue
        anchor = (_owners(passage, ref), max(bag, key=lambda term: (len(term), term)), *sorted(numbers))
        for index, (other, its_bag, its_numbers) in enumerate(groups[anchor][:_COMPARED]):
            if numbers == its_numbers and _alike(bag, its_bag):
                newer = ref if (len(bag), ref) > (len(its_bag), other) and bag >= its_bag else other
                if newer is ref and not _scope(passage, ref) ^ _scope(passages[other.passage], other):
                    repeated.add(other)
                    groups[anchor][index] = (ref, bag, numbers)
                elif newer is other and _scope(passage, ref) == _scope(passages[other.passage], other):
                    repeated.add(ref)
                break
        else:
            groups[anchor].append((ref, bag, numbers))
    return repeated


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


def _scope(passage: Passage, ref: UnitRef) -> bool:
    """Whether the unit holds a negation or the like: with and without one, two sentences do not say the same."""
    return bool(scope_spans(passage.slice(ref.unit)))
