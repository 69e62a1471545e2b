"""Words by which it can be told, in many languages, what a user wants done with a text."""

import regex

OWN_WORDS = regex.compile(
    r"\b(?:i|i['’]m|i['’]ve|i['’]d|my|me|we|our|us|ich|mein(?:e[nmrs]?)?|mir|mich|wir|unser(?:e[nmrs]?)?|uns|je"
    r"|j['’]\w+|mon|ma|mes"
    r"|moi|nous|notre|nos|yo|mi|mis|me|nosotros|nuestr[oa]s?|io|mio|mia|noi|nostr[oaie]|eu|meu|minha|nós|nosso|nossa"
    r"|ik|mijn|wij|onze|jag|min|mitt|vi|vår"
    r"|я|мой|моя|мне|меня|мы|наш|нас)\b|[我咱]|私|僕|俺|저는|나는|제가|내가",
    regex.IGNORECASE,
)
"""First-person words: whose text this is."""
NEEDS_ALL = regex.compile(
    r"\s*(?:please\s+|bitte\s+|(?:can|could|would)\s+you\s+(?:please\s+)?)?(?:translate|rewrite|rephrase|paraphrase"
    r"|proofread|correct|convert|refactor|reformat"
    r"|format|fix|transcribe|count|sort|complete|edit|improve|copy|repeat|port|merge|deduplicate|übersetze"
    r"|überarbeite|korrigiere|formuliere|zähle|sortiere"
    r"|tradui[st]|traduisez|corrige[zr]?|réécri[st]|réécrivez|reformule[zr]?|traduce|traduzca|reescribe|corrige"
    r"|traduci|riscrivi|correggi|traduza|reescreva"
    r"|corrija|vertaal|herschrijf|översätt|przetłumacz|popraw|přelož|переведи|перепиши|исправь)\b|\s*(?:请|請)?(?:翻译"
    r"|翻譯|改写|润色|校对)|.*(?:翻訳|添削|번역)",
    regex.IGNORECASE,
)
"""A sentence that asks to do something with a text word for word, not to answer from it."""
BINDING = regex.compile(
    r"\b(?:must|mustn['’]t|need(?:s)?\ to|have\ to|do\ not|don['’]t|never|always|only|make\ sure|be\ careful"
    r"|remember|note\ that|important|leave|keep"
    r"|please|deadline|correction|without|unless|except|instead\ of|at\ (?:least|most)|no\ more\ than|allergic"
    r"|budget|prefer"
    r"|bitte|nicht|nie|niemals|muss|müssen|darf|dürfen|nur|kein(?:e[nmrs]?)?|ohne|mindestens|höchstens|achte|wichtig"
    r"|ne|jamais|doit|devez|sans|sauf|seulement|veuillez|attention|surtout|au\ (?:plus|moins)|s['’]il\ (?:te"
    r"|vous)\ plaît"
    r"|no|nunca|debe|deben|sin|solo|sólo|salvo|por\ favor|máximo|mínimo|non|mai|deve|senza|massimo|não|sem|niet"
    r"|nooit|geen|zonder|alstublieft"
    r"|inte|aldrig|måste|utan|nie|bez|musi|proszę|нельзя|не|никогда|должен|без|только|пожалуйста)\b"
    r"|不要|不能|必须|必須|请|請|不得|只|禁止|しないで|ください|だけ|하지\ 마|반드시|만",
    regex.IGNORECASE | regex.VERBOSE,
)
"""Words of sentences that ask for something or rule something out."""
