"""What can be left out of an English sentence: patterns in grades, the lower the less is lost.

A group named `cut` in each pattern is what goes. Nothing here may take a fact with it; `deletion` sees to that.
"""

import regex

_FILLER = r"um+|uh+|uhm+|er+m?|eh|ah|oh|hm+|mm+(?:-?hmm+)?|mhm+|uh-?huh|yeah|yep|okay|ok|alright|all right|right|well|so|anyway|anyways"
_PHRASE = (
    r"you know|i mean|you see|like i said|as i said|let's see|let me see|of course|in fact|as a matter of fact|to be honest|"
    r"honestly|frankly|by the way|needless to say|so to speak|as it were|if you will|that is to say|more or less|"
    r"for what it's worth|at the end of the day|as you know|as we know|and so on|and so forth|or whatever|or something"
)
_ADVERB = (
    r"basically|actually|really|very|quite|rather|simply|literally|obviously|essentially|certainly|definitely|absolutely|"
    r"totally|completely|extremely|incredibly|truly|clearly|naturally|admittedly|arguably|apparently|particularly|especially|"
    r"fairly|pretty|somewhat|highly|deeply|greatly|widely|generally|typically|usually|relatively|virtually|practically|"
    r"indeed|just|sort of|kind of|kinda|sorta"
)
_LEAD = (
    r"it (?:is|was|'s) (?:worth|also worth|important|interesting|useful) (?:noting|to note|mentioning|to mention|to remember|"
    r"to understand|pointing out|to point out) (?:here )?that|it (?:should|can|could|must) (?:also )?be (?:noted|mentioned|said|"
    r"pointed out|seen) that|(?:please )?note that|keep in mind that|bear in mind that|the fact (?:is|of the matter is) that|"
    r"the point is(?: that)?|what i (?:mean|want to say) is(?: that)?|as (?:mentioned|noted|described|stated|discussed|shown|"
    r"we have seen|i said)(?: (?:above|earlier|before|previously|below))?,|in other words,|in addition,|additionally,|furthermore,|"
    r"moreover,|besides,|also,|generally speaking,|in general,|in short,|in summary,|to sum up,|in conclusion,|overall,|"
    r"first of all,|for the most part,|in this (?:article|section|paper|chapter|context|regard|respect),|interestingly,|"
    r"importantly,|notably,|surprisingly,|unfortunately,|fortunately,|sadly,|luckily,|indeed,|now,|then,|meanwhile,"
)
_WORD = r"[^\W\d_]+(?:['’\-][^\W\d_]+)*"


def _compile(pattern: str) -> "regex.Pattern[str]":
    return regex.compile(pattern, regex.IGNORECASE)


RULES: tuple[tuple[int, "regex.Pattern[str]"], ...] = (
    # Grade 1: fillers, repeated words, intensifiers.
    (
        1,
        _compile(
            rf"(?:^|(?<=[.!?,;:—–]))\s*(?P<cut>(?:{_FILLER})(?:,\s+|\s+(?=(?:{_FILLER}|i|we|you|it|he|she|they|the)\b)))"
        ),
    ),
    (1, _compile(r"(?P<cut>(?<=\s)(?:um+|uh+|uhm+|erm?|hm+|mm+|mhm+)(?:,?\s+|(?=[.?!])))")),
    (1, _compile(r"^\s*(?P<cut>(?:um+|uh+|uhm+|erm?|hm+|mm+|mhm+)[,.]?\s+)")),
    (1, _compile(rf"(?P<cut>,\s*(?:{_FILLER}|{_PHRASE}))(?=\s*[,.;:!?])")),
    (1, _compile(rf"(?:^|(?<=[.!?;:,]\s))(?P<cut>(?:{_PHRASE}),?\s+)(?=\w)")),
    (
        1,
        _compile(
            r"\b(?P<cut>(?P<again>(?:[^\W\d_]+\s+){0,2}[^\W\d_]+),?\s+)(?=(?P=again)\b)(?<!\bthat that )(?<!\bhad had )"
        ),
    ),
    (
        1,
        _compile(
            rf"(?<!\b(?:not|n't|n’t|never|no|the|a|how|too|as|so|only)\s)\b(?P<cut>(?:{_ADVERB})\s+)(?=[^\W\d_])(?!a\b|few\b|the\b|like\b|much\b|many\b|than\b|because\b|as\b|if\b|when\b)"
        ),
    ),
    # Grade 2: lead-ins that announce what follows.
    (2, _compile(rf"(?:^|(?<=[.!?]\s))[\"'“(]?(?P<cut>(?:{_LEAD})\s+)")),
    # Grade 3: what stands in brackets, between dashes, in apposition.
    (3, _compile(r"(?P<cut>\s?\((?![^)]*\()[^()\n]{1,160}\))")),
    (3, _compile(r"(?P<cut>\s?\[(?:citation needed|edit|sic|clarification needed|note)\])")),
    (3, _compile(r"(?P<cut>\s[—–]\s[^—–\n.!?]{3,120}\s[—–])(?=\s)|(?P<cut>—[^—\n.!?]{3,120}—)(?=\s)")),
    (
        3,
        _compile(
            r"(?<=\w)(?P<cut>,\s(?:which|who|whose|where)\s[^,;:()\n]{4,140}(?:,(?=\s)|(?=[.!?]\s*$)))(?!\s(?:and|or)\b)"
        ),
    ),
    (3, _compile(rf"(?<=\w)(?P<cut>,\s(?:an?|the|one of the|another)\s(?:{_WORD}\s){{0,8}}{_WORD},)(?=\s(?!and\b|or\b))")),
    # Grade 4: circumstances.
    (
        4,
        _compile(
            r"^[\"'“]?(?P<cut>(?:in|at|on|during|with|after|before|while|as|since|by|through|throughout|from|over|under|among|"
            r"despite|when|although|though|for|according to|because of|due to|thanks to)\s[^,;:()\n]{3,90},\s)"
        ),
    ),
    (4, _compile(r"(?P<cut>,\s[a-z]+ing\s[^,;:()\n]{4,120})(?=[.!?]\s*$)")),
    (
        4,
        _compile(
            r"(?P<cut>,\s(?:in|at|on|during|with|after|before|while|as|since|by|including|such as|for example)\s[^,;:()\n]{3,100})(?=[.!?]\s*$|,\s(?!and\b|or\b))"
        ),
    ),
    (
        4,
        _compile(
            rf"(?P<cut>\s{_WORD}ly)(?=[.!?;,])(?<!\b(?:early|family|reply|supply|apply|july|italy|only|assembly|daily|weekly|monthly|friendly|likely|ally|fly|rely|anomaly))"
        ),
    ),
)
GRADES = max(grade for grade, _ in RULES)
