"""What kind of answer a question wants, and which texts hold something of that kind. English question words only."""

from enum import IntEnum

import regex

from promptpress.text.lexical import words


class AnswerType(IntEnum):
    """The kind of answer, as far as the question's first interrogative tells."""

    OTHER = 0
    PERSON = 1
    TIME = 2
    PLACE = 3
    NUMBER = 4
    THING = 5
    REASON = 6
    YES_NO = 7


_NUMBER = (
    r"\p{N}|(?i:\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|"
    r"hundreds?|thousands?|millions?|billions?)\b)"
)
_TIME = (
    r"\b1\d{3}\b|\b20\d{2}\b|\d{1,2}:\d{2}|(?i:\b(?:january|february|march|april|june|july|august|september|october|november|"
    r"december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|centuries|decades?|years?|months?|days?)\b)"
)
_PROPER_NAME = r"\p{Lu}[\p{L}\p{M}'’.-]*\p{L}"
_REASON = (
    r"(?i:\b(?:because|due to|since|so that|in order to|result(?:s|ed)? (?:of|in|from)|caus(?:e|es|ed)|"
    r"by \p{L}+ing|to \p{L}+)\b)"
)
_EVIDENCE = {
    AnswerType.PERSON: regex.compile(_PROPER_NAME),
    AnswerType.TIME: regex.compile(_TIME),
    AnswerType.PLACE: regex.compile(_PROPER_NAME),
    AnswerType.NUMBER: regex.compile(_NUMBER),
    AnswerType.REASON: regex.compile(_REASON),
}
_ASKS = {
    AnswerType.NUMBER: r"\bhow (?:many|much|long|far|old|tall|big|large|high|often|fast|deep|wide)\b|"
    r"\bwhat (?:percent|number|amount)",
    AnswerType.TIME: r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|time|decade|period)\b",
    AnswerType.PERSON: r"\bwho(?:m|se)?\b|\b(?:what|which) (?:person|actor|actress|singer|author|king|queen|president)\b",
    AnswerType.PLACE: r"\bwhere\b|\b(?:what|which) (?:city|country|state|town|place|county|river|island|region)\b",
    AnswerType.REASON: r"\bwhy\b|\bhow\b",
    AnswerType.THING: r"\b(?:what|which)\b",
    AnswerType.YES_NO: r"^\W*(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should)\b",
}
_ASKED = [(kind, regex.compile(pattern, regex.I)) for kind, pattern in _ASKS.items()]
_SEVERAL_STEPS = regex.compile(
    r"(?i)\b(?:both|same|also|between|other than|compared|older|younger|earlier|later|first|more|"
    r"who (?:also|was|is)|that (?:was|is|has)|which (?:was|is|has))\b|\bof the \p{L}+ (?:of|who|that|in which)\b"
)
_NAME = regex.compile(_PROPER_NAME)


def answer_type(question: str) -> AnswerType:
    """The kind of answer the question asks for."""
    return next((kind for kind, pattern in _ASKED if pattern.search(question)), AnswerType.OTHER)


def contains_answer_type(text: str, kind: AnswerType, asked: frozenset[str]) -> bool:
    """Whether the text holds something of the kind that the question's words (`asked`, lower case) do not hold already."""
    pattern = _EVIDENCE.get(kind)
    if pattern is None:
        return False
    return any(not set(words(match.group())) <= asked for match in pattern.finditer(text))


def names(question: str) -> int:
    """Capitalised words of the question after its first word."""
    return len(_NAME.findall(question.strip().partition(" ")[2]))


def several_steps(question: str) -> bool:
    """Whether the question reads as one that needs more than one fact."""
    return _SEVERAL_STEPS.search(question) is not None
