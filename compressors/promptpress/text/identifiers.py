"""Identifiers: order numbers, UUIDs, versions, paths, error codes and the like, which name one thing and nothing near it."""

import regex

_IDENTIFIER = regex.compile(
    r"""(?<![\w./@-])(?:
        [0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}
        |(?:~|\.{1,2})?(?:/[\w.@+-]+)+|[\w.+-]+(?:/[\w.@+-]+)+
        |[A-Za-z][\w+-]*\.(?:py|js|ts|tsx|rs|go|java|rb|c|h|cpp|cs|php|sh|sql|ya?ml|json|toml|ini|cfg|md|txt|csv|xml|html|log)\b
        |(?=[\w.:#-]*\d)(?=[\w.:#-]*[A-Za-z_:#-])[A-Za-z0-9#](?:[\w.:#-]*\w)?
        |\#\d+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+(?:_[a-z0-9]+)+
        |\d{3,}(?:\.\d+)*
    )(?![\w@])""",
    regex.VERBOSE,
)
_YEAR = regex.compile(r"(?:1[0-9]|20|21)\d\d")
_QUANTITY = regex.compile(r"\d+(?:[.,:/-]\d+)*(?:%|°|[a-zA-Zµ]{1,3})?")
_SHORTEST = 3
"""Characters of the shortest identifier."""
_ASCII_WORD = r"A-Za-z0-9_"


def identifiers(text: str) -> list[str]:
    """The identifiers in a text, each once, in order: words with digits in them, paths, names in snake case or capitals.

    Years and quantities ("15 kg", "50%", "2nd") are not identifiers, nor numbers of one or two digits.
    """
    found = []
    for match in _IDENTIFIER.finditer(text):
        each = match.group().strip(".:-")
        quantity = _QUANTITY.fullmatch(each) and not regex.fullmatch(r"\d{3,}", each)
        if len(each) >= _SHORTEST and not quantity and not _YEAR.fullmatch(each):
            found.append(each)
    return list(dict.fromkeys(found))


def finder(identifier: str) -> "regex.Pattern[str]":
    """A pattern that finds an identifier as a whole, in any case: `V-10` is not in `V-101`."""
    return regex.compile(
        rf"(?<![{_ASCII_WORD}])(?<![{_ASCII_WORD}][-.])(?:{regex.escape(identifier)})"
        rf"(?![{_ASCII_WORD}])(?![-.][{_ASCII_WORD}])",
        regex.IGNORECASE,
    )
