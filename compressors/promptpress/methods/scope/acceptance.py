"""Whether a draft may stand for its chunk."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex

from promptpress.arrays import Float32Array
from promptpress.backends.encoder.base import Encoder
from promptpress.backends.rewriter.base import Draft, RewriteJob
from promptpress.text.fidelity import folded, holds, invented

SIMILARITY = 0.8
"""Least cosine between a chunk and its rewrite."""
TOLERANCE = 1.15
"""How much longer than asked a rewrite may be; models cannot count."""

_REFUSES = regex.compile(
    r"\s*(?:i['’]m\s+(?:very\s+)?sorry|i\s+am\s+sorry|sorry,|i\s+apologi[sz]e|i\s+can(?:no|['’])t|i\s+am\s+(?:unable|not\s+able)|"
    r"i['’]m\s+(?:unable|not\s+able)|as\s+an?\s+(?:ai|language\s+model)|unfortunately,\s+i\b)",
    regex.IGNORECASE,
)
_TALKS = regex.compile(
    r"\s*(?:sure\b|certainly\b|of\s+course\b|okay\b|here(?:['’]s|\s+is|\s+are)\b|(?:the\s+)?(?:rewritten|shortened|condensed|concise|"
    r"compressed)\s+(?:text|version|passage)\b|rewrite:|summary:|output:)",
    regex.IGNORECASE,
)


@dataclass(frozen=True)
class Objection:
    """Why a draft is not accepted: one word for the receipt, and what to tell the rewriter."""

    reason: str
    complaint: str


def objections(job: RewriteJob, draft: Draft) -> list[Objection]:
    """What is wrong with a draft by its words alone; empty if nothing is."""
    written = draft.text.strip()
    if not written:
        return [Objection("empty", "your answer was empty")]
    found: list[Objection] = []
    if _REFUSES.match(written) and not _REFUSES.match(job.text):
        found.append(Objection("refused", "the text is to be shortened, whatever it says"))
    elif _TALKS.match(written) and not _TALKS.match(job.text):
        found.append(Objection("not_the_text", "answer with the shortened text alone"))
    tokens = job.count(draft.text)
    if tokens >= job.count(job.text):
        found.append(Objection("not_shorter", "your answer was not shorter than the text"))
    elif draft.replacements and any(each.text for each in draft.replacements) and tokens > TOLERANCE * job.most_tokens + 2:
        found.append(
            Objection("too_long", f"your answer was too long by {round(100 * (tokens / job.most_tokens - 1))} percent")
        )
    held = folded(written)
    missing = [keyword for keyword in job.keywords if not holds(keyword, held)]
    if missing:
        found.append(Objection("keywords_missing", f"these are missing and must occur word for word: {_listed(missing)}"))
    added = invented(job.text, draft.text)
    if added:
        found.append(Objection("invented", f"these are not in the text and must not occur: {_listed(added)}"))
    return found


def far_away(encoder: Encoder, pairs: Sequence[tuple[RewriteJob, Draft]], similarity: float) -> list[bool]:
    """For each chunk and draft whether their embeddings are further apart than allowed."""
    if not pairs:
        return []
    vectors = _vectors(encoder, [text for job, draft in pairs for text in (job.text, draft.text)])
    return [bool(round(float(vectors[i] @ vectors[i + 1]), 4) < similarity) for i in range(0, len(vectors), 2)]


def _vectors(encoder: Encoder, texts: Sequence[str]) -> list[Float32Array]:
    """Unit-length vectors of texts of any length: the mean of all their token states."""
    room = encoder.window - 2
    pieces = [[t.ids[at : at + room] for at in range(0, max(1, len(t.ids)), room)] for t in encoder.tokenize(texts)]
    states = iter(encoder.states([piece for parts in pieces for piece in parts]))
    sums = [np.sum([next(states).sum(axis=0) for _ in parts], axis=0) for parts in pieces]
    return [total / max(float(np.linalg.norm(total)), 1e-9) for total in sums]


def _listed(items: Sequence[str]) -> str:
    return "; ".join(" ".join(item.split())[:80] for item in items[:40])
