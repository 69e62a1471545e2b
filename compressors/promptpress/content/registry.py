"""All content types, in the order in which a text is tried for them. A new type is a file and a line here."""

from collections.abc import Sequence

from promptpress.content.base import BlockType, ContentType, LineType, WholeText
from promptpress.content.brackets import BibEntries, BraceBlocks, Cards
from promptpress.content.code import Code
from promptpress.content.columns import Columns
from promptpress.content.commits import Commits
from promptpress.content.compiler_messages import CompilerMessages
from promptpress.content.configuration import Configuration
from promptpress.content.cues import Cues
from promptpress.content.dialogue import Dialogue
from promptpress.content.diffs import Diffs
from promptpress.content.emails import Emails
from promptpress.content.exams import Exams
from promptpress.content.fenced_json import FencedJson
from promptpress.content.fences import Fences
from promptpress.content.git_status import GitStatus
from promptpress.content.grep_output import GrepOutput
from promptpress.content.headings import Headings
from promptpress.content.json import Json
from promptpress.content.labelled import Labelled, Questions, Rows
from promptpress.content.labels import Attributions, Labels, Outlined, Titles
from promptpress.content.latex import Latex
from promptpress.content.listings import Listings, Verses
from promptpress.content.lists import Lists
from promptpress.content.logs import Logs
from promptpress.content.markup import Markup
from promptpress.content.opaque import Opaque
from promptpress.content.plans import Plans
from promptpress.content.prose import Prose
from promptpress.content.quotes import Quotes
from promptpress.content.rst_tables import RuledTable
from promptpress.content.run_reports import TestReports
from promptpress.content.sources import NumberedSources, TaggedSources
from promptpress.content.tables import DelimitedTable, MarkdownTable
from promptpress.content.traces import Traces
from promptpress.content.trees import Trees
from promptpress.content.unit import Passage
from promptpress.content.yaml import Yaml


class ContentTypes:
    """Content types in the order in which they are asked. The last must be a line type that every line is of."""

    def __init__(self, types: Sequence[ContentType]) -> None:
        self.all = tuple(types)
        self.whole_texts = tuple(each for each in types if isinstance(each, WholeText))
        self.blocks = tuple(each for each in types if isinstance(each, BlockType))
        self.lines = tuple(each for each in types if isinstance(each, LineType))

    def check(self, passage: Passage, text: str) -> bool:
        """Whether `text`, made of kept units of the passage, is still sound as every type that the passage is of."""
        return all(each.check(passage, text) for each in self.all)


CONTENT_TYPES = ContentTypes(
    (
        FencedJson(),
        Fences(),
        TaggedSources(),
        NumberedSources(),
        Quotes(),
        MarkdownTable(),
        RuledTable(),
        Json(),
        DelimitedTable(),
        Markup(),
        Configuration(),
        Yaml(),
        BraceBlocks(),
        Latex(),
        TestReports(),
        CompilerMessages(),
        Traces(),
        Diffs(),
        GitStatus(),
        Plans(),
        Commits(),
        Cues(),
        Cards(),
        BibEntries(),
        Rows(),
        GrepOutput(),
        Trees(),
        Opaque(),
        Columns(),
        Listings(),
        Emails(),
        Exams(),
        Questions(),
        Labelled(),
        Dialogue(),
        Headings(),
        Attributions(),
        Labels(),
        Titles(),
        Outlined(),
        Verses(),
        Code(),
        Lists(),
        Logs(),
        Prose(),
    )
)
