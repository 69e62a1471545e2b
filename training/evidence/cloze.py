"""Questions made from sentences: an answer is taken out and a question word put in front of the rest.

The grammar is poor on purpose. What the model is to learn is which sentence holds an answer of the kind asked for, with some
of the question's words missing from it and its subject often no more than a pronoun.
"""

from dataclasses import dataclass
from random import Random

import regex

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = regex.compile(rf"(?:{_MONTH} \d{{1,2}}, )?{_MONTH}? ?\b1[4-9]\d\d\b|\b20[0-2]\d\b|\b\d{{1,2}} {_MONTH}(?: \d{{4}})?")
_NUMBER = regex.compile(r"(?<![\w.,])[$£€]?\d[\d,.]*\d?%?(?: (?:million|billion|percent|per cent))?(?= [a-z]{3,})")
_NAME = regex.compile(r"(?<=[a-z,;(] )(?:\p{Lu}[\p{L}.'’-]+)(?: (?:of|the|de|van|von|and)? ?\p{Lu}[\p{L}.'’-]+)*")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}'’.,-]*[\p{L}\p{N}]|[\p{L}\p{N}]")
_PRONOUNS = frozenset("he she it they his her its their".split())
_STOP = frozenset(
    "a an the of to in on at by for with from as and or but is are was were be been has have had that which who whom this "
    "these those also it its he she they his her their not into than then there such when where while during after "
    "before".split()
)
_BEFORE_PLACE = frozenset("in at near from to".split())
_BEFORE_PERSON = frozenset("by with actor actress singer president king queen director author and".split())


@dataclass(frozen=True)
class Question:
    """A question and the span of its answer inside the sentence."""

    text: str
    answer: tuple[int, int]


def make_question(sentence: str, subject: str, random: Random, stand_in: str | None = None) -> Question | None:
    """A question about a sentence of a document about `subject`, or None if nothing in it can be asked for.

    `stand_in` is put where the subject would be named; the second step of a chain describes its subject instead.
    """
    candidates = [("date", m.span()) for m in _DATE.finditer(sentence) if len(m.group().strip()) >= 4]
    candidates += [("number", m.span()) for m in _NUMBER.finditer(sentence)]
    candidates += [
        ("name", m.span())
        for m in _NAME.finditer(sentence)
        if m.group().lower() not in subject.lower() and subject.lower() not in m.group().lower()
    ]
    if not candidates:
        return None
    kind, (start, end) = random.choice(candidates)
    while start < end and sentence[start] == " ":
        start += 1
    words = list(_WORD.finditer(sentence))
    before = [w for w in words if w.end() <= start][-random.randint(5, 14) :]
    after = [w for w in words if w.start() >= end][: random.randint(2, 10)]
    if len(before) + len(after) < 4:
        return None
    rest = _thinned([w.group() for w in before], random), _thinned([w.group() for w in after], random)
    rest = _named(rest[0], subject, stand_in, random), rest[1]
    front = _question_word(kind, before[-1].group() if before else "", random)
    body = [*rest[0], *rest[1]]
    if kind == "number" and after:
        # "how many goals ...": what is counted belongs behind the question word.
        body = [after[0].group(), *rest[0], *[w for w in rest[1] if w != after[0].group()]]
    if random.random() < 0.15:
        random.shuffle(body)
    text = " ".join([front, *body])
    return Question(_styled(text, random), (start, end))


def _thinned(words: list[str], random: Random) -> list[str]:
    return [w for w in words if random.random() > (0.35 if w.lower() in _STOP else 0.3)]


def _named(words: list[str], subject: str, stand_in: str | None, random: Random) -> list[str]:
    name = stand_in or subject
    low = {part.lower() for part in subject.split()}
    named = [w for w in words if w.lower() in low]
    if stand_in is not None:
        return [name, *[w for w in words if w.lower() not in low and w.lower() not in _PRONOUNS]]
    if named or random.random() < 0.15:
        return words
    pronouns = [i for i, w in enumerate(words) if w.lower() in _PRONOUNS]
    if pronouns:
        return [*words[: pronouns[0]], name, *words[pronouns[0] + 1 :]]
    return [name, *words] if random.random() < 0.6 else [*words, name]


def _question_word(kind: str, previous: str, random: Random) -> str:
    if kind == "date":
        return random.choice(["when", "when", "when did", "when was", "in what year", "what year", "what date"])
    if kind == "number":
        return random.choice(["how many", "how many", "how much", "what number of", "what is the number of"])
    if previous.lower() in _BEFORE_PLACE:
        return random.choice(["where", "where is", "where was", "in which city", "in what country", "what place", "which"])
    if previous.lower() in _BEFORE_PERSON:
        return random.choice(["who", "who", "who was", "whom", "what is the name of the person"])
    return random.choice(["who", "what", "which", "what is the name of", "who is", "what was", "where"])


def _styled(text: str, random: Random) -> str:
    if random.random() < 0.5:
        return text.lower() + ("?" if random.random() < 0.2 else "")
    return text[:1].upper() + text[1:] + ("?" if random.random() < 0.8 else "")
