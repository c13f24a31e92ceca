"""A reader of Discord's Markdown, as its clients read it: what is shown, and what has a meaning.

It goes by the published descriptions and by open readers of it, and where they differ it takes the
one that gives more of the characters a meaning. It shares nothing with the code that it judges.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_ID = r"\d{1,21}"


class Node(NamedTuple):
    """A part of what is shown: its kind, and its words."""

    kind: str
    words: str


# At the start of a line; what follows on the line is read on.
_BLOCKS = (
    ("quote", re.compile(r" *>>> | *> ")),
    ("subtext", re.compile(r" *-#\s+(?=\S)")),
    ("heading", re.compile(r" *#{1,3}\s+(?=\S)")),
    ("list", re.compile(r" *(?:[*+-]|\d+[.)])\s")),
)
_WHOLE = (
    ("code block", re.compile(r"```.*?```", re.DOTALL)),
    ("address", re.compile(r"<[^: >]+:/[^ >]+>|<[^ >]+@[^ >]+>|<\+?[\d ()-]{3,}>")),
    ("user", re.compile(rf"<@!?{_ID}>")),
    ("role", re.compile(rf"<@&{_ID}>")),
    ("channel", re.compile(rf"<#{_ID}>")),
    ("time", re.compile(r"<t:-?\d+(?::[a-zA-Z])?>")),
    ("emoji", re.compile(rf"<a?:\w+:{_ID}>|:[a-z0-9_+-]+:", re.IGNORECASE)),
    ("command", re.compile(rf"</[^>]*:{_ID}>")),
    ("navigation", re.compile(r"<id:[^>]*>|<\d+:(?:customize|browse|guide|linked-roles)[^>]*>")),
    ("everyone", re.compile(r"@(?:everyone|here)", re.IGNORECASE)),
    ("address", re.compile(r"[a-z]+://[^\s<]+|www\.\w", re.IGNORECASE)),
    ("invitation", re.compile(r"discord(?:app)?\.(?:gg|com|gift|new|me)\b", re.IGNORECASE)),
    ("link", re.compile(r"\[(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*\]\(")),
    ("code", re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")),
)
_AROUND = (
    ("spoiler", re.compile(r"\|\|([\s\S]+?)\|\|")),
    ("strong", re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    ("underline", re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")),
    ("strike", re.compile(r"~~([\s\S]+?)~~(?!_)")),
    (
        "italic",
        re.compile(
            r"_((?:__|\\[\s\S]|[^\\_])+?)_(?![0-9A-Za-z_])"
            r"|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
        ),
    ),
)
_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
_MASKED = re.compile(r"\[([^\[\]]*)\]\(<([^<> ]+)>\)")


def read(text: str, *, inline: bool = False) -> list[Node]:
    """Read a text; neighbouring words without a meaning are one node."""
    merged = list[Node]()
    for node in _read(text, inline=inline):
        if merged and node.kind == merged[-1].kind == "words":
            merged[-1] = Node("words", merged[-1].words + node.words)
        else:
            merged.append(node)
    return merged


def shown(text: str) -> str:
    """All words that somebody sees."""
    return "".join(node.words for node in read(text))


def _read(text: str, *, inline: bool) -> Iterator[Node]:
    at, is_start = 0, not inline
    while at < len(text):
        rest = text[at:]
        if is_start and (block := _first(_BLOCKS, rest)):
            yield Node(block[0], "")
            at += block[1].end()
            continue
        is_start = False
        if escape := _ESCAPE.match(rest):
            yield Node("words", escape[1])
            at += escape.end()
        elif masked := _MASKED.match(rest):
            yield Node("our link", masked[2])
            yield from read(masked[1], inline=True)
            at += masked.end()
        elif whole := _first(_WHOLE, rest):
            code = whole[1][2].strip() if whole[0] == "code" else whole[1][0]
            yield Node(whole[0], code)
            at += whole[1].end()
        elif around := _first(_AROUND, rest):
            inner = next(group for group in around[1].groups() if group is not None)
            nodes = read(inner, inline=True)
            is_plain = all(node.kind == "words" for node in nodes)
            yield from [Node(around[0], shown_of(nodes))] if is_plain else nodes
            at += around[1].end()
        else:
            yield Node("words", rest[0])
            is_start = rest[0] == "\n" and not inline
            at += 1


def shown_of(nodes: list[Node]) -> str:
    """The words of nodes."""
    return "".join(node.words for node in nodes)


def _first(
    rules: tuple[tuple[str, re.Pattern[str]], ...], rest: str
) -> tuple[str, re.Match[str]] | None:
    for kind, pattern in rules:
        if match := pattern.match(rest):
            return kind, match
    return None
