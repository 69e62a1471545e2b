"""How sentences lean on each other: which begins by pointing back, and which limits what was stated before it.

Rules by language, over the first words of a sentence: connectives and demonstratives that have no meaning without the
sentence before (Halliday and Hasan, *Cohesion in English*, 1976, chapters 2 and 5), and the phrases with which exceptions and
conditions are stated. A sentence may be in any of the languages; the words are distinct enough not to be told first.
"""

from collections.abc import Sequence

import regex

from promptpress.text.language import DEFAULT

# A demonstrative with or without a noun behind it; a connective; a fragment that answers or goes on.
_POINTS_BACK = {
    "en": r"""(?:this|that|these|those|such|the\ (?:former|latter|foregoing|above|aforementioned|same)|the\ said)\b(?!\ (?:is\ a\ list|page|document|chapter|article|guide|file|section|book|report|paper|is\ why\ i)\b)
        |(?:it|they|he|she|its|their|his|her|him|them|both|neither|either|each\ of\ (?:them|these|those)|one\ of\ (?:them|these|those)|none\ of\ (?:them|these|those)|most\ of\ (?:them|these|those)|some\ of\ (?:them|these|those)|all\ of\ (?:them|these|those))\b
        |(?:however|otherwise|therefore|thus|hence|consequently|accordingly|nevertheless|nonetheless|moreover|furthermore|besides|instead|meanwhile|likewise|similarly|conversely|still|yet|then|afterwards|thereafter|so|but|and|or|nor|also|too|only\ then|if\ so|if\ not|in\ (?:that|this|such\ a|which)\ (?:case|event)|for\ (?:this|that)\ reason|as\ a\ result|in\ (?:contrast|addition|turn|particular|fact|other\ words)|on\ the\ (?:other\ hand|contrary)|by\ contrast|after\ that|before\ that|until\ then|since\ then|at\ that\ (?:point|time)|even\ so|that\ said|except|unless|just|even\ then|yes|no|not\ so|the\ exception|exceptions)\b""",
    "de": r"""(?:dies(?:e[rsmn]?)?|das\ gilt|dasselbe|derselbe|dieselbe|solche[rsmn]?|jene[rsmn]?|letztere[rsmn]?|erstere[rsmn]?)\b
        |(?:er|sie|es|ihre?[rsmn]?|seine?[rsmn]?|beide|keine[rs]?\ (?:von|der))\b
        |(?:jedoch|allerdings|sonst|andernfalls|daher|deshalb|deswegen|dennoch|trotzdem|stattdessen|außerdem|zudem|ebenso|danach|davor|dann|dabei|dafür|dagegen|damit|dadurch|dazu|davon|darum|hierfür|hierzu|hiervon|aber|und|oder|doch|ausgenommen|nur\ dann|in\ diesem\ fall|für\ (?:sie|ihn|diese)|ja|nein|das)\b""",
    "fr": r"""(?:ce(?:ci|la|lui-ci|lle-ci|ux-ci|lles-ci|tte|t|s)?|celui-là|celle-là|ceux-là|le\ (?:premier|dernier)|la\ (?:première|dernière))\b(?!')
        |(?:il|elle|ils|elles|leurs?|son|sa|ses)\b
        |(?:cependant|toutefois|néanmoins|pourtant|sinon|autrement|donc|ainsi|alors|ensuite|puis|par\ conséquent|c'est\ pourquoi|en\ revanche|en\ outre|de\ plus|mais|et|ou|or|sauf|excepté|dans\ ce\ cas|oui|non)\b""",
    "es": r"""(?:est[eao]s?|es[eao]s?|aquell[ao]s?|dich[ao]s?|tal(?:es)?|lo\ anterior|el\ mismo|la\ misma)\b
        |(?:él|ella|ellos|ellas|sus?|ambos|ambas)\b
        |(?:sin\ embargo|no\ obstante|de\ lo\ contrario|si\ no|por\ (?:eso|ello|tanto|lo\ tanto|consiguiente)|así|entonces|luego|después|además|en\ cambio|pero|y|o|salvo|excepto|en\ (?:ese|este|tal)\ caso|sí|no)\b""",
    "it": r"""(?:quest[oaie]|quell[oaie]|ciò|tal[ei]|tali|suddett[oaie])\b
        |(?:lui|lei|loro|ess[oaie]|suo|sua|suoi|sue|entrambi|entrambe)\b
        |(?:tuttavia|però|altrimenti|quindi|dunque|perciò|pertanto|inoltre|invece|poi|dopo|così|ma|e|o|salvo|eccetto|tranne|in\ (?:tal|questo)\ caso|sì|no)\b""",
    "pt": r"""(?:est[ea]s?|ess[ea]s?|isto|isso|aquel[ea]s?|tal|tais)\b
        |(?:ele|ela|eles|elas|seus?|suas?|ambos|ambas)\b
        |(?:no\ entanto|contudo|todavia|porém|caso\ contrário|portanto|por\ isso|assim|então|depois|além\ disso|mas|e|ou|salvo|exceto|nesse\ caso|neste\ caso|sim|não)\b""",
    "nl": r"""(?:dit|dat|deze|die|dergelijke)\b|(?:hij|zij|ze|het|hun|zijn|haar|beide)\b
        |(?:echter|anders|daarom|daardoor|dus|toch|bovendien|daarna|dan|maar|en|of|behalve|in\ dat\ geval|ja|nee|uitgezonderd)\b""",
    "sv": r"""(?:detta|denna|dessa|det|den|de|sådan[at]?)\b|(?:han|hon|deras|dess|båda)\b
        |(?:men|dock|annars|därför|alltså|dessutom|sedan|då|undantag(?:na|et)?|i\ så\ fall|ja|nej)\b""",
    "pl": r"""(?:ten|ta|to|ci|te|tego|tej|tym|taki(?:e|ego)?|taka)\b|(?:on|ona|ono|oni|one|ich|jego|jej)\b
        |(?:jednak|jednakże|natomiast|w\ przeciwnym\ razie|dlatego|zatem|więc|ponadto|potem|następnie|ale|i|lub|z\ wyjątkiem|wtedy|tak|nie\ dotyczy)\b""",
    "cs": r"""(?:ten|ta|to|tato|tento|toto|ti|ty|takov[áýé])\b|(?:on|ona|ono|oni|jejich|jeho|její)\b
        |(?:však|ale|jinak|proto|tedy|navíc|potom|pak|a|nebo|s\ výjimkou|v\ tom\ případě|ano)\b""",
    "ru": r"""(?:этот|эта|это|эти|этого|тот|та|те|так(?:ой|ая|ие)|данн(?:ый|ая|ое|ые))\b|(?:он|она|оно|они|их|его|её|ее)\b
        |(?:однако|иначе|поэтому|следовательно|кроме\ того|затем|потом|тогда|но|и|или|за\ исключением|исключени[ея]|в\ (?:этом|таком)\ случае|да|нет)\b""",
    "tr": r"""(?:bu|şu|bunlar|şunlar|böyle)\b|(?:o|onlar|onun|onların)\b
        |(?:ancak|fakat|ama|aksi\ (?:halde|takdirde)|bu\ nedenle|dolayısıyla|ayrıca|sonra|ve|veya|bu\ durumda|hariç|evet|hayır)\b""",
    "zh": r"""这|那|此|该|其|它|他|她|但|然而|不过|否则|因此|所以|于是|而且|并且|此外|然后|除外|例外|上述|前述|這|該|過|則|否則|惟|但是""",
    "ja": r"""これ|それ|あれ|この|その|あの|こう|そう|ただし|しかし|けれども|だが|さもないと|そうでない|したがって|そのため|よって|また|さらに|なお|例外|その場合|それら|彼|彼女""",
    "ko": r"""이는|이것|그것|그는|그녀|이러한|그러한|그러나|하지만|다만|단,|그렇지\ 않으면|따라서|그러므로|또한|그리고|이\ 경우|그\ 경우""",
    "ar": r"""(?:هذا|هذه|ذلك|تلك|هؤلاء|أولئك|لكن|ولكن|غير\ أن|إلا\ أن|وإلا|لذلك|ومع\ ذلك|باستثناء|ويستثنى|كما|ثم|وهو|وهي)\b""",
}
# Anywhere in the sentence: it takes something back, or binds it to a condition.
_LIMITS = {
    "en": r"""\b(?:does|do|did|shall|will|is|are|was|were|can|may|must|should)\s?(?:not|n't|n’t)\ (?:apply|include|cover|extend|hold|affect|limit|count|relate|permit|allow(?:ed)?|valid|true|available|possible|permitted|refunded|the\ case)
        |\b(?:except(?:ion|ions|ing)?|excluded|excluding|unless|provided\ that|subject\ to|notwithstanding|only\ (?:if|when|where|for|after|until|between|with|on|in)|so\ long\ as|as\ long\ as|on\ condition|exempt|other\ than|save\ (?:for|that|where)|limited\ to|withdrawn|suspended|cannot\ be|no\ longer|not\ valid|does\ not)\b
        |\b(?:nobody|no\ one|none)\ (?:may|can|must|is)\b""",
    "de": r"""\b(?:gilt|gelten|trifft|treffen|umfasst|bezieht\ sich|betrifft)\b[^.]{0,60}\b(?:nicht|nur)\b|\b(?:ausgenommen|ausnahmen?|außer|es\ sei\ denn|sofern|soweit|nur\ (?:wenn|dann|für|mit|nach|in|bei)|vorausgesetzt|vorbehaltlich|mit\ ausnahme|hiervon\ unberührt|entfällt)\b""",
    "fr": r"""\bne\ (?:vaut|valent|s'applique(?:nt)?|concerne(?:nt)?|comprend|couvre(?:nt)?|s'étend)\b|\b(?:sauf|hormis|à\ l'exception|excepté|exceptions?|à\ condition|uniquement\ si|seulement\ si|sous\ réserve|à\ moins\ que|pourvu\ que|exclus?e?s?)\b""",
    "es": r"""\bno\ (?:se\ aplica|vale|rige|incluye|cubre|es\ válid[ao]|afecta)\b|\b(?:salvo|excepto|excepción|excepciones|siempre\ que|a\ menos\ que|solo\ si|sólo\ si|únicamente|con\ la\ condición|queda[n]?\ excluid[ao]s?)\b""",
    "it": r"""\bnon\ (?:si\ applica|vale|valgono|comprende|include|copre|riguarda)\b|\b(?:salvo|eccetto|tranne|eccezione|eccezioni|purché|a\ condizione|solo\ se|esclus[oaie]|a\ meno\ che)\b""",
    "pt": r"""\bnão\ (?:se\ aplica|vale|inclui|abrange|cobre)\b|\b(?:salvo|exceto|exceção|exceções|desde\ que|a\ menos\ que|só\ se|somente\ se|excluíd[ao]s?)\b""",
    "nl": r"""\b(?:geldt|gelden|omvat|betreft)\b[^.]{0,60}\b(?:niet|alleen)\b|\b(?:behalve|uitzondering(?:en)?|tenzij|mits|uitgezonderd|alleen\ (?:als|indien))\b""",
    "sv": r"""\bgäller\b[^.]{0,40}\b(?:inte|ej|endast|bara)\b|\b(?:utom|undantag(?:et|na)?|förutsatt\ att|såvida\ inte|endast\ om)\b""",
    "pl": r"""\bnie\ (?:dotyczy|obejmuje|obowiązuje|stosuje)\b|\b(?:z\ wyjątkiem|wyjątek|wyjątkiem|chyba\ że|pod\ warunkiem|tylko\ (?:jeśli|gdy)|o\ ile)\b""",
    "cs": r"""\b(?:neplatí|nevztahuje|nezahrnuje)\b|\b(?:s\ výjimkou|výjimk[aouy]|ledaže|pod\ podmínkou|pouze\ (?:pokud|když)|kromě)\b""",
    "ru": r"""\bне\ (?:распространяется|применяется|действует|относится|включает|касается)\b|\b(?:кроме|за\ исключением|исключени[ея]м?|если\ только|при\ условии|только\ если)\b""",
    "tr": r"""\b(?:geçerli\ değil|uygulanmaz|kapsamaz|hariç|dışında|şartıyla|koşuluyla|ancak)\b""",
    "zh": r"""除外|例外|除非|不适用|不包括|不適用|不包括|仅限|僅限|但书|须经|須經|不得""",
    "ja": r"""ただし|除く|除き|例外|適用されない|適用しない|含まない|含まれない|限り|場合に限る|を除いて""",
    "ko": r"""제외|예외|적용되지\ 않|다만|단,|경우에만|한하여|포함되지\ 않""",
    "ar": r"""باستثناء|ما\ عدا|إلا|لا\ ينطبق|لا\ يشمل|بشرط|شريطة""",
}
# Of the limits, those that never stand alone: "the cap does not apply", "exceptions are".
_TAKES_BACK = regex.compile(
    r"""\b(?:does|do|shall|will)\s?(?:not|n't|n’t)\ (?:apply|include|cover|extend)\b
    |\A\W*(?:exceptions?|excluded|exempt|except|unless|provided|subject\ to|notwithstanding|ausgenommen|ausnahmen?|sauf|hormis
    |salvo|excepto|eccetto|tranne|exceto|behalve|uitgezonderd|utom|z\ wyjątkiem|s\ výjimkou|кроме|за\ исключением|hariç)\b
    |\b(?:gilt|gelten)\b[^.]{0,40}\bnicht\b|\bne\ (?:vaut|valent|s'applique(?:nt)?|concerne(?:nt)?)\b
    |\bno\ (?:se\ aplica|rige)\b|\bnon\ (?:si\ applica|vale|valgono)\b|\bnão\ se\ aplica\b|\bnie\ dotyczy\b|\bneplatí\b
    |\bне\ (?:распространяется|применяется|действует)\b|除外|例外|不适用|不適用|適用されない|適用しない|적용되지|لا\ ينطبق""",
    regex.IGNORECASE | regex.VERBOSE,
)
_RULE = regex.compile(
    r"""\b(?:may|can|must|shall|should|will|allowed|permitted|entitled|free|refund(?:ed|able|s)?|required|covered|included
    |approved|valid|darf|dürfen|kann|können|muss|müssen|soll(?:en)?|erlaubt|gestattet|kostenlos|gilt
    |peut|peuvent|doit|doivent|permis|autorisée?s?|gratuite?s?|puede[n]?|debe[n]?|permitid[oa]s?|gratis
    |può|possono|deve|devono|ammess[oaie]|gratuit[oaie]|pode[m]?|deve[m]?|mag|mogen|kan|kunnen|moet(?:en)?|får|måste
    |może|mogą|musi|může|smí|můžou|musí|можно|может|могут|должн[аоы]?)\b
    |可以|必须|必須|应当|應|できる|なければならない|할\ 수|해야|يجوز|يجب""",
    regex.IGNORECASE | regex.VERBOSE,
)
_PRONOUN = regex.compile(
    r"\W*(?:it|they|he|she|its|their|his|her|er|sie|es|il|elle|ils|elles|lui|lei|él|ella|ellos|ellas|ele|ela|hij|zij|han|hon"
    r"|on|ona|он|она|оно|они)\b",
    regex.IGNORECASE,
)
_OPENING = r"""\A[\s\"'“”«»„‚(\[–—*_>-]*+"""
_FLAGS = regex.IGNORECASE | regex.VERBOSE
_BACK = {language: regex.compile(f"{_OPENING}(?:{each})", _FLAGS) for language, each in _POINTS_BACK.items()}
_LIMIT = {language: regex.compile(each, _FLAGS) for language, each in _LIMITS.items()}
_BINDING = regex.compile(
    r"""\b(?:if|unless|until|till|except|excluding|provided|providing|when|whenever|while|as\ long\ as|so\ long\ as|other\ than|apart\ from|subject\ to|but|however|although|though
    |instead|rather\ than|once|before|after|because|only|whereas|otherwise|depending|up\ to
    |wenn|falls|sofern|soweit|solange|bis|außer|ohne|aber|sondern|obwohl|bevor|nachdem|vorausgesetzt|vorbehaltlich|es\ sei\ denn|jedoch|nur|weil
    |si|sauf|condition|pourvu|mais|jusqu|sans|quand|lorsque|tant\ que|avant|après|hormis|excepté|bien\ que|réserve|seulement|à\ moins
    |salvo|siempre|excepto|pero|hasta|sin|cuando|aunque|mientras|antes|después|sino|solo|sólo|condición
    |se|purché|tranne|eccetto|ma|fino|senza|quando|mentre|prima|dopo|anche\ se|condizione
    |desde\ que|exceto|mas|até|sem|embora|enquanto|depois|als|tenzij|mits|behalve|maar|totdat|zonder|terwijl|om|utom|men|innan|efter|jeśli|chyba|pod\ warunkiem|ale|dopóki|bez|jestliže|pokud|kromě|dokud|если|кроме|но|пока|без|хотя|eğer|ancak|kadar|hariç|ama)\b
    |如果|除非|但|直到|除了|只要|否则|もし|ただし|が、|まで|場合|限り|만약|하지만|경우|까지|제외|إذا|إلا|لكن|حتى|بشرط""",
    _FLAGS,
)
_LONGEST_CHAIN = 4
"""Sentences gone back over to find one that does not begin with a pronoun."""


