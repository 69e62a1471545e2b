"""Prompts made up for the benchmark: the same on every machine, and as many different ones as a run needs."""

import random

_SUBJECTS = """
The committee|A second engineer|The harbour office|Our supplier|The night shift|The pilot plant|A retired surveyor
The regional hospital|The insurance clerk|The research station|Every branch library|The railway museum
The grain cooperative|One of the auditors|The water authority|The youngest apprentice|A passing freighter
The school board|The local brewery|The translation bureau|The mountain rescue team|A travelling salesman
The glass factory|The weather service
"""
_VERBS = """
reported|postponed|inspected|repaired|criticised|approved|measured|rebuilt|cancelled|documented|financed|relocated
inherited|advertised|insured|dismantled|compared|photographed|catalogued|restored|rejected|delivered|tested|renamed
"""
_OBJECTS = """
the northern bridge|two diesel pumps|the annual budget|a wooden observatory|the old telephone exchange
the rye harvest|several unsigned contracts|a collection of maps|the cooling system|the ferry timetable
an abandoned quarry|the vaccination plan|the copper roof|a fleet of delivery vans|the emergency generator
the town archive|a shipment of lenses|the drainage tunnel|the concert programme|a set of brass valves
the security protocol|the irrigation canal|the printing press|the glacier survey
"""
_CIRCUMSTANCES = """
after a long dispute with the ministry|before the first snow closed the pass|although nobody had asked for it
because the previous owner had left no records|while most of the staff were on leave
in spite of rising energy prices|with money from a private foundation|without waiting for the second opinion
as soon as the river had fallen again|during the quietest week of the summer
to the surprise of the neighbouring villages|in return for a lower rent|since the insurance did not cover storms
under the supervision of a visiting professor|when the last train had left
unless the figures of the spring prove wrong|by order of the provincial court|for the third time in as many years
"""
_TOKENS_A_SENTENCE = 17
"""Measured with o200k_base."""


def _words(text: str) -> list[str]:
    return text.strip().replace("\n", "|").split("|")


_LISTS = [_words(each) for each in (_SUBJECTS, _VERBS, _OBJECTS, _CIRCUMSTANCES)]


def text_of(tokens: int, seed: int) -> str:
    """About `tokens` tokens of English sentences in paragraphs, another text for every seed."""
    random_ = random.Random(seed)
    sentences = []
    for number in range(max(1, round(tokens / _TOKENS_A_SENTENCE))):
        subject, verb, thing, circumstance = (random_.choice(each) for each in _LISTS)
        year = f" in {random_.randrange(1850, 2020)}" if random_.random() < 0.3 else ""
        end = "\n\n" if number % 6 == 5 else " "
        sentences.append(f"{subject} {verb} {thing}{year} {circumstance}.{end}")
    return "".join(sentences).rstrip()


def question_of(seed: int) -> str:
    """A question of which one of a text's sentences may be the answer."""
    random_ = random.Random(~seed)
    return f"What happened to {random_.choice(_LISTS[2])}?"


def mixed_tokens(seed: int) -> int:
    """A length as they come mixed in practice: half of the texts below 400 tokens, one in fifty at 3,000."""
    return round(min(3000.0, max(40.0, random.Random(seed ^ 0x5EED).lognormvariate(6.0, 0.95))))
