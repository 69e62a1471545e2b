"""Groups from encyclopedia articles: questions about one sentence, chains over two articles, comparisons."""

from collections.abc import Iterator, Sequence
from random import Random

import regex

from promptpress.content.sentences import sentence_spans
from training.evidence.cloze import make_question
from training.evidence.corpus import Article
from training.evidence.groups import Group, Target
from training.evidence.neighbours import Neighbours

_NAMES = regex.compile(r"\p{Lu}[\p{L}\p{N}.'’-]+(?: (?:of |the |de |and )?\p{Lu}[\p{L}\p{N}.'’-]+){0,5}")
_IN_BRACKETS = regex.compile(r"\s*\(.*?\)$")
_NEGATIVES = 5
_DATED = regex.compile(
    r"\((?:born )?[^()]{0,40}\b1[5-9]\d\d\b[^()]{0,60}\)|\b(?:founded|established|formed|released|built) in \d{4}"
)


def single(articles: Sequence[Article], index: Neighbours, count: int, random: Random) -> Iterator[Group]:
    """One sentence holds the answer; the other documents share the question's words, or are of the same article."""
    questions: list[str] = []
    golds: list[tuple[Article, str, tuple[int, int], tuple[int, int]]] = []
    while len(questions) < count:
        article = random.choice(articles)
        paragraph = random.choice(article.paragraphs)
        start, end = random.choice(sentence_spans(paragraph, 0, len(paragraph)))
        question = make_question(paragraph[start:end], article.title, random)
        if question is not None:
            questions.append(question.text)
            golds.append((article, paragraph, (start, end), (start + question.answer[0], start + question.answer[1])))
    for query, near, (article, paragraph, sentence, answer) in zip(
        questions, index.nearest(questions, 12), golds, strict=True
    ):
        wanted = paragraph[answer[0] : answer[1]]
        negatives = _negatives(index, near, {paragraph}, wanted, random)
        siblings = [p for p in article.paragraphs if p != paragraph and wanted not in p]
        if siblings and random.random() < 0.5:
            negatives[0:1] = [(article.title, random.choice(siblings))]
        documents = [(article.title, paragraph), *negatives]
        yield shuffled("cloze", query, documents, [[(0, *sentence)]], [(0, *answer)], random=random)


def chains(articles: Sequence[Article], index: Neighbours, count: int, random: Random) -> Iterator[Group]:
    """A sentence of one article names another, which holds the answer; the question only describes the second.

    Half of the groups ask as a user would. The other half have the first sentence behind the question, as the second
    look at run time has, and want the second sentence alone.
    """
    # A title with a qualifier in brackets is one of several of that name: a mention would say too little.
    by_title = {a.title: a for a in articles if " " in a.title and "(" not in a.title}
    made: list[tuple[str, list[tuple[str, str]], list[list[Target]], list[Target], str]] = []
    for _ in range(60 * count):
        if len(made) == count:
            break
        link = _link(random.choice(articles), by_title, random)
        if link is None:
            continue
        article, paragraph, span, mention, other = link
        target = other.paragraphs[0] if random.random() < 0.8 else random.choice(other.paragraphs)
        start, end = random.choice(sentence_spans(target, 0, len(target)))
        title = _IN_BRACKETS.sub("", other.title)
        stand_in = _description(paragraph, span, mention, _IN_BRACKETS.sub("", article.title), random)
        question = make_question(target[start:end], title, random, stand_in=stand_in)
        if question is None or title.lower() in question.text.lower():
            continue
        documents = [(article.title, paragraph), (other.title, target)]
        answer = (1, start + question.answer[0], start + question.answer[1])
        if random.random() < 0.5:
            made.append((question.text, documents, [[(0, *span)], [(1, start, end)]], [answer], "chain"))
        else:
            query = f"{question.text} {paragraph[span[0] : span[1]]}"
            made.append((query, documents, [[(1, start, end)]], [answer], "second_look"))
    for near, (query, documents, evidence, answers, source) in zip(
        index.nearest([m[0] for m in made], 12), made, strict=True
    ):
        wanted = documents[1][1][answers[0][1] : answers[0][2]]
        negatives = _negatives(index, near, {text for _, text in documents}, wanted, random)[: _NEGATIVES - 1]
        yield shuffled(source, query, [*documents, *negatives], evidence, answers, random=random)


