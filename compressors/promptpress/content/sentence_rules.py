"""Sentence boundaries that a segmenter of English does not know: abbreviations, ordinals and dates by language, citation marks
behind the stop, stops of other scripts, scripts without stops.

Each rule looks at one place of a paragraph, so that boundaries do not depend on what stands further away.
"""

from collections.abc import Iterator

import regex

# Abbreviations that stand before what they belong to. One list for each language, since one's abbreviation is another's word.
_ABBREVIATIONS = {
    "en": "dr mr mrs ms prof st hosp gen col capt lt sgt rev hon sen rep gov approx est fig figs eq sec ch vol no nos pp p ed eds cf vs e.g i.e viz dept univ assn bldg ave blvd rd mt ft inc corp jr sr messrs mme mlle al",
    "de": "abs abb abk abt allg anm art aufl az bd begr betr bes bez bspw bzgl bzw ca co d dgl dipl dr e ebd eig einschl engl entspr etc evtl evt exkl fa fam ff fr frl geb gegr gem gen gest gez ggf ggfs h hbf hr hrn hrsg i inc ing inkl insb insbes jan jh jhd jr kap kath lt m max med mind mio mrd mind mo di mi do sa so nov okt dez sept nr o od orig phil pol pos priv prof r rd rel s schr sog st std str svw tel tsd u urspr usf v verf vgl vorm vs w z zt zzgl zus z.b d.h u.a i.d.r z.t o.ä u.ä feb apr aug",
    "fr": "m mm mme mmes mlle mlles dr pr me st ste art al av bd boul ch chap cf env ex fig hab ill max min n no nº p pp par ref réf sq suiv t tél vol éd etc janv févr avr juil sept oct nov déc c.-à-d p.ex",
    "es": "sr sra srta srs sres dr dra d dña prof ing lic arq gral cap art arts av avda c cía col depto dpto ed ej etc fig gob hnos izq dcha km n nº no núm pág págs p pp ref tel ud uds vd vds vol aprox máx mín p.ej ee.uu ene feb mar abr jun jul ago sept oct nov dic",
    "it": "sig sigg sig.ra sig.na dott dott.ssa prof prof.ssa ing avv arch geom rag on sen ecc es fig art artt cap c p pag pagg n nn vol tel ca cfr sec sez s st max min gen feb mar apr giu lug ago sett ott nov dic",
    "pt": "sr sra srs dr dra d prof profa eng arq art arts av cap cf cia ed etc ex fig n nº núm p pp pág págs r ref séc tel vol aprox máx mín jan fev mar abr jun jul ago set out nov dez",
    "nl": "dhr mw mevr dr drs ing ir mr prof st art bijv blz bv ca d.w.z e.d enz etc evt excl fig incl jl jr m.b.t max min nl nr nrs o.a p resp sr t.a.v t.o.v tel vgl vs z.o.z jan feb mrt apr jun jul aug sept okt nov dec",
    "sv": "dr prof hr fr st bl.a ca d.v.s dvs e.d etc ev fig forts fr.o.m jfr kl m.m max min mkt nr osv resp s s.k t.ex t.o.m tel vol jan feb mar apr jun jul aug sept okt nov dec",
    "da": "dr prof hr fr bl.a ca dvs etc evt fig fx jf kl m.m max min mio mia nr osv pga s tlf vedr jan feb mar apr jun jul aug sept okt nov dec",
    "pl": "ul pl al os im św ks bp abp inż mgr dr hab prof doc gen płk por ppłk mjr kpt red ok godz min maks str s tys mln mld nr np m.in tj tzn tzw itp ww dn ob rys tab por zob cyt wyd t tom ur zm woj pow gm st ś p",
    "cs": "ing mgr mudr judr phdr rndr bc dr doc prof gen plk kpt sv p pí sl č čp čís str s sv tab obr např tj tzn tzv mj resp popř atd ap apod mil mld tis tel ul nám hod min max cca kap odst písm r st roč vyd",
    "sk": "ing mgr mudr judr phdr rndr bc dr doc prof gen plk sv p pí č čís str s tab obr napr tj tzn tzv resp príp mil tis tel ul nám hod min max cca kap ods písm r st roč",
    "ro": "dl dna d-na d-l dr prof ing av art alin nr pag p str bd bl sc ap jud etc ex fig max min tel aprox cca lit",
    "hu": "dr prof ifj id özv gr br u stb kb pl ún ill sz old o ker tel u.o vö max min jan feb márc ápr jún júl aug szept okt nov dec",
    "ru": "г гг ул пл пр просп пер д кв корп стр обл р н т тыс млн млрд руб коп им проф акад доц канд инж ген полк кап св о др тов см ср напр рис табл гл с стр изд ред сост в вв н.э т.е т.д т.п т.к",
    "uk": "р рр вул пл просп пров буд кв обл м с смт тис млн млрд грн коп ім проф акад доц канд інж ген св див рис табл гл ст вид ред н.е т.д т.п",
    "bg": "г гг ул бул пл ж.к бл вх ет ап гр с обл хил млн млрд лв ст им проф акад доц инж ген св вж рис табл гл стр",
    "tr": "dr prof doç yrd av sn bay bn bkz cad sok mah apt no vb vs örn yy s sf çev haz ed tel şt ltd a.ş",
    "fi": "dr prof ks esim ns mm ym yms jne n noin s tl klo puh os nro vrt milj mrd",
    "el": "κ κα κκ δρ π.χ κ.λπ κ.ά δηλ βλ σελ αρ τηλ οδ λεωφ αγ π.μ μ.μ χλμ",
    "vi": "ts ths gs pgs tp tx q p tr đ ô",
    "id": "dr prof ir drs hj h no jl tel dll dsb yth sdr",
}
_ENDS_TOO = frozenset(["al", "etc", "co", "inc", "corp", "ltd", "jr", "sr", "ff", "usf", "usw"])
"""Abbreviations with which a sentence may end as well: a capital letter behind them decides nothing, and the edge stays."""
_CALENDAR = frozenset("jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri sat sun".split())
"""English days and months, most of them words too: abbreviations only before a number or a small letter."""
_ORDINALS = frozenset(["de", "cs", "sk", "pl", "da", "nb", "no", "fi", "hu", "sl", "hr", "et", "lv", "tr", "is", "sr"])
"""Languages that write ordinal numbers, and so the days of dates, with a full stop."""
_ORDINAL_BEFORE = regex.compile(
    r"\b(?:der|die|das|dem|den|des|am|im|vom|zum|zur|beim|bis|seit|ab|und|oder|jeder|jede|jedes|ein|eine|einer|einem|einen|kein|mein|sein"
    r"|ihr|mit|nach|vor|in|od|do|dne|dnia|den|každý|dňa|w|na|we|i|a|ve|v|z|s|k|den|og|til|fra|på|i)\s*$",
    regex.IGNORECASE,
)
_MONTHS = regex.compile(
    r"\s*(?:jan|feb|fév|mär|mar|apr|avr|abr|mai|may|maj|máj|maio|mei|jun|jui|giu|juli?|lug|aug|août|ago|sep|set|okt|oct|ott|out|nov|dez|dec|déc|dic"
    r"|led|únor|břez|dub|květ|červ|srp|září|říj|list|pros|stycz|lut|kwie|lip|sierp|wrz|paź|gru|ocak|şub|mart|nis|haz|tem|eyl|eki|kas|ara"
    r"|tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|joulu|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)",
    regex.IGNORECASE,
)
_WORD_BEFORE = regex.compile(r"(?P<word>[\p{L}\p{M}.\-º]+)\.[)\"'”’»]*\s*$")
_NUMBER_BEFORE = regex.compile(r"(?<![\d.,:/])(?P<number>\d{1,2})\.\s*$")
_LETTER_BEFORE = regex.compile(r"(?<![\p{L}\p{N}])\p{Lu}\.\s*$")
_GOES_ON = regex.compile(r"\s*(?:\p{Ll}|\d|[–—,;])")
_MARK = r"(?:\[[^\]\[\n]{1,14}\]|[¹²³⁰⁴-⁹]+|\(\d{1,3}\))"
_MARKS = regex.compile(rf"[.!?…][\"'”’»)]?(?P<marks>{_MARK}(?:[ \u00a0]?[-–,]?[ \u00a0]?{_MARK})*)(?=\s|$)")
_HAS_MARKS = regex.compile(r"[.!?…][\"'”’»)]?[\[(¹²³⁰⁴-⁹]")
_FULL_WIDTH_STOP = regex.compile(r"(?<=[\p{Han}\p{Hiragana}\p{Katakana}）」』”])．(?!\d)")
_DEGREE_END = regex.compile(r",\s(?:CSc|DrSc|Ph\.?D|MBA|M\.?Sc|B\.?Sc|LL\.?M|Jr|Sr)\.(?=\s+\p{Lu}\p{Ll})")
_PLAIN_END = regex.compile(r"\p{Ll}{4}[.!?][\"”’»)]{0,2}(?=\s+[\"“„«(]?\p{Lu}[\p{Ll}\s'’])")
_SPACED_SCRIPT = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_SPACE_IN_SPACED = regex.compile(
    r"(?<=[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\d.%)ฯๆ])[ \u00a0]+(?=[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\"“(])"
)
_LEAST_SPACED = 12
"""Characters on either side of a space for it to divide a text of a script that ends sentences with spaces."""
_NUMBER_AT_END = regex.compile(r"\d[\d.,:\-–/]*$")
_CLOCK_OR_UNIT = regex.compile(
    r"(?:น\.|นาฬิกา|บาท|เมตร|กิโล|ปี|วัน|คน|เดือน|ตัน|ล้าน|พัน|แสน|หมื่น|องศา|ชั่วโมง|นาที|ม\.|กม\."
    r"|ม.?ค|ก.?พ|มกรา|กุมภา|มีนา|เมษา|พฤษภา|มิถุนา|กรกฎา|สิงหา|กันยา|ตุลา|พฤศจิกา|ธันวา|พ\.ศ|ค\.ศ)"
)


