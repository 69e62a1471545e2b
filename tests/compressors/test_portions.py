from promptpress.content.render import Rendered, Rewritten
from promptpress.portions import Portion, divided, whole
from promptpress.result import UnitScore
from promptpress.shapes import Slot

TEXT = "Read this.\n\nOne. Two.\n\nThree.\n\nWhy?"
CONTEXT = (12, 21)
FURTHER = (23, 29)


def test_spans_with_white_space_between_are_one_piece() -> None:
    portion = divided(Slot(0, TEXT), [CONTEXT, FURTHER], "Why?")
    assert portion.texts == ["One. Two.\n\nThree."]
    assert portion.question == "Why?"


def test_a_text_is_put_together_from_what_stays_and_what_is_rendered() -> None:
    portion = divided(Slot(0, TEXT), [CONTEXT], "Why?")
    assembled = portion.assemble([Rendered("Two.", [(5, 9)])])
    assert assembled.text == "Read this.\n\nTwo.\n\nThree.\n\nWhy?"
    assert "".join(TEXT[a:b] for a, b in assembled.spans) == assembled.text


def test_the_white_space_before_an_empty_piece_goes_with_it() -> None:
    assembled = Portion(Slot(0, TEXT), [CONTEXT, FURTHER]).assemble([Rendered("", []), Rendered("", [])])
    assert assembled.text == "Read this.\n\nWhy?"
    assert "".join(TEXT[a:b] for a, b in assembled.spans) == assembled.text
    assert Portion(Slot(0, TEXT), [(0, 29)]).assemble([Rendered("", [])]).text == "Why?"


def test_what_is_rewritten_is_placed_in_the_whole_text() -> None:
    rendered = Rendered("2.", [], (Rewritten((5, 9), (0, 2)),))
    assembled = Portion(Slot(0, TEXT), [CONTEXT]).assemble([rendered])
    (rewritten,) = assembled.rewritten
    assert TEXT[slice(*rewritten.source)] == "Two."
    assert assembled.text[slice(*rewritten.output)] == "2."


def test_protected_spans_and_scores_move_between_text_and_pieces() -> None:
    portion = Portion(Slot(0, TEXT), [CONTEXT, FURTHER], protected=[(17, 25)])
    assert portion.protected_in_pieces == [[(5, 9)], [(0, 2)]]
    unit = UnitScore(start=0, end=6, score=1.0, kept=True)
    (moved,) = portion.scores([[], [unit]])
    assert TEXT[moved.start : moved.end] == "Three."


def test_a_whole_text_is_one_piece() -> None:
    rendered = Rendered("One.", [(12, 16)])
    assert whole(Slot(0, TEXT)).texts == [TEXT]
    assert whole(Slot(0, TEXT)).assemble([rendered]) == rendered
    assert whole(Slot(0, TEXT)).unchanged() == Rendered(TEXT, [(0, len(TEXT))])
