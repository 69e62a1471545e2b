import pytest

from promptpress.methods.acc_rag.question import AnswerType, answer_type, contains_answer_type, names, several_steps


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("who wrote the march", AnswerType.PERSON),
        ("In which year did it open?", AnswerType.TIME),
        ("How many ships sailed?", AnswerType.NUMBER),
        ("where is the bridge", AnswerType.PLACE),
        ("Why did it sink?", AnswerType.REASON),
        ("Is it older than Rome?", AnswerType.YES_NO),
        ("what was it called", AnswerType.THING),
        ("Amundsen's ship", AnswerType.OTHER),
    ],
)
def test_the_kind_of_answer(question: str, kind: AnswerType) -> None:
    assert answer_type(question) is kind


def test_what_the_question_says_itself_is_no_evidence() -> None:
    asked = frozenset({"when", "did", "amundsen", "sail", "in", "1910"})
    assert contains_answer_type("They left in June 1911.", AnswerType.TIME, asked)
    assert not contains_answer_type("They left in 1910.", AnswerType.TIME, asked)
    assert contains_answer_type("Scott went too.", AnswerType.PERSON, asked)
    assert not contains_answer_type("Amundsen went.", AnswerType.PERSON, asked)
    assert not contains_answer_type("Anything.", AnswerType.OTHER, asked)


def test_names_and_steps() -> None:
    assert names("Which ship did Roald Amundsen use?") == 2
    assert several_steps("Who is older, Ann or Bo?")
    assert not several_steps("When did it sink?")