def is_abbreviation(word: str, language: str) -> bool:
    """Whether a word that a full stop follows (without the stop) is an abbreviation of the language."""
    return word.lower().lstrip(".") in _WORDS.get(language, _WORDS["en"])


_WORDS = {language: frozenset(words.split()) for language, words in _ABBREVIATIONS.items()}


def goes_on(paragraph: str, edge: int, language: str) -> bool:
    """Whether the sentence goes on at `edge`, which a segmenter took for its end: behind an abbreviation, an initial, the number
    of a day or an ordinal."""
    before, after = paragraph[max(0, edge - 40) : edge], paragraph[edge : edge + 20]
    if not after.strip():
        return False
    number = _NUMBER_BEFORE.search(before)
    if number and language in _ORDINALS:
        # "am 3. 5. 2021", "3. Mai", "der 1. Inspektion"; not "um 14. Er".
        return bool(_GOES_ON.match(after) or _MONTHS.match(after) or _ORDINAL_BEFORE.search(before[: number.start()]))
    if _LETTER_BEFORE.search(before) and language != "en":
        return True
    word = _WORD_BEFORE.search(before)
    if word is None:
        return False
    found = word["word"].lower()
    if found in _ENDS_TOO or (language == "en" and found in _CALENDAR):
        return _GOES_ON.match(after) is not None
    return is_abbreviation(found, language)


