"""Records, settings and elements: whatever is chosen, it stands under what it stood under."""

import random
import tomllib
from collections.abc import Iterator

import pytest
import yaml

from promptpress.content import Kind, Passage, segment
from promptpress.content.render import render

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1@harbour.example
SUMMARY:Dredging
LOCATION:North basin
END:VEVENT
BEGIN:VEVENT
UID:2@harbour.example
SUMMARY:Regatta
DESCRIPTION:No mooring at the
  eastern quay
END:VEVENT
END:VCALENDAR
"""
FAQ = """**Question:** How long is a ticket valid?

**Answer:** One day. It ends at midnight.

**Question:** May I take a dog?

**Answer:** Yes, on a lead.

Not on Sundays.

**Question:** Where is it sold?

**Answer:** At the kiosk.
"""
TICKETS = """Ticket: 101
Status: open
Summary: Printer jams when the paper is damp

Ticket: 102
Status: closed
Summary: Scanner shows lines

Ticket: 103
Status: open
Summary: Door does not lock
"""
EXAM = """Question 1. Which gas is the lightest?

a) helium
b) hydrogen

Answer: b

Question 2. Which metal is liquid?

a) mercury
b) lead

Answer: a
"""
COMMITS = """commit 1111111aaaa
Author: Ana <ana@x.example>
Date:   Mon Jun 1 10:02:11 2026 +0200

    Round heights

 src/tide.c | 4 ++--

commit 2222222bbbb
Author: Bo <bo@x.example>
Date:   Sun May 31 21:40:00 2026 +0200

    Refuse stations without a datum

    They were wrong by metres.
"""
MAILS = """From: Ana <ana@x.example>
To: Bo <bo@x.example>
Subject: Boiler

The boiler leaks. The key is at number 9.

-----Original Message-----
From: Bo <bo@x.example>
To: Ana <ana@x.example>
Subject: Invoice

It costs 80 euros. Pay until May.
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: web
        image: nginx:1.25
        ports:
        - containerPort: 80
        env:
        - name: MODE
          value: "fast"
      - name: sidecar
        image: envoy:1.3
        args:
        - |
          echo hello
          exec envoy
      - env:
          LEVEL: low
        image: third:2
---
kind: Service
metadata:
  name: door
spec:
  ports:
  - port: 80
    targetPort: 8080
"""
MANIFEST = """# the package
[package]
name = "sluice"
authors = [
  "Ann",
  "Bob",
]

[dependencies]
serde = { version = "1", features = ["derive"] }
text = '''
two
lines'''

[[bin]]
name = "a"
"""
SERVERS = """user www-data;

http {
    server {
        listen 80;
        server_name a.example.org;
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_read_timeout 30s;
        }
    }
    server {
        listen 443 ssl;
        server_name b.example.org;
    }
}
"""
PAGE = """<!DOCTYPE html>
<html><head><title>Pier</title><script>var a = "<i>";</script></head>
<body>
<!-- menu -->
<ul><li><a href="/">Home</a><li><a href="/x">Contact</a></ul>
<h1>The pier</h1>
<p>The pier was built in 1881. It is <b>412 metres long. It burnt</b> twice.<br>The first fire was in 1904. The second
fire was in 1976 and was never explained. Since then there has been a guard. He lives in the hut at the end
with a dog, and reads the gauge three times a day, and once more in storms.</p>
<h2>Tickets</h2>
<p>Adults pay 2 euros.</p>
<h2>Hours</h2>
<table><thead><tr><th>Day</th><th>Open</th></tr></thead>
<tbody><tr><td>Monday</td><td>closed</td></tr><tr><td>Friday</td><td>8 to 22</td></tr><tr><td>Sunday</td><td>9 to 20</td></tr>
</tbody></table>
<dl><dt>Summer</dt><dd>warm</dd><dt>Winter</dt><dd>cold</dd></dl>
</body></html>
"""
PAPER = r"""\section{Method}
We measured the tide. It rose by two metres.
\begin{itemize}
\item A gauge stood at the pier, where the water is deep. It was read twice a day, and once more in storms.
\item A second gauge stood at the lock, and it was read by the keeper, who wrote the height into a book.
\end{itemize}
\section{Results}
\begin{equation}
h = a \cos(\omega t)
\end{equation}
The fit is good.
"""
TREE = """survey/
├── raw/
│   └── 2024/
│       └── line_01.xyz
└── grid/
    └── depth_5m.tif
