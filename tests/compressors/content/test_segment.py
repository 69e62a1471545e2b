import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress import compress
from promptpress.content import Kind, segment
from tests.strategies import any_text


def units(text: str) -> list[str]:
    passage = segment(text)
    return [passage.slice(i) for i in range(len(passage.units))]


@given(any_text)
def test_units_and_gaps_partition_any_text(text: str) -> None:
    passage = segment(text)
    pieces: list[str] = []
    for index, unit in enumerate(passage.units):
        start, end = passage.gaps[index]
        pieces += [text[start:end], text[unit.start : unit.end]]
    start, end = passage.gaps[-1]
    assert "".join([*pieces, text[start:end]]) == text
    assert all(unit.start < unit.end for unit in passage.units)


@given(any_text)
def test_everything_but_space_and_separators_is_in_a_unit(text: str) -> None:
    passage = segment(text)
    between = "".join(text[start:end] for start, end in passage.gaps)
    assert not between.replace(",", "").strip()


@given(st.text(max_size=200))
def test_what_a_unit_requires_exists(text: str) -> None:
    passage = segment(text)
    assert all(0 <= required < len(passage.units) for unit in passage.units for required in unit.requires)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. J. R. Smith left the U.S. in May. He came back.", ["Dr. J. R. Smith left the U.S. in May.", "He came back."]),
        ("It costs $3.5 million. Pi is 3.14.", ["It costs $3.5 million.", "Pi is 3.14."]),
        ("See https://a.b.com/x?y=1.2. Then go.", ["See https://a.b.com/x?y=1.2.", "Then go."]),
        ("Yes... maybe. No?", ["Yes... maybe.", "No?"]),
        ('He said "Go. Now." and left. So it was.', ['He said "Go. Now." and left.', "So it was."]),
        ("Not before Jan. 5, 2020. Later.", ["Not before Jan. 5, 2020.", "Later."]),
        ("你好。世界！好吗？", ["你好。", "世界！", "好吗？"]),
        ("他说“走吧。”然后离开了。", ["他说“走吧。”", "然后离开了。"]),
        ("「行きません。」と彼は言った。終わり。", ["「行きません。」と彼は言った。", "終わり。"]),
        ("यह है। वह है।", ["यह है।", "वह है।"]),
        ("هل هذا؟ نعم.", ["هل هذا؟", "نعم."]),
        ("- one\n- two\n- three", ["- one", "- two", "- three"]),
        ("# Title\n\nText here.", ["# Title", "Text here."]),
        (
            "One line of text that is wrapped and goes\non in the next. Two.",
            ["One line of text that is wrapped and goes\non in the next.", "Two."],
        ),
        ("one\r\n\r\ntwo", ["one", "two"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert units(text) == expected


def test_code_fence_is_one_unit() -> None:
    fence = "```python\nx = 1\n\n\ny = 2\n```"
    assert fence in units(f"Before.\n\n{fence}\n\nAfter.")


def test_unclosed_fence_runs_to_the_end() -> None:
    assert units("Text.\n\n```python\nx = 1\n\ny = 2")[-1] == "```python\nx = 1\n\ny = 2"


def test_chat_lines_are_turns() -> None:
    passage = segment("[10:23] <ann> hi\n[10:24] <bob> hello there\n[10:24] <ann> which url?\n[10:25] <bob> http://x.org/")
    assert [unit.kind for unit in passage.units] == [Kind.TURN] * 4


def test_labelled_sections_are_not_turns() -> None:
    passage = segment("METHODS: We counted.\nRESULTS: There were 12.\nCONCLUSION: Twelve is enough.")
    assert Kind.TURN not in {unit.kind for unit in passage.units}


def test_log_lines() -> None:
    passage = segment(
        "2024-01-02 10:00:00 INFO start\n2024-01-02 10:00:01 WARN slow. Very slow.\n2024-01-02 10:00:02 INFO end"
    )
    assert [unit.kind for unit in passage.units] == [Kind.LOG_LINE] * 3


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |",
        "name,age,town\nann,3,Oslo\nbob,4,Rome",
        'name\tage\n"a\nb"\t3\nbob\t4',
    ],
)
def test_table_rows_require_their_header(text: str) -> None:
    passage = segment(text)
    assert [unit.kind for unit in passage.units] == [Kind.TABLE_ROW] * 3
    assert passage.units[0].structural
    assert passage.units[1].requires == passage.units[2].requires == (0,)


