"""Which units come before others whatever their scores.

With a query, those of what it names by an identifier; without one, the task itself and what went wrong.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import regex

from promptpress.content import Passage
from promptpress.content.task import task_sentences
from promptpress.pipeline.parts import Parts
from promptpress.scores import Scored, Tiers
from promptpress.text.identifiers import finder, identifiers
from promptpress.text.spans import SpanSet

_ABOUT = 12
"""Units up to which a whole passage is about the identifier that it holds; of a longer one, those next to it are."""
_NEAR = 2
"""Units before and after one with the identifier that come next."""
_FEW_PASSAGES = 2
"""Passages up to which an identifier counts even if all of them hold it."""
_COMMON = 0.3
"""Share of the passages beyond which an identifier that all of them hold tells nothing."""
_ALARM = regex.compile(
    r"\b(?:error|errors|failed|failure|fatal|exception|traceback|panic|critical|denied|refused|timeout"
    r"|timed\ out|not\ found|cannot|abort(?:ed)?"
    r"|total|totals|sum|fehler|gescheitert|summe|gesamt|erreur|échec|total|somme|errores?|fallo|errore|fallito|totale|erro|falha|błąd|chyba|ошибка|итого)\b"
    r"|错误|失败|总计|エラー|失敗|合計|오류|실패|합계",
    regex.IGNORECASE | regex.VERBOSE,
)
_ALARMS_AT_MOST = 0.2
"""Share of the units beyond which words like "error" are what the text is about, and mark nothing."""
_NAME = regex.compile(r"\b(?:\p{Lu}[\p{L}\p{N}]*|\d[\p{L}\p{N}]*)\b")
_WORDS = regex.compile(r"[\p{L}\p{N}]+")
_SECTION_BONUS = 1.0
"""Standard deviations of all scores that a section gains by a heading with a name of the query."""
_FAILURE = regex.compile(
    r"(?:^|[\s:])(?:fatal )?error(?:\[\w+\]| [A-Z]{1,4}\d+)?: |\bE: |^E   |\b(?:\w+(?:Error|Exception)\b|Traceback|panicked|FAILED|segfault)"
    r"|\b(?:[Nn]o space left|[Pp]ermission denied|[Nn]o such file|[Cc]onnection refused|command not found|timed out|[Cc]annot )",
    regex.MULTILINE,
)
_ASKS_FOR_FAILURE = regex.compile(
    r"\b(?:why|what|which|how)\b.*\b(?:fail\w*|crash\w*|br[eo]ke\w*|wrong|error\w*"
    r"|not (?:compile|work|start|build|run|install\w*|pass)|problem|stop\w*|reject\w*)\b"
    r"|\b(?:doesn't|does not|didn't|did not|won't|cannot|can't)\b"
    r"|\bfehl(?:er|geschlagen)|\bwarum\b.*\bnicht\b|\berreur|\béchou|\bfall[óoa]|\berrore?s?\b",
    regex.IGNORECASE,
)
_IMPERATIVE = regex.compile(
    r"\s*(?:please )?(?:build|run|install|compile|deploy|start|test|execute|make|check|lint|push|merge)\b", regex.IGNORECASE
)
_FAILURES_AT_MOST = 0.34
"""Share of the units beyond which failures are what the text is about."""
_ONLY_FOLLOWS = regex.compile(r"could not compile|due to (?:\d+ )?previous error|aborting due to")
"""A message that only states that there were others."""
_NAMED, _BESIDE, _REST = 2, 1, 0
_TASK, _ALARMING = 2, 1


def with_identifiers(parts: Parts, scored: Scored, query: str) -> Scored:
    """The scores with tiers: units that hold an identifier of the query, then others of the same passage, then the rest.

    Such passages are the most relevant ones too. Unchanged where no identifier tells passages or units apart.
    """
    named = _holding(parts.passages, query)
    if named is None:
        return scored
    tiers: list[Tiers] = []
    matching = np.zeros(len(parts.passages), dtype=bool)
    for index, passage in enumerate(parts.passages):
        tier = np.full(len(passage.units), _REST, dtype=np.int8)
        holding = named[index]
        if holding:
            matching[index] = True
            for unit in range(len(passage.units)):
                near = min(abs(unit - each) for each in holding)
                if len(passage.units) <= _ABOUT or near <= _NEAR:
                    tier[unit] = _NAMED if near == 0 else _BESIDE
        tiers.append(tier)
    relevance = scored.passages
    if relevance is not None and matching.any():
        spread = float(relevance.max() - relevance.min()) + 1.0
        relevance = np.where(matching, relevance + spread, relevance).astype(np.float32)
    return replace(_with_tiers(scored, tiers), passages=relevance)


def with_named_sections(parts: Parts, scored: Scored, query: str) -> Scored:
    """The scores with a bonus for sections of a text whose headings hold a name or number of the query that few others do.

    Sections of one text often say the same of different things: only the heading tells which of them was asked for.
    """
    names = {name.casefold() for name in _NAME.findall(query)} - {query.split(maxsplit=1)[0].casefold()}
    siblings = np.bincount(parts.owners, minlength=parts.texts)
    if not names or not len(siblings) or siblings.max() <= 1:
        return scored
    titles = [set(_WORDS.findall(passage.title.casefold())) for passage in parts.passages]
    telling = {name for name in names if 0 < sum(name in title for title in titles) <= max(1, _COMMON * len(titles))}
    named = np.asarray(
        [bool(telling & title) and siblings[owner] > 1 for title, owner in zip(titles, parts.owners, strict=True)]
    )
    flat = np.concatenate(scored.units) if scored.units else np.empty(0, np.float32)
    if not named.any() or not len(flat):
        return scored
    bonus = np.float32(_SECTION_BONUS * float(flat.std()))
    units = [scores + bonus if mine else scores for scores, mine in zip(scored.units, named, strict=True)]
    return replace(scored, units=units)


def with_failures(parts: Parts, scored: Scored, query: str) -> Scored:
    """The scores with a tier for messages of errors, where the query asks what failed or is a command to run something.

    Unchanged where such messages are most of the text.
    """
    if not (_ASKS_FOR_FAILURE.search(query) or (_IMPERATIVE.match(query) and not query.rstrip().endswith("?"))):
        return scored
    tiers: list[Tiers] = []
    for passage in parts.passages:
        texts = [passage.slice(unit) for unit in range(len(passage.units))]
        tiers.append(np.asarray([_fails(text) for text in texts], dtype=np.int8))
    count, total = sum(int(each.sum()) for each in tiers), sum(len(each) for each in tiers)
    if not 0 < count <= max(1, _FAILURES_AT_MOST * total):
        return scored
    return _with_tiers(scored, tiers)


def _fails(text: str) -> bool:
    return _FAILURE.search(text) is not None and _ONLY_FOLLOWS.search(text) is None


def _holding(passages: Sequence[Passage], query: str) -> list[list[int]] | None:
    """For each passage the units that hold an identifier that not too many passages hold; None if there is none."""
    found: list[list[int]] = [[] for _ in passages]
    any_found = False
    for identifier in identifiers(query):
        pattern = finder(identifier)
        places = [[m.start() for m in pattern.finditer(passage.text)] for passage in passages]
        titled = [pattern.search(passage.title) is not None for passage in passages]
        holding = sum(bool(p) or t for p, t in zip(places, titled, strict=True))
        if holding == 0 or (len(passages) > _FEW_PASSAGES and holding > max(1, _COMMON * len(passages))):
            continue
        for index, (starts, title) in enumerate(zip(places, titled, strict=True)):
            spans = SpanSet([(start, start + 1) for start in starts])
            units = [u for u, unit in enumerate(passages[index].units) if spans.overlaps(unit.start, unit.end)]
            if title and not units and len(passages[index].units) <= _ABOUT:
                units = [0] if passages[index].units else []
            found[index] += [unit for unit in units if unit not in found[index]]
            any_found = any_found or bool(units)
    total = sum(len(passage.units) for passage in passages)
    return found if any_found and sum(map(len, found)) < total else None


def without_query(passages: Sequence[Passage], scored: Scored) -> Scored:
    """The scores with tiers for texts without a query: the task, then errors, failures and totals, then the rest."""
    tiers: list[Tiers] = []
    for passage in passages:
        tier = np.zeros(len(passage.units), dtype=np.int8)
        task = SpanSet(task_sentences(passage.text))
        alarming = [u for u in range(len(passage.units)) if _ALARM.search(passage.slice(u))]
        if len(alarming) <= _ALARMS_AT_MOST * len(passage.units):
            tier[alarming] = _ALARMING
        for index, unit in enumerate(passage.units):
            if task.overlaps(unit.start, unit.end):
                tier[index] = _TASK
        tiers.append(tier)
    if not any(tier.any() for tier in tiers):
        return scored
    return _with_tiers(scored, tiers)


def _with_tiers(scored: Scored, tiers: list[Tiers]) -> Scored:
    """The scores with these tiers, or with those that they have already where they are higher."""
    if scored.tiers is not None:
        tiers = [np.maximum(a, b).astype(np.int8) for a, b in zip(tiers, scored.tiers, strict=True)]
    return replace(scored, tiers=tiers)
