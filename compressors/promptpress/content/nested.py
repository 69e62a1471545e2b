"""Trees of lines and elements as units: what is inside comes with what it is inside of."""

from collections.abc import Callable
from dataclasses import dataclass, field

from promptpress.content.kinds import Kind
from promptpress.content.unit import Join
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

WHOLE = 400
"""Characters up to which a node with others inside may be one unit, so that a short record never loses a field."""
_LEAST_WHOLE = 120
_MAX_DEPTH = 60


@dataclass(slots=True)
class Node:
    """`text[start:end]`: an opening up to `opened`, what is inside, and a closing from `closing` on, both empty if equal to
    an edge."""

    start: int
    opened: int
    closing: int = 0
    end: int = 0
    children: list["Node"] = field(default_factory=list)
    identity: bool = False
    """Says which one its parent is: a name, an id. The parent's opening requires it."""


def whole_length(text_length: int) -> int:
    """The length up to which a node of a text is one unit: a quarter of a short text, to leave a choice."""
    return max(_LEAST_WHOLE, min(WHOLE, text_length // 4))


@dataclass(frozen=True)
class NodeWriter:
    """Adds the units of nodes to a list."""

    out: UnitList
    kind: Kind
    whole: int
    """Nodes up to so many characters are one unit."""
    structural: bool = True
    """Whether an opening is only kept for what is inside."""
    whole_at: Callable[[Node], bool] = lambda _: True
    """Whether a node of that length may be one unit."""

    def add(self, node: Node, depth: int = 0) -> int:
        """Add a node and return the index of its opening, or of the whole of it."""
        check()
        small = node.end - node.start <= self.whole and self.whole_at(node)
        if not node.children or small or depth >= _MAX_DEPTH:
            return self.out.add(node.start, node.end, self.kind)
        bracket = node.closing < node.end
        opening = self.out.add(
            node.start, node.opened, self.kind, structural=self.structural, join=Join.OPEN if bracket else Join.FLOW
        )
        identities: list[int] = []
        with self.out.under(opening):
            for child in node.children:
                index = self.add(child, depth + 1)
                if child.identity:
                    identities.append(index)
            if bracket:
                closing = self.out.add(node.closing, node.end, self.kind, join=Join.CLOSE, structural=True)
                identities.append(closing)
        if identities:
            self.out.require(opening, *identities)
        return opening
