"""Generated text of every kind the service meets."""

import json

from hypothesis import strategies as st

_words = st.sampled_from(
    [
        "the",
        "a",
        "of",
        "not",
        "never",
        "only",
        "Paris",
        "3.5",
        "kg",
        "1,200",
        "$5",
        "2020-01-02",
        "v1.2.3",
        "x_y",
        "fooBar",
        "https://a.b/c?d=e.",
        "a@b.org",
        "it's",
        "can't",
        "Dr.",
        "e.g.",
        "“quoted",
        "text.”",
        "`code`",
        "--",
        "--flag",
        "12%",
        "≤5",
        "é",
        "你好",
        "世界。",
        "好吗？",
        "日本語",
        "ไทย",
        "مرحبا؟",
        "यह।",
        "😀",
        "👨\u200d👩\u200d👧",
        "🇫🇷",
        "é",
        "\u200d",
        "\xa0",
        "…",
        ";",
        ":",
        ",",
        ".",
        "!",
        "?",
        "(",
        ")",
        '"',
        "'",
        "[",
        "]",
        "{",
        "}",
    ]
)
_separators = st.sampled_from([" ", " ", " ", " ", ". ", ".\n", "\n", "\n\n", "\r\n", "", "\t", " \u0301"])
sentences = st.lists(st.tuples(_words, _separators), max_size=40).map(lambda pairs: "".join(w + s for w, s in pairs))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=25,
)
json_documents = st.builds(
    lambda value, indent: json.dumps(value, indent=indent, ensure_ascii=False),
    st.lists(json_values, max_size=6) | st.dictionaries(st.text(max_size=8), json_values, max_size=6),
    st.sampled_from([None, 1, 2]),
)
_blocks = st.one_of(
    sentences,
    json_documents,
    st.just("```python\nx = {1: 'a'}\n\nprint(x)\n```"),
    st.just("| a | b |\n|---|---|\n| 1 | not 2 |\n| 3 | 4 |"),
    st.just("name,age,town\nann,3,Oslo\nbob,4,Rome"),
    st.just("- first item. With more.\n- second, never third"),
    st.just("# Heading"),
    st.just("ANN: I do not know.\nBOB: Why?\nANN: Because."),
    st.just("2024-01-02 10:00:00 INFO start\n2024-01-02 10:00:01 WARN slow\n2024-01-02 10:00:02 INFO end"),
    st.just('Traceback (most recent call last):\n  File "x.py", line 1\n    g()\nValueError: bad'),
)
_unicode = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
any_text = st.one_of(
    _unicode,
    sentences,
    json_documents,
    st.lists(_blocks, max_size=8).map("\n\n".join),
    st.lists(_blocks, max_size=5).map("\n".join),
)
