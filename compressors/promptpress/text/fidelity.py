"""Whether a rewrite says anything that its source does not: numbers, names, identifiers, negations."""

import unicodedata

import regex

from promptpress.text.facts import scope_spans, uncuttable_spans
from promptpress.text.lexical import terms
from promptpress.text.spans import Span
from promptpress.text.words import FUNCTION_WORDS, NUMBER_WORDS, begins_sentence, name_spans, surface_words

_SPACE = regex.compile(r"\s+")
_CONTRACTED = regex.compile(r"\w*n['’]t|cannot")
_HARMFUL = regex.compile(r"[\p{Cc}\p{Cf}\p{Co}\p{Cn}\ufffd--[\n\t\u200c\u200d]]", regex.VERSION1)
_FENCE = regex.compile(r"```|~~~|</?keep>")


def folded(text: str) -> str:
    """Lower case, NFKC, white space folded, typographic quotes straight: what "verbatim" is compared by."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("“", '"').replace("”", '"')
    return str(_SPACE.sub(" ", text)).strip()


def holds(item: str, folded_text: str) -> bool:
    """Whether an item occurs in a folded text, as whole words where it begins or ends with one."""
    wanted = folded(item)
    at = folded_text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        before = folded_text[at - 1] if at else " "
        after = folded_text[end] if end < len(folded_text) else " "
        if not (_joins(wanted[:1], before) or _joins(wanted[-1:], after)):
            return True
        at = folded_text.find(wanted, at + 1)
    return not wanted


def invented(source: str, written: str) -> list[str]:
    """What a rewrite says that its source does not, as it stands there; empty for a faithful one.

    Numbers, dates, identifiers, quotations and names must stand in the source, and there may be no more negations and
    bounds than there were. What is not caught here is a change that uses the source's own words.
    """
    original = folded(source)
    facts = [_whole_words(written, span) for span in uncuttable_spans(written)]
    found = [fact for fact in facts if not holds(fact, original)]
    words, stems = set(surface_words(source)), set(terms(source))
    found += [word for word in surface_words(written) if word in NUMBER_WORDS and word not in words]
    for start, end in name_spans(written):
        name = written[start:end]
        known = all(part in words or part in stems for part in terms(name)) or name.lower() in words
        if not known and not (begins_sentence(written, start) and name.lower() in FUNCTION_WORDS):
            found.append(name)
    before, after = _scopes(source), _scopes(written)
    found += [word for word in dict.fromkeys(after) if after.count(word) > before.count(word)]
    found += _HARMFUL.findall(written) if not set(_HARMFUL.findall(written)) <= set(source) else []
    found += [mark for mark in _FENCE.findall(written) if mark not in source]
    return list(dict.fromkeys(found))


def _whole_words(text: str, span: Span) -> str:
    """A fact with the rest of the word it is part of, as the digit of "Person1" is."""
    start, end = span
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return text[start:end]


def _scopes(text: str) -> list[str]:
    return [_CONTRACTED.sub("not", folded(text[start:end])) for start, end in scope_spans(text)]


def _joins(inner: str, outer: str) -> bool:
    return inner.isalnum() and outer.isalnum() and inner.isascii() == outer.isascii()
