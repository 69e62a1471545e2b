import pytest

from promptpress.methods.acc_rag.question import Wanted, names, several_steps, shows, wanted


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("who wrote the march", Wanted.PERSON),
        ("In which year did it open?", Wanted.TIME),
        ("How many ships sailed?", Wanted.NUMBER),
        ("where is the bridge", Wanted.PLACE),
        ("Why did it sink?", Wanted.REASON),
        ("Is it older than Rome?", Wanted.YES_NO),
        ("what was it called", Wanted.THING),
        ("Amundsen's ship", Wanted.OTHER),
    ],
)
def test_the_kind_of_answer(question: str, kind: Wanted) -> None:
    assert wanted(question) is kind


def test_what_the_question_says_itself_is_no_evidence() -> None:
    asked = frozenset({"when", "did", "amundsen", "sail", "in", "1910"})
    assert shows("They left in June 1911.", Wanted.TIME, asked)
    assert not shows("They left in 1910.", Wanted.TIME, asked)
    assert shows("Scott went too.", Wanted.PERSON, asked)
    assert not shows("Amundsen went.", Wanted.PERSON, asked)
    assert not shows("Anything.", Wanted.OTHER, asked)


def test_names_and_steps() -> None:
    assert names("Which ship did Roald Amundsen use?") == 2
    assert several_steps("Who is older, Ann or Bo?")
    assert not several_steps("When did it sink?")
