"""Word lists of the English rules, and what counts as a name."""

import regex

from promptpress.text.spans import Span

FUNCTION_WORDS = frozenset(
    """a about above after again against all also although always am an and another any anyone anything are as at be because
    been before began being below between both but by can could did do does doing done down during each either else even
    ever every everyone everything few finally first for from further get gets give given go goes going got had has have
    having he hello her here hers herself hi him himself his how however i if in indeed instead into is it its itself just
    last later least less let like many may maybe me meanwhile might mine more moreover most much must my myself never
    nevertheless next no nobody none nor not nothing now of off often oh ok okay on once one only onto or other others
    otherwise our ours out over overall own perhaps please rather same second see she should since so some someone
    something sometimes soon still such sure than thank thanks that the their theirs them themselves then there therefore
    these they thing things third this those though through thus to today together too toward towards under unless until
    up upon us very was we well were what whatever when where whether which while who whole whom whose why will with
    within without would yes yet you your yours yourself""".split()
)
"""Words that say little by themselves and are no names, even with a capital letter at the start of a sentence."""

NUMBER_WORDS = frozenset(
    """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion dozen twice
    half third quarter double triple""".split()
)

_NAME = regex.compile(r"(?<![\p{L}\p{N}_])\p{Lu}[\p{L}\p{N}]*(?:['’\-&][\p{L}\p{N}]+)*(?:\.(?=\p{Lu}))?")
_BEGINS = regex.compile(r"(?:^|[.!?:;…。]|\n)[\s\"'“”‘’(\[#*>\-]*$")
_LAST_LATIN = "\u024f"
"""The last character of the block Latin Extended-B."""
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’\-][\p{L}\p{N}]+)*")
ENGLISH = frozenset("the of and to in is a that it was for on i you he she we they are be with as at this have not".split())


def name_spans(text: str) -> list[Span]:
    """Words with a capital letter that may be names; a function word that begins a sentence is none."""
    spans: list[Span] = []
    for match in _NAME.finditer(text):
        word = match.group()
        if word == "I" or word.startswith(("I'", "I’")):
            continue
        if word.lower() in FUNCTION_WORDS and begins_sentence(text, match.start()):
            continue
        spans.append(match.span())
    return spans


def begins_sentence(text: str, position: int) -> bool:
    """Whether what stands at `position` is the first word of a sentence, as far as a stop before it tells."""
    return _BEGINS.search(text[max(0, position - 12) : position]) is not None if position else True


def surface_words(text: str) -> list[str]:
    """The words of a text as they are written, in lower case."""
    return [match.group().lower() for match in _WORD.finditer(text)]


def looks_english(text: str) -> bool:
    """Whether enough of the words are the commonest of English for its rules to apply."""
    found = surface_words(text)
    if not found or sum(character > _LAST_LATIN for character in text) > 0.05 * len(text):
        return False
    return sum(word in ENGLISH for word in found) >= 0.12 * len(found)
