"""The embedded rewriter: it deletes the least informative parts of sentences. No network, no generated text."""

from collections.abc import Sequence

import regex

from promptpress.backends.rewriter.base import Draft, RewriteJob
from promptpress.backends.rewriter.deletion_rules import GRADES, RULES
from promptpress.content import Replacement
from promptpress.text.facts import fact_spans
from promptpress.text.graphemes import may_hold_clusters
from promptpress.text.spans import Span, SpanSet, merge
from promptpress.text.words import looks_english, name_spans

LEAST_LEFT = 0.4
"""Share of a sentence's characters that must stay; of one that would lose more, nothing is deleted in that step."""
_WORD = regex.compile(r"\w+")
_ROUNDS = 3


class DeletionRewriter:
    """Parentheses, appositions, adverbials, fillers and lead-ins of English sentences; other languages pass through.

    Deletes by grades, those that lose least first, and only as far as the job asks. Never touches a number, a name, a
    negation, a quotation or a keyword.
    """

    name = "deletion/1"
    workers = 1
    generates = False

    def rewrite(self, job: RewriteJob) -> Draft:
        """See Rewriter.rewrite. What is still too long after the last grade comes back as it is then."""
        cuts: list[Span] = []
        strictest = 2 if job.complaints else GRADES
        if looks_english(job.text):
            for grade in range(1, strictest + 1):
                cuts = merge([*cuts, *(span for s in job.sentences for span in _cuts(job.text, s, job.protected, grade))])
                if job.count(_without(job.text, cuts)) <= job.most_tokens:
                    break
        return Draft(_without(job.text, cuts), [Replacement(start, end) for start, end in cuts])

    def close(self) -> None:
        """Nothing to close."""


def _cuts(text: str, sentence: Span, protected: Sequence[Span], grade: int) -> list[Span]:
    start, end = sentence
    original = text[start:end]
    if may_hold_clusters(original):
        return []
    fixed = SpanSet([*((s + start, e + start) for s, e in (*fact_spans(original), *name_spans(original))), *protected])
    cuts: list[Span] = []
    for _ in range(_ROUNDS):
        before = len(cuts)
        current, places = _remaining(text, sentence, cuts)
        for level, rule in RULES:
            if level > grade:
                break
            for match in rule.finditer(current):
                cut = match.span("cut")
                pieces = _original(places, cut)
                if cut[0] < cut[1] and not any(fixed.overlaps(*piece) for piece in pieces):
                    trial = merge([*cuts, *pieces])
                    if _sound(text, sentence, trial):
                        cuts = trial
            if len(cuts) != before:
                break
        if len(cuts) == before:
            break
    return cuts


def _remaining(text: str, sentence: Span, cuts: Sequence[Span]) -> tuple[str, list[int]]:
    """The sentence without the cuts, and where each of its characters stands in the text."""
    gone = SpanSet(cuts)
    places = [i for i in range(*sentence) if not gone.overlaps(i, i + 1)]
    return "".join(text[i] for i in places), places


def _original(places: Sequence[int], cut: Span) -> list[Span]:
    return merge((place, place + 1) for place in places[cut[0] : cut[1]])


def _sound(text: str, sentence: Span, cuts: Sequence[Span]) -> bool:
    """Whether enough is left, and no two words run together."""
    start, end = sentence
    inside = [cut for cut in cuts if cut[1] > start and cut[0] < end]
    left = end - start - sum(e - s for s, e in inside)
    if left < LEAST_LEFT * (end - start) or not _WORD.search(
        _without(text[start:end], [(s - start, e - start) for s, e in inside])
    ):
        return False
    return not any(s > start and e < end and text[s - 1].isalnum() and text[e].isalnum() for s, e in inside)


def _without(text: str, cuts: Sequence[Span]) -> str:
    pieces, at = [], 0
    for start, end in cuts:
        pieces.append(text[at:start])
        at = end
    return "".join([*pieces, text[at:]])
