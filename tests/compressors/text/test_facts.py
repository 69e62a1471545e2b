import pytest

from promptpress.text.facts import scope_spans, uncuttable_spans


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("must not exceed 5 mg daily", "5 mg"),
        ("it fell by -3.2% today", "-3.2%"),
        ("pay $1,250.50 now", "$1,250.50"),
        ("at ≥ 37.5 °C", "≥ 37.5 °C"),
        ("on 14 December 1911 he", "14 December 1911"),
        ("born January 5, 2020 in", "January 5, 2020"),
        ("on 2024-01-02T10:00 it", "2024-01-02T10:00"),
        ("see https://a.b.com/x?y=1.2#z for", "https://a.b.com/x?y=1.2#z"),
        ("mail me.too@site.org please", "me.too@site.org"),
        ("open /etc/nginx/nginx.conf now", "/etc/nginx/nginx.conf"),
        (r"open C:\temp\x.txt now", r"C:\temp\x.txt"),
        ("use --dry-run=yes here", "--dry-run=yes"),
        ("release v1.2.3-rc1 is", "v1.2.3-rc1"),
        ("id 123e4567-e89b-12d3-a456-426614174000 is", "123e4567-e89b-12d3-a456-426614174000"),
        ("call fooBar now", "fooBar"),
        ("call snake_case_name now", "snake_case_name"),
        ("run `a b; c` now", "`a b; c`"),
        ("the 42nd street", "42nd"),
        ("he said “do it. Now.” and", "“do it. Now.”"),
    ],
)
def test_facts_are_found_whole(text: str, fact: str) -> None:
    start = text.index(fact)
    assert any(s <= start and start + len(fact) <= e for s, e in uncuttable_spans(text))


@pytest.mark.parametrize(
    "text",
    ["must not", "never", "at least two", "they can't", "unless", "only", "without", "我不去", "行きません", "нет", "nicht"],
)
def test_scope_words(text: str) -> None:
    assert scope_spans(text)


@pytest.mark.parametrize("text", ["nothing", "Another notable note", "plain words"])
def test_parts_of_words_are_not_scope_words(text: str) -> None:
    assert len(scope_spans(text)) == (text == "nothing")