def test_the_error_of_a_stack_trace_stands_under_its_head_and_frames_require_both() -> None:
    trace = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    g()\nValueError: bad'
    passage = segment(f"It failed:\n\n{trace}\n\nWhy?")
    _, head, frame, error, _ = range(len(passage.units))
    assert passage.slice(head) == "Traceback (most recent call last):"
    assert passage.slice(frame) == '  File "x.py", line 1, in f\n    g()'
    assert passage.slice(error) == "ValueError: bad"
    assert passage.units[head].structural
    assert error in passage.units[frame].requires
    assert head in passage.units[error].requires


def test_hunks_of_a_diff_require_the_head_of_its_file() -> None:
    head, hunk = "diff --git a/x b/x\n--- a/x\n+++ b/x", "@@ -1,2 +1,2 @@\n-a\n+b\n c"
    passage = segment(f"{head}\n{hunk}\n\nDone.")
    assert [passage.slice(index) for index in range(3)] == [head, hunk, "Done."]
    assert passage.units[0].structural
    assert 0 in passage.units[1].requires


def test_source_code_is_divided_between_definitions() -> None:
    code = "import os\n\n\ndef f(x):\n    y = x\n\n    return y\n\n\nclass A:\n    z = 1\n"
    assert units(code) == ["import os", "def f(x):\n    y = x\n\n    return y", "class A:\n    z = 1"]


@pytest.mark.parametrize("text", ["a" * 5000, "字" * 5000, "word " * 5000, "😀" * 3000, "ภาษาไทย" * 500])
def test_a_very_long_sentence_is_divided(text: str) -> None:
    passage = segment(text)
    assert len(passage.units) > 3
    assert max(unit.end - unit.start for unit in passage.units) <= 1000


def test_a_long_sentence_is_not_divided_inside_a_number() -> None:
    passage = segment("The value is 3 and it is not 4 kg or 5,000,000 USD " * 100)
    joints = [(passage.slice(i)[-1], passage.slice(i + 1)[0]) for i in range(len(passage.units) - 1)]
    assert all(not (left.isdigit() and right in "kU") for left, right in joints)


def test_iso_timestamps_begin_log_lines() -> None:
    passage = segment(
        "\n".join(f"2024-01-02T10:00:0{i}Z INFO request {i} served by worker node-{i} in time" for i in range(5))
    )
    assert [unit.kind for unit in passage.units] == [Kind.LOG_LINE] * 5


def test_a_turn_keeps_its_speaker() -> None:
    long = " ".join(f"Point number {i} is this." for i in range(20))
    passage = segment(f"ANN: Shall we?\nBOB: I would wait. The tests are red.\nANN: Then Monday.\nBOB: {long}")
    assert passage.slice(1) == "BOB: I would wait. The tests are red."
    assert all(unit.requires == (3,) for unit in passage.units[4:])


def test_a_closing_fence_without_its_opening_swallows_nothing() -> None:
    assert units("    return x\n```\nThe cache holds 64 MB. It is fast.")[-2:] == ["The cache holds 64 MB.", "It is fast."]


def test_statements_are_not_a_table() -> None:
    passage = segment("SELECT a FROM b WHERE c = 1;\nINSERT INTO x VALUES (1);\nUPDATE y SET z = 2;\nDELETE FROM t;")
    assert Kind.TABLE_ROW not in {unit.kind for unit in passage.units}


def test_an_enumeration_is_not_source_code() -> None:
    text = (
        "The Supplier shall:\n(a) deliver the goods on time and in full;\n(b) maintain insurance of at least $2,000,000;\n"
    )
    text += "(c) keep its staff trained and informed;\n(d) keep records for seven years;"
    assert len(segment(text).units) == 5


@pytest.mark.parametrize(
    "text",
    [
        "a" * 150_000 + " @ b",
        "1" * 150_000 + " 1.1.1",
        "a\n" + " " * 150_000 + "x",
        (" " + "a" * 40_000 + "\n") * 4,
        "“" * 150_000,
    ],
)
def test_no_pattern_makes_segmentation_quadratic(text: str) -> None:
    # A quadratic pattern would take minutes on these and run into the time limit of the test run.
    assert segment(text).units


@pytest.mark.parametrize("method", ["bm25", "scope"])
def test_json_after_sentences_that_share_a_character_keeps_its_brackets(method: str) -> None:
    record = {"name": "x", "a": "y" * 300, "b": [1, 2, 3], "c": "z" * 300}
    text = f"東京。\u0e33Hello there。world\n\n{json.dumps(record)}"
    result = compress(text, query="b", method=method, target_ratio=0.5).text or ""
    assert json.loads(result[result.index("{") :]).items() < record.items()