def points_back(sentence: str, language: str = DEFAULT) -> bool:
    """Whether a sentence begins with a word that stands for something in the sentence before."""
    pattern = _BACK.get(language)
    return pattern is not None and pattern.match(sentence) is not None


def begins_with_pronoun(sentence: str) -> bool:
    """Whether the first word is a personal or possessive pronoun of the third person."""
    return _PRONOUN.match(sentence) is not None


def limits(sentence: str, language: str = DEFAULT) -> bool:
    """Whether a sentence states an exception, a condition or a limit anywhere."""
    pattern = _LIMIT.get(language)
    return pattern is not None and pattern.search(sentence) is not None


def qualifies(sentence: str, language: str = DEFAULT) -> bool:
    """Whether a sentence limits the one before it, so that the other is not true alone."""
    return _TAKES_BACK.search(sentence) is not None or (points_back(sentence, language) and limits(sentence, language))


def dependencies(
    sentences: Sequence[str], language: str = DEFAULT, *, pronouns: bool = True, references: bool = True
) -> list[tuple[int, int]]:
    """Pairs (a, b) of positions in a paragraph: sentence a is not to be kept without sentence b.

    A sentence that points back needs the one before it; one that begins with a pronoun, the nearest one before that does
    not. A rule needs the sentences behind it that limit it. `pronouns` False: where a title names what pronouns stand for.
    `references` False: only rules and what limits them need each other.
    """
    edges: list[tuple[int, int]] = []
    for i in range(1, len(sentences)):
        sentence = sentences[i]
        limiting = qualifies(sentence, language)
        if limiting or (references and points_back(sentence, language)):
            if begins_with_pronoun(sentence):
                if pronouns or limiting:
                    edges.append((i, _antecedent(sentences, i)))
            else:
                edges.append((i, i - 1))
        if limiting:
            edges += [(j, i) for j in _limited(sentences, i)]
    return edges


def _antecedent(sentences: Sequence[str], i: int) -> int:
    j = i - 1
    while j > 0 and i - j < _LONGEST_CHAIN and begins_with_pronoun(sentences[j]):
        j -= 1
    return j


def _limited(sentences: Sequence[str], i: int) -> list[int]:
    """What sentence `i` limits: the one before it, and the rule before that where the one before states none."""
    before = [i - 1]
    if i > 1 and not _RULE.search(sentences[i - 1]) and _RULE.search(sentences[i - 2]):
        before.append(i - 2)
    return before


def binds(sentence: str) -> bool:
    """Whether a sentence holds a word that binds one clause to another, so that neither is true alone."""
    return _BINDING.search(sentence) is not None
