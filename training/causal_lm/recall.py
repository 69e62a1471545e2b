"""Made-up tasks that can only be solved by looking back: what the evaluator heads of a model are made by."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

_SUBJECTS = """account badge bridge cabin camera code door engine file gate invoice key lamp locker meter order parcel pump
    room seat server ship ticket tower valve""".split()
_COLOURS = """amber black blue brown copper crimson golden green grey indigo ivory lilac orange pink purple red silver teal
    white yellow""".split()
_PLACES = """Arden Berlin Cairo Delhi Essex Fargo Geneva Haifa Ithaca Jaipur Kyoto Lima Malta Nairobi Oslo Paris Quito Riga
    Seoul Tunis""".split()
_LEAST, _LEAST_CHARACTERS = 60, 40
"""Tokens left in a row, and characters, below which no further task is made."""
_ASK = ("Question: {}\nAnswer:", "Q: {}\nA:", "\n\nQuestion: {}\nAnswer:")

Filler = Callable[[random.Random, int], str]
"""Text of about so many characters to put between."""


@dataclass(frozen=True)
class Task:
    """A text and the spans of it that follow from what stands before: only they are trained on."""

    text: str
    answers: list[tuple[int, int]]


def key_values(random_: random.Random, characters: int) -> Task:
    """Lines "key: value", then a third of the keys again, three at least, or all, with their values to be filled in."""
    pairs: dict[str, str] = {}
    asked = random_.choice((1 / 3, 1.0))
    while sum(len(k) + len(v) + 3 for k, v in pairs.items()) < characters / (1 + asked):
        pairs[_key(random_)] = _value(random_)
    form = random_.choice(("{}: {}\n", '"{}": "{}",\n', "{} = {}\n"))
    text, answers = "".join(form.format(*pair) for pair in pairs.items()) + "\n", []
    for key in random_.sample(sorted(pairs), min(len(pairs), max(3, round(asked * len(pairs))))):
        before, after = form.format(key, "\0").split("\0")
        answers.append((len(text) + len(before), len(text) + len(before) + len(pairs[key])))
        text += before + pairs[key] + after
    return Task(text, answers)


def needle(random_: random.Random, characters: int, filler: Filler) -> Task:
    """A sentence inside other text, and a question about it with its answer at the end."""
    sentence, asked, value = question(random_)
    text = filler(random_, characters)
    depth = text.find(" ", random_.randrange(max(1, len(text))))
    depth = len(text) if depth < 0 else depth
    text = f"{text[:depth]}{sentence}{text[depth:]}\n{asked}"
    return Task(f"{text}{value}\n", [(len(text), len(text) + len(value))])


def question(random_: random.Random) -> tuple[str, str, str]:
    """A sentence, a question about it up to where its answer begins, and the answer."""
    subject, place, value = (
        f"{random_.choice(_COLOURS)} {random_.choice(_SUBJECTS)}",
        random_.choice(_PLACES),
        _value(random_),
    )
    sentence, asked = random_.choice(
        (
            (f" The number of the {subject} in {place} is {value}.", f"What is the number of the {subject} in {place}?"),
            (f" In {place} the {subject} is called {value}.", f"What is the {subject} in {place} called?"),
            (f" {place} keeps {value} inside the {subject}.", f"What does {place} keep inside the {subject}?"),
        )
    )
    return sentence, random_.choice(_ASK).format(asked), f" {value}"


def fact(random_: random.Random) -> tuple[str, str, str]:
    """A line "key: value", the same line up to where its value begins, and the value."""
    key, value = _key(random_), _value(random_)
    return f"{key}: {value}\n", f"{key}:", f" {value}"


def repeated(random_: random.Random, characters: int, filler: Filler) -> Task:
    """A passage or a list of made-up names, other text, and the passage again."""
    size = max(40, int(characters * random_.uniform(0.1, 0.45)))
    passage = filler(random_, size) if random_.random() < 0.5 else _names(random_, size)
    text = f"{passage}\n\n{filler(random_, characters - 2 * len(passage))}\n\n"
    # Nothing says that the passage begins again before it has.
    known = min(len(passage), 20)
    return Task(text + passage + "\n", [(len(text) + known, len(text) + len(passage))])


def row(
    random_: random.Random, tokenizer: Tokenizer, length: int, filler: Filler
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Tasks one after another as (length + 1,) token ids, each behind a start token, and which of them are answers.

    Every task fits with its answers; what is left at the end of the row, too little for another one, is start tokens.
    """
    ids: list[int] = []
    wanted: list[bool] = []
    while (room := length + 1 - len(ids)) >= _LEAST:
        kind = random_.randrange(3)
        characters = 2.6 * min(room, length * random_.choice((0.125, 0.25, 0.5, 1)))
        while True:
            task = (
                key_values(random_, int(characters))
                if kind == 0
                else (needle if kind == 1 else repeated)(random_, int(characters), filler)
            )
            encoding = tokenizer.encode(task.text, add_special_tokens=False)
            if len(encoding.ids) < room:
                break
            # Digits and codes take more tokens than prose; the answers, at the end, would be cut off.
            characters *= 0.9 * room / len(encoding.ids)
            if characters < _LEAST_CHARACTERS:
                break
        if len(encoding.ids) >= room:
            break
        ids += [0, *encoding.ids]
        wanted += [False, *(any(s < end and e > start for start, end in task.answers) for s, e in encoding.offsets)]
    rest = length + 1 - len(ids)
    return np.asarray(ids + rest * [0]), np.asarray(wanted + rest * [False])


def _names(random_: random.Random, characters: int) -> str:
    """A list that nothing but itself foretells."""
    names: list[str] = []
    while sum(len(name) + 2 for name in names) < characters:
        names.append(random_.choice((_key, _value))(random_))
    return ", ".join(names)


def _key(random_: random.Random) -> str:
    return random_.choice(
        (
            f"{random_.choice(_COLOURS)} {random_.choice(_SUBJECTS)}",
            f"{random_.choice(_SUBJECTS)}_{random_.randrange(100)}",
            f"{random_.getrandbits(24):06x}",
            f"{random_.choice(_PLACES)} {random_.choice(_SUBJECTS)}",
        )
    )


def _value(random_: random.Random) -> str:
    return random_.choice(
        (
            str(random_.randrange(10, 100_000)),
            f"{random_.choice(_COLOURS)}",
            f"{random_.getrandbits(20):05x}",
            f"{random_.choice(_PLACES)}-{random_.randrange(10, 100)}",
        )
    )