def further_edges(paragraph: str) -> Iterator[int]:
    """Ends of sentences that a segmenter of English does not see."""
    for match in _FULL_WIDTH_STOP.finditer(paragraph):
        yield match.end()
    for match in _DEGREE_END.finditer(paragraph):
        yield match.end()
    for match in _PLAIN_END.finditer(paragraph):
        yield match.end()
    for _, end in inside_marks(paragraph):
        yield end
    if _SPACED_SCRIPT.search(paragraph):
        yield from _spaces_between_sentences(paragraph)


def inside_marks(paragraph: str) -> list[tuple[int, int]]:
    """Spans in which no sentence ends: from a stop to the last citation mark behind it."""
    if not _HAS_MARKS.search(paragraph):
        return []
    return [(match.start("marks") - 1, match.end()) for match in _MARKS.finditer(paragraph)]


def _spaces_between_sentences(paragraph: str) -> Iterator[int]:
    """Spaces of Thai and the like, which divide sentences; not those around a number or a unit."""
    last = 0
    for match in _SPACE_IN_SPACED.finditer(paragraph):
        before, after = paragraph[last : match.start()], paragraph[match.end() :]
        if _NUMBER_AT_END.search(before) and (_CLOCK_OR_UNIT.match(after) or not _SPACED_SCRIPT.match(after)):
            continue
        if len(before) < _LEAST_SPACED:
            continue
        yield match.end()
        last = match.end()
