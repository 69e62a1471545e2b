from random import Random

from training.evidence import dialogue, encyclopedia, sections
from training.evidence.cloze import make_question
from training.evidence.corpus import Article
from training.evidence.neighbours import Neighbours

SENTENCE = "In 1898 she moved to Paris with her sister and sold forty paintings to Ambroise Vollard in three weeks."

TOPICS = ["river", "bridge", "museum", "railway", "harbour", "library", "garden", "theatre"]
ARTICLES = [
    Article(
        f"{topic.title()} House",
        [
            f"{topic.title()} House was established in 18{40 + i} by Anna Berg in the north of Sweden. "
            f"It is known for its {topic} and receives 12,000 visitors from many countries every summer, most of them by boat. "
            f"The {topic} was later compared with {TOPICS[i - 1].title()} House by critics who had seen both of them.",
        ],
    )
    for i, topic in enumerate(TOPICS)
]


def _index() -> Neighbours:
    return Neighbours([(a.title, p) for a in ARTICLES for p in a.paragraphs])


def test_a_question_leaves_its_answer_out_and_names_the_subject_or_a_pronoun() -> None:
    asked = [make_question(SENTENCE, "Suzanne Valadon", Random(seed)) for seed in range(200)]
    made = [question for question in asked if question is not None]
    assert len(made) > 150
    for question in made:
        answer = SENTENCE[slice(*question.answer)]
        assert answer in ("1898", "Paris", "Ambroise Vollard", "In 1898")
        assert answer.lower() not in question.text.lower()
    named = sum("valadon" in q.text.lower() for q in made)
    assert named > len(made) / 2


def test_the_same_seed_makes_the_same_question() -> None:
    assert make_question(SENTENCE, "X", Random(5)) == make_question(SENTENCE, "X", Random(5))


def test_a_sentence_without_anything_to_ask_for_makes_none() -> None:
    assert make_question("it was raining all day and nobody came", "Rain", Random(0)) is None


def test_a_single_question_marks_the_sentence_that_holds_the_answer() -> None:
    for group in encyclopedia.single(ARTICLES, _index(), 20, Random(1)):
        ((document, start, end),) = group.evidence[0]
        (answered, a, b) = group.answers[0]
        text = group.documents[document][1]
        assert answered == document
        assert start <= a < b <= end
        assert all(text[a:b].lower() not in other.lower() for i, (_, other) in enumerate(group.documents) if i != document)


def test_a_chain_needs_two_documents_and_does_not_name_the_second() -> None:
    groups = list(encyclopedia.chains(ARTICLES, _index(), 20, Random(2)))
    assert {group.source for group in groups} == {"chain", "second_look"}
    for group in groups:
        targets = [need[0] for need in group.evidence]
        if group.source == "chain":
            assert len({document for document, _, _ in targets}) == 2
        last = group.documents[targets[-1][0]][0]
        assert group.source == "second_look" or last.lower() not in group.query.lower()


def test_a_comparison_needs_both_documents_it_names() -> None:
    groups = list(encyclopedia.comparisons(ARTICLES, _index(), 5, Random(3)))
    assert len(groups) == 5
    for group in groups:
        names = [group.documents[need[0][0]][0] for need in group.evidence]
        assert len(set(names)) == 2
        assert all(name in group.query for name in names)


def test_a_channel_question_points_to_a_line_of_the_speaker() -> None:
    lines = [f"[10:{i:02}] <nick{i % 7}> the printer {i} needs https://example.org/{i} drivers today" for i in range(80)]
    for group in dialogue.channel(["\n".join(lines)], 20, Random(4)):
        ((document, start, end),) = group.evidence[0]
        line = group.documents[document][1][start:end]
        assert line in lines
        speakers = [w for w in group.query.replace("?", "").split() if w.startswith("nick")]
        assert all(f"<{speaker}>" in line for speaker in speakers)


def test_a_conversation_question_points_to_a_turn() -> None:
    talks = [
        f"User: I need a table in Oslo{i}.\nAssistant: At what time shall I book it?\nUser: At 7 pm on 12 May.\n"
        f"Assistant: Booked a table at Cafe Nord{i} for 7 people.\nUser: Thanks."
        for i in range(8)
    ]
    for group in dialogue.conversations(talks, 20, Random(5)):
        ((document, start, end),) = group.evidence[0]
        assert group.documents[document][1][start:end] in "\n".join(talks).split("\n")


def test_a_heading_points_to_the_beginning_of_its_section() -> None:
    text = "\n\n".join(f"## About the {topic} of the town\n\n" + f"The {topic} is old. " * 12 for topic in TOPICS)
    for group in sections.sections([text], 10, Random(6)):
        ((document, start, _), *_) = group.evidence[0]
        assert start == 0
        topic = next(t for t in TOPICS if t in group.query.lower())
        assert topic in group.documents[document][1]
