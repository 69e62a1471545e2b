import pytest

from promptpress.content.sentence_rules import goes_on, inside_marks
from promptpress.content.sentences import sentence_spans


@pytest.mark.parametrize(
    ("language", "before", "after", "expected"),
    [
        ("en", "The cat sat.", " The dog ran.", False),
        ("en", "The office closes on Sat.", " 5 May.", True),
        ("en", "We met in the garden in the sun.", " Later we left.", False),
        ("en", "It was signed by Dr.", " Smith.", True),
        ("en", "It was sold to Shell Inc.", " Then came the crisis.", False),
        ("es", "Vive junto al mar.", " Le gusta nadar.", False),
        ("es", "Llega el 3 de mar.", " de 2024.", True),
        ("de", "Das ist eben so.", " Der Vertrag endet.", False),
        ("de", "Wir kommen am 3.", " Mai an.", True),
        ("de", "Der Termin um 14.", " Er kam zu spät.", False),
        ("de", "Sie sprach mit dem 1.", " Vorsitzenden.", True),
        ("cs", "Smlouva končí 3.", " 5. 2021.", True),
    ],
)
def test_whether_a_sentence_goes_on_behind_a_stop(language: str, before: str, after: str, expected: bool) -> None:
    assert goes_on(before + after, len(before), language) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sat. The dog ran.", ["The cat sat.", "The dog ran."]),
        ("He came in Jan. 2024. Then he left.", ["He came in Jan. 2024.", "Then he left."]),
        (
            "The drug lowers the pressure.[12][13] It was tested twice.[4] Nothing else helped.",
            ["The drug lowers the pressure.[12][13]", "It was tested twice.[4]", "Nothing else helped."],
        ),
        (
            "Der Termin ist am 3. Mai in der Stadt. Danach fahren wir nach Hause.",
            ["Der Termin ist am 3. Mai in der Stadt.", "Danach fahren wir nach Hause."],
        ),
        ("彼は来ました．雨が降っています．", ["彼は来ました．", "雨が降っています．"]),
    ],
)
def test_sentences_by_the_rules_of_languages(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text, 0, len(text))] == expected


def test_no_sentence_ends_before_its_citation_mark() -> None:
    text = "It is so.[3] And so on."
    assert [text[start:end] for start, end in inside_marks(text)] == [".[3]"]
