"""Words from outside, made harmless and short for Discord's Markdown.

Two means, each where the other fails. A backslash takes the meaning from punctuation, and is not
shown. A joiner without width stands between two characters that mean something side by side only,
also to Discord's servers, which look for mentions and don't know backslashes.
"""

import re
from typing import Final

from bot.chat.clean import clean
from bot.chat.cut import cut, isolated, units

JOINER: Final = "\u2060"

_ESCAPED: Final = re.compile(
    r"[\\`*]|<(?! )"  # these begin something wherever they stand
    r"|_(?![0-9A-Za-z])|(?<=_)_"  # one within a word, as in api_v2, neither begins nor ends italics
    r"|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\|"
    # At the start of a line: headings, small print, quotes and lists.
    r"|(?m:^[^\S\n]*)(?:>|#(?=#*(?:\s|\Z))|[+-](?=[\s#]|\Z)|\d+(?=[.)]))"
)
_JOINED: Final = re.compile(
    r"<(?=[^ ])"
    r"|@(?=everyone|here)"
    r"|:(?=[\w+'-]+:)"  # :tada:
    r"|(?<=\w):(?=//)|(?<=www)\."  # addresses
    r"|(?<=discord)\.|(?<=discordapp)\."  # invitations need no http://
    r"|\](?=\()",
    re.IGNORECASE,
)


def inert(text: str, most: int) -> str:
    """Return the words for a place where Discord reads Markdown."""
    return _harmless(isolated(cut(clean(text), most, written=_harmless)))


def line(text: str, most: int) -> str:
    """Return the words as one line of such a place."""
    return inert(" ".join(text.split()), most)


def plain(text: str, most: int) -> str:
    """Return one line for a place where Discord gives no character a meaning, such as a label."""
    return isolated(cut(clean(" ".join(text.split())), most))


def code(text: str, most: int) -> str:
    """Return one line of code; two backticks in a row can't stand in one, and become words."""
    words = cut(clean(" ".join(text.split())), most, written=_code)
    if "``" in words:
        return inert(words, most)
    written = _code(words) if words else ""
    return written if units(written) <= most else ""


def _code(words: str) -> str:
    return f"`` {words} ``" if "`" in words else f"`{words}`"


def _harmless(text: str) -> str:
    return _ESCAPED.sub(_escaped, _JOINED.sub(rf"\g<0>{JOINER}", text))


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    if found[-1].isdigit():  # "1." is a list, and only the dot can be escaped
        return f"{found}{JOINER}"
    return f"{found[:-1]}\\{found[-1]}"
