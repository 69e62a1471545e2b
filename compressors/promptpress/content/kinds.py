"""Kinds of unit and their traits: the one table that says what each kind may be used for."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a unit is."""

    SENTENCE = "sentence"
    HEADING = "heading"
    LIST_ITEM = "list_item"
    TURN = "turn"
    LOG_LINE = "log_line"
    TABLE_ROW = "table_row"
    JSON_MEMBER = "json_member"
    STRING_SENTENCE = "string_sentence"
    """Written text inside a string of JSON or the like."""
    STRING_PART = "string_part"
    """A line, row or other part of the text inside such a string."""
    RECORD = "record"
    """An entry with its own key, number or head: a cue, a commit, a setting."""
    ELEMENT = "element"
    """An element of HTML or XML, or a tag of one."""
    OPAQUE = "opaque"
    """Nothing to read: base64, scripts, comments of markup."""
    CODE = "code"
    FRAGMENT = "fragment"
    """A part of a sentence, list item or turn; only in passages that a method has divided further."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What is true of every unit of a kind. All are False unless the table sets them."""

    prose: bool = False
    """Written text: a word-for-word repeat adds nothing, and a title named in it refers to that document."""
    line: bool = False
    """A line that stands by itself among lines of other times or speakers; encoded without its neighbours."""
    structured: bool = False
    """Follows a grammar: kept or dropped whole, edges never moved."""
    divisible: bool = False
    """May be divided into fragments."""
    last: bool = False
    """Holds no answer: ranked behind everything else."""
    own_context: bool = False
    """Its neighbours are about something else, so that the document around it tells little about it."""
    rewritable: bool = False
    """A rewriter may write it anew."""
    clauses: bool = False
    """May be cut at its clauses where the target is smaller than any unit."""
    read_by_cross_encoder: bool = True
    """The cross-encoder was trained on the like, so that its scores mean something."""


TRAITS: dict[Kind, Traits] = {
    Kind.SENTENCE: Traits(prose=True, divisible=True, rewritable=True, clauses=True),
    Kind.HEADING: Traits(prose=True, rewritable=True, clauses=True),
    Kind.LIST_ITEM: Traits(prose=True, divisible=True, rewritable=True, clauses=True),
    Kind.TURN: Traits(line=True, divisible=True, own_context=True, rewritable=True, clauses=True),
    Kind.LOG_LINE: Traits(line=True, own_context=True, clauses=True),
    Kind.TABLE_ROW: Traits(structured=True, own_context=True),
    Kind.JSON_MEMBER: Traits(structured=True, read_by_cross_encoder=False),
    Kind.STRING_SENTENCE: Traits(prose=True, structured=True),
    Kind.STRING_PART: Traits(structured=True, own_context=True),
    Kind.RECORD: Traits(structured=True, own_context=True),
    Kind.ELEMENT: Traits(prose=True, structured=True),
    Kind.OPAQUE: Traits(structured=True, own_context=True, last=True, read_by_cross_encoder=False),
    Kind.CODE: Traits(structured=True, read_by_cross_encoder=False),
    Kind.FRAGMENT: Traits(),
}

PROSE_KINDS = frozenset(kind for kind, traits in TRAITS.items() if traits.prose)
LINE_KINDS = frozenset(kind for kind, traits in TRAITS.items() if traits.line)
STRUCTURED_KINDS = frozenset(kind for kind, traits in TRAITS.items() if traits.structured)
LAST_KINDS = frozenset(kind for kind, traits in TRAITS.items() if traits.last)
DIVISIBLE_KINDS = frozenset(kind for kind, traits in TRAITS.items() if traits.divisible)
OWN_CONTEXT_KINDS = frozenset(kind for kind, traits in TRAITS.items() if traits.own_context)
REWRITABLE_KINDS = frozenset(kind for kind, traits in TRAITS.items() if traits.rewritable)
CLAUSE_KINDS = frozenset(kind for kind, traits in TRAITS.items() if traits.clauses)
CROSS_ENCODER_KINDS = frozenset(kind for kind, traits in TRAITS.items() if traits.read_by_cross_encoder)
