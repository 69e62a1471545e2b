"""Chats and transcripts: turns, each with its speaker."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.cues import CUE_TIME
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.logs import LOG_LINE
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit import Join
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check
from promptpress.text.spans import trim

LONG_TURN = 300
"""Characters up to which a turn is one unit."""
LONGEST_QUESTION = 80
"""Characters up to which a question is required by the turn that answers it."""
LONGEST_ANSWER = 60
"""Characters of a turn up to which it may need the question before it, if its first sentence is a fragment."""
LONGEST_FRAGMENT = 30
"""Characters of a sentence up to which it may be a fragment."""
_LONGEST_ASIDE = 30
"""Lines without a speaker up to which the speaker before them goes on."""

_STAMP = (
    r"(?:[\[(]?(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},?[ T])?\d{1,2}:\d\d(?::\d\d(?:\.\d{1,3})?)?"
    r"(?:[ \u202f]?[AaPp]\.?[Mm]\.?)?[\])]?)"
)
_NAME = r"[\p{Lu}\p{Lo}@][\w .'’#()&/\-]{0,40}?"
_TURN = regex.compile(
    rf"""\s*(?:\[[^\]\n]{{1,30}}\]\s*|{_STAMP}\s*[-–—,]?\s+)?
    (?P<prefix>(?P<name><[^>\s][^>\n]{{0,40}}>)(?=\s|$)
    |(?:\*\*|__)(?P<name>{_NAME})(?:[:：](?:\*\*|__)|(?:\*\*|__)[ ]?[:：])(?=\s|$)
    |(?P<name>\#?{_NAME})(?:[ ]?[(\[]{_STAMP}[)\]]|[ ]+{_STAMP})?[ ]?(?::(?=\s|$)|：))""",
    regex.VERBOSE,
)
_OWN_LINE = regex.compile(
    rf"""(?P<prefix>(?P<name>(?:\*\*)?{_NAME}(?:\*\*)?)[ \t]*(?:[,|·•—–-][ \t]*|[ \t]{{1,8}}){_STAMP}
    |{_STAMP}[ \t]+(?P<name>{_NAME})
    |(?P<name>\p{{Lu}}[\p{{Lu}}\p{{N}} .'’&()\-]{{1,40}})
    |(?:\*\*|__)(?P<name>{_NAME})(?:\*\*|__)
    |(?P<name>{_NAME})[ ]?[:：])[ \t]*$""",
    regex.VERBOSE,
)
_QUESTION = regex.compile(r"[?？؟\u037e⸮][\s\"'”’»)*_]*\Z")
_STOP = regex.compile(r"[.!?](?=\s)|[。！？]")


@dataclass(frozen=True, slots=True)
class _Turn:
    line: int
    name: str
    own_line: bool


class Dialogue(BlockType):
    """Lines that begin with who speaks, or stand below a line with the name alone; blank lines may lie between turns."""

    name: ClassVar[str] = "dialogue"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a conversation begins with the line."""
        return at in _conversations(lines, self.name)

    def block(self, lines: Lines, at: int) -> int:
        """The whole conversation."""
        return _conversations(lines, self.name).get(at, 0)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """A unit for each turn. The sentences of a long one require its beginning with the name, without which they would be
        taken for the previous speaker's; a short answer requires the question before it.
        """
        lines = Lines(text[start:end])
        turns = _turns(lines)
        question: int | None = None
        name = ""
        if sum("<" in lines[turn.line][:40] for turn in turns) > 0.5 * len(turns):
            turns = _with_events(lines, turns)
        edges = [*(turn.line for turn in turns), len(lines)]
        for turn, stop in zip(turns, edges[1:], strict=True):
            check()
            a, b = trim(text, start + lines.spans[turn.line][0], start + lines.spans[stop - 1][1])
            speech = a + _prefix_length(text[a:b], turn.own_line)
            answers = question if turn.name != name and _is_fragment(text, speech, b) else None
            index = _add_turn(text, (a, speech, b), out, () if answers is None else (answers,))
            if answers is not None:
                out.require(answers, index)
            asks = b - a <= LONGEST_QUESTION and _QUESTION.search(text, max(a, b - 10), b) is not None
            question, name = index if asks else None, turn.name


def _is_fragment(text: str, start: int, end: int) -> bool:
    if not 0 < end - start <= LONGEST_ANSWER:
        return False
    stop = _STOP.search(text, start, end)
    return (stop.end() if stop else end) - start <= LONGEST_FRAGMENT


def _add_turn(text: str, edges: tuple[int, int, int], out: UnitList, requires: tuple[int, ...]) -> int:
    """Add the turn with these edges (its start, where its speech begins, its end) and return the index of its last unit."""
    start, speech, end = edges
    if end - start <= LONG_TURN or speech >= end:
        return out.add(start, end, Kind.TURN, requires=requires)
    spans = _sentences(text, speech, end)
    if speech == start:
        index = prefix = out.add(*spans.pop(0), Kind.TURN)
    else:
        index = prefix = out.add(*trim(text, start, speech), Kind.TURN, structural=True, join=Join.OPEN)
    with out.under(prefix):
        for span in spans:
            index = out.add(*span, Kind.TURN)
    return index


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for a, b in Lines(text[start:end]).filled:
        spans += sentence_spans(text, start + a, start + b)
    return spans


def _prefix_length(turn: str, own_line: bool) -> int:
    match = (_OWN_LINE.match(turn, 0, _line_end(turn)) if own_line else None) or _TURN.match(turn)
    return trim(turn, match.end(), len(turn))[0] if match else 0


def _line_end(text: str) -> int:
    end = text.find("\n")
    return len(text) if end < 0 else end


def _turn(lines: Lines, index: int) -> _Turn | None:
    start, end = lines.spans[index]
    stop = min(end, start + 140)
    if (match := _TURN.match(lines.text, start, stop)) and not _is_entry(lines, index):
        return _Turn(index, _key(match["name"]), lines.text[match.end() : end].strip() == "")
    alone = end - start <= 80 and (index == 0 or lines.blank(index - 1)) and index + 1 < len(lines)
    if alone and not lines.blank(index + 1) and (match := _OWN_LINE.match(lines.text, start, end)):
        return _Turn(index, _key(match["name"]), True)
    return None


def _is_entry(lines: Lines, index: int) -> bool:
    """Whether the line is rather one of a log, or a cue of subtitles."""
    if lines.matches(CUE_TIME, index):
        return True
    return lines.matches(LOG_LINE, index) and "<" not in lines[index][:40] and not _CHAT_LINE.match(lines[index])


_CHAT_LINE = regex.compile(rf"\s*{_STAMP}\s*[-–—,]?\s+(?P<name>[\p{{Lu}}\p{{Lo}}][\p{{L}} .'’-]{{0,30}}):\s")


def _key(name: str) -> str:
    return name.strip(" *_").casefold()


def _turns(lines: Lines) -> list[_Turn]:
    """Every line that begins a turn by its form, as in a conversation that is known to be one."""
    found = [turn for index in range(len(lines)) if (turn := _turn(lines, index))]
    bare = Counter(turn.name for turn in found if _is_bare(lines, turn))
    if bare and bare.total() > max(2, len(bare)):
        return found
    return [turn for turn in found if not _is_bare(lines, turn)]


def _with_events(lines: Lines, turns: Sequence[_Turn]) -> list[_Turn]:
    """With the lines between the turns of a chat as turns of nobody: who joins and leaves, and what is done."""
    known = {turn.line: turn for turn in turns}
    return [known.get(index) or _Turn(index, "", False) for index in range(len(lines)) if not lines.blank(index)]


def _is_bare(lines: Lines, turn: _Turn) -> bool:
    """Whether only its capitals or its place show that the line is a name: one name at least must come again."""
    return turn.own_line and not any(mark in lines[turn.line] for mark in (":", "：", "*", "_"))


def _conversations(lines: Lines, name: str) -> dict[int, int]:
    """First line and number of lines of every conversation of the text."""
    if name not in lines.found:
        lines.found[name] = dict(_find(lines))
    return lines.found[name]


def _find(lines: Lines) -> list[tuple[int, int]]:
    turns = _turns(lines)
    runs: list[list[_Turn]] = []
    for turn in turns:
        check()
        if runs and _goes_on(lines, runs[-1][-1].line, turn.line):
            runs[-1].append(turn)
        else:
            runs.append([turn])
    return [(run[0].line, _end(lines, run) - run[0].line) for run in runs if _is_conversation(lines, run)]


def _goes_on(lines: Lines, before: int, after: int) -> bool:
    if after - before > _LONGEST_ASIDE:
        return False
    return not any(lines.startswith(("#", "```", "---", "|"), index) for index in range(before + 1, after))


def _end(lines: Lines, run: list[_Turn]) -> int:
    """The last turn ends with its paragraph."""
    end = run[-1].line + 1
    while end < len(lines) and not lines.blank(end) and not lines.startswith(("#", "```", "|"), end):
        end += 1
    return end


def _is_conversation(lines: Lines, run: list[_Turn]) -> bool:
    """Three turns and more, four lines of ten, and a speaker who speaks twice: no label of a section comes twice."""
    if len(run) < 3 or len({turn.name for turn in run}) >= len(run) or len({turn.name for turn in run}) < 2:
        return False
    end = _end(lines, run)
    filled = sum(not lines.blank(index) for index in range(run[0].line, end))
    blocks = sum(lines.blank(index) and not lines.blank(index + 1) for index in range(run[0].line, end - 1)) + 1
    logs = sum(lines.matches(LOG_LINE, index) and not _turn(lines, index) for index in range(run[0].line, end))
    return len(run) >= 0.4 * min(filled, 2.5 * blocks if blocks > 1 else filled) and len(run) >= logs
