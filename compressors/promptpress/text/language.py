"""Which language a text is in: by its script, and among the languages that share one by their commonest words."""

from functools import lru_cache

import regex

DEFAULT = "en"
_SAMPLE = 4000
"""Characters that are looked at: enough for any text of one language."""

# The commonest function words of each language, without those that two of them share as often.
_FUNCTION_WORDS = {
    "en": "the of and to is in that for it with was on are as at be this by from have or had has not which an were their its you your we will can does what when where who how",
    "de": "der die das und ist nicht ein eine einer einem einen zu den dem des im mit auf für von sich wird werden sind auch nach bei oder wie was wann wo wer aber am um vom zum zur darf hat haben kann",
    "fr": "le la les et est une des du dans que qui pour pas sur au aux avec ce cette sont par il elle ne se plus ou où quel quelle quand comment été ont vous nous leur mais à",
    "es": "el la los las y es una del que en por para con no se su al lo como más pero sus cuál qué cuándo dónde cómo fue son está este esta puede hay o",
    "it": "il lo la gli le e è una del della dei delle che di per con non si nel nella da sono come più anche ma quando dove chi quale alla al ha può",
    "pt": "o os as e é uma um do da dos das que de em para com não se no na por mais como mas ao foi são quando onde quem qual está pode pelo pela",
    "nl": "de het een en is van dat niet op te in voor met zijn er aan wordt worden ook naar bij of als maar om door waar wanneer wie wat hoe kan mag heeft",
    "sv": "och att det är som en ett på inte för med av den till har de om var när hur vem eller kan får från inom efter vid",
    "da": "og at det er som en et på ikke for med af den til har de om var hvornår hvor hvem eller kan må fra efter ved",
    "pl": "i w z na nie się jest że do to o jak od po przez dla są oraz który która które gdzie kiedy kto czy ale może jego",
    "cs": "a v se na je že s z do o to jak po pro jsou byl byla nebo který která které kde kdy kdo ale může jeho ve ze",
    "ro": "și în de la cu nu este că pe un o din pentru care sunt mai fost unde când cine sau dar ce al ale",
    "hu": "a az és hogy nem egy is van volt de mint meg csak ki mi hol mikor vagy ez azt",
    "fi": "ja on ei se että oli ovat mutta tai kun jos missä milloin kuka mitä joka sekä hän",
    "tr": "ve bir bu için ile de da olarak daha çok gibi değil ne nerede kim mi mı olan var sonra kadar",
    "vi": "và của là có không được trong cho một các những khi người này đã với để từ ở đâu",
    "id": "dan yang di ke dari untuk dengan ini itu tidak adalah pada dalam akan oleh atau juga",
    "ru": "и в не на что с по как это от к из для за его она они был была было или где когда кто может при но",
    "uk": "і в не на що з по як це від до із для за його вона вони був була було або де коли хто може при але та",
    "bg": "и в не на че с по като това от за се е са да той тя те или къде кога кой може при но",
    "ar": "في من على أن إلى ما لا هذا هذه التي الذي عن مع كان هو هي",
    "fa": "در به از که این را با است برای آن و می یک تا",
}
_OF: dict[str, list[str]] = {}
for _language, _words in _FUNCTION_WORDS.items():
    for _word in _words.split():
        _OF.setdefault(_word, []).append(_language)
_SCRIPTS = (
    ("ja", regex.compile(r"[\p{Hiragana}\p{Katakana}]")),
    ("zh", regex.compile(r"\p{Han}")),
    ("ko", regex.compile(r"\p{Hangul}")),
    ("th", regex.compile(r"\p{Thai}")),
    ("lo", regex.compile(r"\p{Lao}")),
    ("km", regex.compile(r"\p{Khmer}")),
    ("my", regex.compile(r"\p{Myanmar}")),
    ("hi", regex.compile(r"\p{Devanagari}")),
    ("hy", regex.compile(r"\p{Armenian}")),
    ("el", regex.compile(r"\p{Greek}")),
    ("he", regex.compile(r"\p{Hebrew}")),
    ("ka", regex.compile(r"\p{Georgian}")),
    ("am", regex.compile(r"\p{Ethiopic}")),
)
_LETTERS = regex.compile(r"\p{L}")
_WORD = regex.compile(r"[\p{L}\p{M}]+")


@lru_cache(maxsize=4096)
def language_of(text: str) -> str:
    """The ISO 639-1 code of the language that most of a text is in; English where nothing tells."""
    sample = text[:_SAMPLE]
    letters = len(_LETTERS.findall(sample))
    if not letters:
        return DEFAULT
    for language, script in _SCRIPTS:
        # One kana in ten letters is Japanese; the rest of it is Han.
        if len(script.findall(sample)) >= (0.1 if language == "ja" else 0.4) * letters:
            return language
    votes: dict[str, float] = {}
    for word in _WORD.findall(sample.lower()):
        languages = _OF.get(word, ())
        for language in languages:
            votes[language] = votes.get(language, 0.0) + 1 / len(languages)
    if not votes:
        return DEFAULT
    best = max(votes.values())
    return DEFAULT if votes.get(DEFAULT, 0.0) >= best else max(votes, key=lambda each: votes[each])
