"""Groups from channel logs and task dialogues."""

from collections.abc import Iterator, Sequence
from random import Random

import regex

from training.evidence.cloze import make_question
from training.evidence.groups import Group, Target

_LINE = regex.compile(r"\[\d\d:\d\d\] <([^>]{2,20})> (.+)")
_URL = regex.compile(r"https?://\S+")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}._/-]{3,}")
_NOT_TELLING = frozenset(
    "that this with have what your there from about just would could please want like need help then".split()
)
_ASKED = regex.compile(r"([^.?!]*)\?\s*$")
_NOT_ASKED = frozenset(
    "what which do you would like want is are the a an to your for i can may should me in at of on have any please know "
    "could be need does when where how many looking this that it and or will with".split()
)


def channel(documents: Sequence[str], count: int, random: Random) -> Iterator[Group]:
    """Who said what in a channel: links, and lines asked for by speaker and topic. Ten lines make a document."""
    made = 0
    while made < count:
        lines = random.choice(documents).split("\n")
        at = random.randrange(max(1, len(lines) - 60))
        lines = lines[at : at + 60]
        spoken = [(i, m.group(1), m.group(2)) for i, line in enumerate(lines) if (m := _LINE.fullmatch(line))]
        group = _channel_question(lines, spoken, random) if len(spoken) > 20 else None
        if group is not None:
            yield group
            made += 1


def _channel_question(lines: list[str], spoken: list[tuple[int, str, str]], random: Random) -> Group | None:
    links = [(i, nick, text) for i, nick, text in spoken if _URL.search(text)]
    if links and random.random() < 0.6:
        row, nick, _ = random.choice(links)
        if sum(n == nick for _, n, _ in links) != 1:
            return None
        query = random.choice(
            [
                f"Which URL did {nick} post?",
                f"which link did {nick} share",
                f"What web page did {nick} point to?",
                f"What address did {nick} paste in the channel?",
            ]
        )
    else:
        row, nick, text = random.choice(spoken)
        telling = [w for w in _WORD.findall(text) if w.lower() not in _NOT_TELLING and "http" not in w]
        if len(telling) < 3:
            return None
        topic = " ".join(random.sample(telling, min(len(telling), random.randint(1, 3))))
        query = random.choice(
            [f"What did {nick} say about {topic}?", f"what does {nick} want with {topic}", f"Who talked about {topic}?"]
        )
    begin = row // 10 * 10
    offset = sum(len(line) + 1 for line in lines[begin:row])
    documents = [("", "\n".join(lines[i : i + 10])) for i in range(0, len(lines), 10)]
    target: Target = (begin // 10, offset, offset + len(lines[row]))
    return Group("channel", query, documents, [[target]], [])


def conversations(documents: Sequence[str], count: int, random: Random) -> Iterator[Group]:
    """What was agreed in one of several conversations: the assistant asked for it, or somebody said it."""
    made = 0
    while made < count:
        texts = [text.split("\n")[: random.randint(8, 18)] for text in random.sample(documents, 5)]
        chosen = random.randrange(5)
        turns = texts[chosen]
        if len(turns) < 4:
            continue
        row = random.randrange(1, len(turns))
        asked = _ASKED.search(turns[row - 1])
        speaker, _, said = turns[row].partition(": ")
        words = [w for w in regex.findall(r"[a-z]+", asked.group(1).lower()) if w not in _NOT_ASKED] if asked else []
        answers: list[Target] = []
        start = sum(len(t) + 1 for t in turns[:row])
        if words and speaker == "User" and len(said) > 3 and random.random() < 0.6:
            query = f"{random.choice(['What is the', 'Which', 'What', 'Which'])} {' '.join(words[-random.randint(1, 3) :])}"
            query += random.choice(["", " was chosen", " was given", " is wanted"]) + random.choice(["?", ""])
        else:
            question = make_question(said, "\n", random)
            if question is None:
                continue
            query = question.text.replace("\n", "").strip()
            shift = start + len(speaker) + 2
            answers = [(chosen, shift + question.answer[0], shift + question.answer[1])]
        titles = [f"Conversation {i + 1}" for i in range(5)]
        if random.random() < 0.6:
            query = f"In conversation {chosen + 1}: {query}"
        elif not answers:
            # Without the number nobody could tell whose date is meant.
            texts = [turns]
            titles, chosen = titles[:1], 0
        target: Target = (chosen, start, start + len(turns[row]))
        yield Group(
            "conversation", query, list(zip(titles, ("\n".join(t) for t in texts), strict=True)), [[target]], answers
        )
        made += 1
