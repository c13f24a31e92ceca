"""Secrets are taken out of every text, also where they stand encoded."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

HIDDEN: Final = "[secret]"

_SHORTEST: Final = 4  # what is shorter would tear holes into ordinary words


class Scrubber:
    """Takes secrets out of texts."""

    def __init__(self, values: Iterable[str]) -> None:
        """Prepare every form that a secret may take."""
        self._forms = set[str]()
        self.learn(*values)

    def learn(self, *values: str) -> None:
        """Take these out from now on, too: some secrets arrive while the bot runs."""
        self._forms.update(form for value in values for form in _forms(value))
        usable = sorted((f for f in self._forms if len(f) >= _SHORTEST), key=len, reverse=True)
        self._folded = tuple({form.casefold() for form in usable})
        self._pattern = re.compile("|".join(map(re.escape, usable)), re.IGNORECASE)

    def __call__(self, text: str) -> str:
        """Return the text without any secret."""
        folded = text.casefold()  # a plain search first: it is far faster, and mostly finds nothing
        if not any(form in folded for form in self._folded):
            return text
        return self._pattern.sub(HIDDEN, text)


def _forms(value: str) -> Iterator[str]:
    """Write a secret in every way that texts are known to repeat it."""
    raw = value.encode()
    yield from (value, value[::-1], quote(value, safe=""), quote_plus(value), raw.hex())
    yield from (repr(value)[1:-1], json.dumps(value)[1:-1])
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    for shift in range(3):  # inside a longer text, base64 falls three ways
        encoded = base64.b64encode(bytes(shift) + raw).decode()
        inside = encoded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        yield from (inside, inside.translate(str.maketrans("+/", "-_")))