"""


def texts_of(text: str, trials: int = 60) -> Iterator[tuple[str, Passage, set[int]]]:
    """The text made of each unit with what it requires, and of random units with theirs."""
    passage, choice = segment(text), random.Random(1)
    units = [index for index, unit in enumerate(passage.units) if not unit.structural]
    samples = [[index] for index in units] + [choice.sample(units, choice.randint(1, len(units))) for _ in range(trials)]
    for chosen in samples:
        kept: set[int] = set()
        waiting = list(chosen)
        while waiting:
            index = waiting.pop()
            if index not in kept:
                kept.add(index)
                waiting += passage.units[index].requires
        yield render(passage, kept).text, passage, kept


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        (CALENDAR, {"UID:1": ["Dredging", "North"], "UID:2": ["Regatta", "quay"]}),
        (FAQ, {"How long": ["One day", "midnight"], "a dog": ["a lead", "Sundays"], "Where is": ["kiosk"]}),
        (TICKETS, {"101": ["Printer"], "102": ["closed", "Scanner"], "103": ["Door"]}),
        (EXAM, {"lightest": ["helium", "hydrogen", "Answer: b"], "liquid": ["mercury", "lead", "Answer: a"]}),
        (COMMITS, {"1111111": ["Ana", "Jun", "Round", "tide.c"], "2222222": ["Bo", "May", "Refuse", "metres"]}),
        (MAILS, {"From: Ana": ["leaks", "number 9"], "From: Bo": ["80 euros", "until May"]}),
        (PAGE, {"The pier<": ["1881", "412", "1976", "guard"], "Tickets": ["2 euros"], "Hours": ["Friday", "Winter"]}),
        (PAPER, {"{Method}": ["We measured", "gauge stood", "storms"], "{Results}": ["h = a", "The fit"]}),
        (TREE, {"raw/": ["2024/", "line_01"], "grid/": ["depth_5m"]}),
    ],
)
def test_what_is_kept_stands_under_its_own_head(text: str, owners: dict[str, list[str]]) -> None:
    for result, *_ in texts_of(text):
        heads = [(result.find(head), head) for head in owners if head in result]
        for head, facts in owners.items():
            for fact in facts:
                if fact in result:
                    assert max((at, name) for at, name in heads if at <= result.find(fact))[1] == head, result


def paths(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[tuple[object, ...], object]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from paths(each, (*path, key))
    elif isinstance(value, list):
        for each in value:
            yield from paths(each, (*path, "*"))
    else:
        yield path, value


def test_yaml_keeps_the_paths_of_its_values() -> None:
    known = [set(paths(document)) for document in yaml.safe_load_all(DEPLOYMENT)]
    for result, *_ in texts_of(DEPLOYMENT, 200):
        kept = {each for document in yaml.safe_load_all(result + "\n") for each in paths(document)}
        assert kept, result
        assert kept <= known[0] | known[1], result


def test_toml_keeps_the_paths_of_its_values() -> None:
    known = set(paths(tomllib.loads(MANIFEST)))
    for result, *_ in texts_of(MANIFEST):
        assert set(paths(tomllib.loads(result))) <= known, result


def test_brackets_stay_balanced() -> None:
    for result, *_ in texts_of(SERVERS):
        assert result.count("{") == result.count("}")
    for result, *_ in texts_of(PAGE):
        for tag in ("html", "body", "ul", "p", "b", "table", "tbody", "tr", "td", "dl", "h1", "h2"):
            assert result.count(f"<{tag}>") == result.count(f"</{tag}>"), result
    for result, *_ in texts_of(PAPER):
        assert result.count("\\begin{") == result.count("\\end{")


def test_rows_of_html_bring_their_header() -> None:
    for result, *_ in texts_of(PAGE):
        assert "<td>" not in result or "<th>Open</th>" in result


def test_a_long_element_is_divided_into_sentences_and_tags_over_two_of_them_join_them() -> None:
    passage = segment(PAGE)
    units = [passage.slice(index) for index in range(len(passage.units))]
    assert "The pier was built in 1881." in units
    assert "It is <b>412 metres long. It burnt</b> twice.<br>The first fire was in 1904." in units


def test_tags_in_prose_do_not_make_it_markup() -> None:
    kinds = {unit.kind for unit in segment("A <b>bold</b> word. And <i>another</i>. No more of it.").units}
    assert kinds == {Kind.SENTENCE}


def test_source_tags_stay_around_what_is_kept_of_a_document() -> None:
    text = "".join(
        f'<document index="{n}">\n<title>{name}</title>\n{name} lies by the sea. It has a pier. Nobody lives there.\n\n'
        f"The railway came in 18{n}0. It was closed again.\n</document>\n"
        for n, name in enumerate(("Alby", "Brod", "Cove"), 1)
    )
    for result, *_ in texts_of(text):
        assert result.count("<document ") == result.count("</document>")
        for n, name in enumerate(("Alby", "Brod", "Cove"), 1):
            assert (f"18{n}0" in result) <= (f"<title>{name}</title>" in result)


@pytest.mark.parametrize(
    "text",
    [
        f"The chart shows sales.\n\n![chart](data:image/png;base64,{'Ab1/' * 200})\n\nIn April they rose.",
        f"signature: {'pTy3GJ' * 60}\nvalid until: 2027",
        "Use this key.\n\n-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqh\nAQAB\n-----END PUBLIC KEY-----\n\nKeep it.",
    ],
)
def test_base64_is_one_unit(text: str) -> None:
    passage = segment(text)
    opaque = [index for index, unit in enumerate(passage.units) if unit.kind is Kind.OPAQUE]
    assert len(opaque) == 1
    assert len(passage.slice(opaque[0])) > 60


def test_labels_in_prose_are_no_records() -> None:
    text = "Note: this is plain. It has several sentences.\nWarning: do not open the lid. It is hot.\nTip: use a glove."
    assert {unit.kind for unit in segment(text).units} == {Kind.SENTENCE}
