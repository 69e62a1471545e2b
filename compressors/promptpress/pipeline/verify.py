"""The last gate: what leaves is checked against the original, whatever the method did."""

from bisect import bisect_right
from collections.abc import Set

from promptpress.content import STRUCTURED_KINDS, Kind, Passage
from promptpress.content.registry import CONTENT_TYPES
from promptpress.content.render import Rendered, render
from promptpress.pipeline.belonging import misplaced
from promptpress.runtime.cancellation import check
from promptpress.text.facts import breakable_spans, fact_spans
from promptpress.text.fidelity import invented
from promptpress.text.graphemes import splits_cluster
from promptpress.text.spans import Span, SpanSet, subtract


def violations(passage: Passage, kept: Set[int], rendered: Rendered, facts: bool = True) -> set[int]:
    """Kept units that must go because their text breaks an invariant; empty for a sound result.

    Checked: the text is the concatenation of its spans and of what was rewritten; no fact and no grapheme cluster is kept
    in part; nothing was deleted that is a fact, and nothing written that the original does not say in numbers, names and
    negations; every unit has what it belongs to (`promptpress.pipeline.belonging`); the text is sound as each of its content
    types: JSON parses, code fences stay balanced. `facts` False leaves the facts unchecked.
    """
    if not kept:
        return set()
    broken = _split_clusters(passage, kept, rendered) | misplaced(passage, kept)
    if facts:
        broken |= _split_facts(passage, kept, rendered.spans)
        broken |= _altered(passage, kept)
        broken |= _without_facts(passage, kept, rendered.spans)
    if "".join(passage.text[start:end] for start, end in rendered.spans) != _verbatim_part(rendered):
        return set(kept)
    if not CONTENT_TYPES.check(passage, rendered.text):
        return set(kept)
    return broken


def verify_and_rollback(passage: Passage, kept: Set[int], facts: bool = True) -> tuple[Rendered, set[int]]:
    """Render, dropping units until nothing is violated. Returns the result and the units that were rolled back."""
    remaining, rolled_back = set(kept), set[int]()
    while True:
        check()
        rendered = render(passage, remaining)
        broken = violations(passage, remaining, rendered, facts)
        if not broken:
            return rendered, rolled_back
        dropped = broken | {u for u in remaining if not broken.isdisjoint(passage.units[u].requires)}
        rolled_back |= dropped
        remaining -= dropped


def _split_facts(passage: Passage, kept: Set[int], spans: list[Span]) -> set[int]:
    """Kept units of which a fact is only partly in the output. Structured units hold their facts whole by construction."""
    inside = SpanSet([*spans, *passage.hidden])
    broken = set[int]()
    prose = [unit for unit in passage.units if unit.kind not in STRUCTURED_KINDS]
    if not prose:
        return broken
    facts = SpanSet(breakable_spans(passage.text))
    structured = SpanSet((unit.start, unit.end) for unit in passage.units if unit.kind in STRUCTURED_KINDS)
    cut = SpanSet(
        (start, end)
        for start, end in facts.spans
        if inside.overlaps(start, end) and not inside.contains(start, end) and not structured.overlaps(start, end)
    )
    if cut.spans:
        broken = {u for u in kept if cut.overlaps(passage.units[u].start, passage.units[u].end)}
    return broken


def _altered(passage: Passage, kept: Set[int]) -> set[int]:
    """Kept units from which a fact was deleted, or in which something was written that the original does not hold."""
    if not passage.replaced:
        return set()
    starts = [unit.start for unit in passage.units]
    broken = set[int]()
    for each in passage.replaced:
        index = bisect_right(starts, each.start) - 1
        if index not in kept:
            continue
        source = passage.text[each.start : each.end]
        if invented(source, each.text) if each.text else fact_spans(source):
            broken.add(index)
    return broken


def _without_facts(passage: Passage, kept: Set[int], spans: list[Span]) -> set[int]:
    """Kept fragments of sentences that have lost a fact."""
    if passage.source_passage is None:
        return set()
    inside = SpanSet([*spans, *passage.hidden])
    lost = SpanSet(span for span in fact_spans(passage.text) if not inside.contains(*span))
    sentences = passage.source_passage.units
    starts = [unit.start for unit in sentences]
    broken = set[int]()
    for index in kept:
        unit = passage.units[index]
        if unit.kind is Kind.FRAGMENT and unit.requires:
            sentence = sentences[bisect_right(starts, unit.start) - 1]
            if lost.overlaps(sentence.start, sentence.end):
                broken.add(index)
    return broken


def _verbatim_part(rendered: Rendered) -> str:
    if not rendered.rewritten:
        return rendered.text
    holes = [each.output for each in rendered.rewritten]
    return "".join(rendered.text[start:end] for start, end in subtract([(0, len(rendered.text))], holes))


def _split_clusters(passage: Passage, kept: Set[int], rendered: Rendered) -> set[int]:
    text = passage.text
    edges = {edge for span in rendered.spans for edge in span}
    bad = {edge for edge in edges if splits_cluster(text, edge)}
    return {u for u in kept if passage.units[u].start in bad or passage.units[u].end in bad}
