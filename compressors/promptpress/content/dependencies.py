"""Sentences that do not stand alone: what points back brings what it points to, and a rule its exceptions."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from promptpress.content.kinds import Kind
from promptpress.content.unit import Passage
from promptpress.text import discourse
from promptpress.text.language import language_of

_PROSE = frozenset({Kind.SENTENCE, Kind.STRING_SENTENCE, Kind.LIST_ITEM, Kind.TURN})


def with_dependencies(passage: Passage, references: bool = True) -> Passage:
    """The passage with a requirement for each dependency between its sentences (`promptpress.text.discourse`).

    `references` False leaves out what a sentence only refers to; exceptions stay with their rules all the same.

    Dependencies hold inside a block. The first sentence of a block that points back needs the last one of the block before.
    """
    if len(passage.units) <= 1:
        return passage
    language = language_of(passage.text)
    requires: dict[int, list[int]] = {}
    previous: int | None = None
    for block in _blocks(passage):
        if previous is not None and any(unit.kind is Kind.JSON_MEMBER for unit in passage.units[previous : block[0]]):
            previous = None  # Strings of JSON do not go on in each other.
        sentences = [passage.slice(unit) for unit in block]
        for unit, needed in discourse.dependencies(sentences, language, pronouns=not passage.title, references=references):
            requires.setdefault(block[unit], []).append(block[needed])
        limiting = discourse.qualifies(sentences[0], language)
        if previous is not None and discourse.points_back(sentences[0], language) and (references or limiting):
            if not (passage.title and discourse.begins_with_pronoun(sentences[0])):
                requires.setdefault(block[0], []).append(previous)
            if limiting:
                requires.setdefault(previous, []).append(block[0])
        previous = block[-1]
    if not requires:
        return passage
    units = list(passage.units)
    for index, further in requires.items():
        units[index] = replace(units[index], requires=tuple(dict.fromkeys([*units[index].requires, *further])))
    return replace(passage, units=tuple(units))


def _blocks(passage: Passage) -> Iterator[Sequence[int]]:
    """Runs of sentences of one kind without a blank line between them."""
    block: list[int] = []
    for index, unit in enumerate(passage.units):
        apart = index > 0 and passage.text.count("\n", *passage.gaps[index]) >= (2 if unit.kind is Kind.SENTENCE else 1)
        if block and (unit.kind not in _PROSE or unit.kind is not passage.units[block[-1]].kind or apart):
            yield block
            block = []
        if unit.kind in _PROSE and not unit.structural:
            block.append(index)
    if block:
        yield block