def comparisons(articles: Sequence[Article], index: Neighbours, count: int, random: Random) -> Iterator[Group]:
    """Two named things are compared: the first sentence of both articles is needed."""
    dated = []
    for article in articles:
        first = article.paragraphs[0]
        spans = sentence_spans(first, 0, len(first))
        if _DATED.search(first[: spans[0][1]]):
            dated.append((article, spans[0]))
    near = index.nearest([a.paragraphs[0] for a, _ in dated[: 3 * count]], 8)
    place = {a.paragraphs[0]: (a, span) for a, span in dated}
    made = 0
    for (article, span), found in zip(dated[: 3 * count], near, strict=False):
        others = [place[text] for _, text in (index.paragraphs[i] for i in found) if text in place]
        others = [o for o in others if o[0].title != article.title]
        if not others or made == count:
            continue
        other, other_span = random.choice(others)
        a, b = (_IN_BRACKETS.sub("", t) for t in (article.title, other.title))
        query = random.choice(
            [
                f"Which came first, {a} or {b}?",
                f"Who was born first, {a} or {b}?",
                f"Who is older, {a} or {b}?",
                f"Are {a} and {b} from the same country?",
                f"Were {a} and {b} of the same nationality?",
                f"What do {a} and {b} have in common?",
                f"Which was founded earlier, {a} or {b}?",
                f"Which of {a} and {b} is more recent?",
            ]
        )
        documents = [(article.title, article.paragraphs[0]), (other.title, other.paragraphs[0])]
        negatives = _negatives(index, found, {text for _, text in documents}, None, random)[: _NEGATIVES - 1]
        yield shuffled("comparison", query, [*documents, *negatives], [[(0, *span)], [(1, *other_span)]], [], random=random)
        made += 1


def shuffled(
    source: str,
    query: str,
    documents: list[tuple[str, str]],
    evidence: list[list[Target]],
    answers: list[Target],
    *,
    random: Random,
) -> Group:
    """The group with its documents in random order."""
    order = list(range(len(documents)))
    random.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    return Group(
        source,
        query,
        [documents[old] for old in order],
        [[(place[d], a, b) for d, a, b in need] for need in evidence],
        [(place[d], a, b) for d, a, b in answers],
    )


def _negatives(
    index: Neighbours, near: list[int], exclude: set[str], answer: str | None, random: Random
) -> list[tuple[str, str]]:
    """Neighbours that do not hold the answer: the nearest three, and others at random."""

    def holds(text: str) -> bool:
        return text in exclude or (answer is not None and answer.lower() in text.lower())

    usable = [index.paragraphs[i] for i in near if not holds(index.paragraphs[i][1])]
    chosen = usable[:3] + random.sample(usable[3:], min(len(usable[3:]), _NEGATIVES - 3))
    for paragraph in random.choices(index.paragraphs, k=4 * _NEGATIVES):
        if len(chosen) < _NEGATIVES and not holds(paragraph[1]):
            chosen.append(paragraph)
    return chosen


def _link(
    article: Article, by_title: dict[str, Article], random: Random
) -> tuple[Article, str, tuple[int, int], tuple[int, int], Article] | None:
    paragraph = random.choice(article.paragraphs)
    for start, end in sentence_spans(paragraph, 0, len(paragraph)):
        for match in _NAMES.finditer(paragraph, start, end):
            other = by_title.get(match.group())
            if other is not None and other.title != article.title:
                return article, paragraph, (start, end), match.span(), other
    return None


def _description(paragraph: str, span: tuple[int, int], mention: tuple[int, int], title: str, random: Random) -> str:
    before = paragraph[span[0] : mention[0]].split()[-random.randint(2, 8) :]
    after = paragraph[mention[1] : span[1]].split()[: random.randint(0, 5)]
    words = [w for w in (*before, *after) if random.random() > 0.25]
    text = " ".join(words)
    return text if title.lower() in text.lower() else f"{text} {title}"
