"""``/rollback backend to v41 API answers 500``: ask for a rollback, in words."""

import re
from typing import Final, NoReturn

from bot.domain.errors import Refusal, Refused
from bot.engine.core import Engine
from bot.engine.propose import Wish, propose
from bot.invocation import Answer, Command, Invocation
from bot.message import Code, Line, Message

LONGEST: Final = 4000
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,62}")
_VERSION: Final = re.compile(r"[A-Za-z0-9][\w.@:+/-]{0,199}")
_QUOTES: Final = "\"'“”„«»‘’"


def parse(text: str, *, targets: frozenset[str]) -> Wish:
    """Read ``<target> [in <environment>] [to <version>] [reason…]``, or refuse with the place."""
    if len(text) > LONGEST:
        raise Refused(
            Refusal.BAD_REQUEST,
            f"That is longer than {LONGEST} characters. Nothing was changed. Say it shorter.",
        )
    words = text.split()
    target = _word(words, 0, _NAME, what="target")
    rest = words[1:]
    environment, version = None, ""
    while rest and rest[0].lower() in {"in", "to"}:
        at = len(words) - len(rest) + 1
        if rest[0].lower() == "in" and environment is None:
            environment = _word(words, at, _NAME, what="environment")
        elif rest[0].lower() == "to" and not version:
            version = _word(words, at, _VERSION, what="version")
        else:
            break
        rest = words[at + 1 :]
    if rest and rest[0].startswith("--"):
        _refuse(f"“{rest[0][:40]}” looks like an option; there are none. Use words: to v41")
    if rest and all(word in targets for word in rest):
        _refuse(f"One target per request; you named {target} and {', '.join(rest)[:80]}")
    return Wish(target, environment, version, reason=" ".join(rest).strip(_QUOTES))


def _word(words: list[str], at: int, grammar: re.Pattern[str], *, what: str) -> str:
    if at >= len(words):
        _refuse(f"The {what} is missing after “{words[-1][:40]}”")
    word = words[at]
    good = grammar.match(word)
    if good is None or good.end() != len(word) or ".." in word:
        end = good.end() if good else 0
        odd = word[end : end + 1] or ".."
        position = len(" ".join(words[:at])) + (1 if at else 0) + end + 1
        _refuse(f"“{odd}” at character {position} can't be part of a {what}")
    return word


def _refuse(problem: str) -> NoReturn:
    raise Refused(
        Refusal.BAD_REQUEST,
        f"{problem}. Nothing was changed. "
        "Say: /rollback <target> [in <environment>] [to <version>] [reason]",
    )


async def handle(engine: Engine, invocation: Invocation) -> Answer:
    """Write the request down; its notice and its plan follow in the channel."""
    known = engine.targets_of(invocation.place)
    wish = parse(invocation.text, targets=frozenset(target.name for target in known))
    rollback = await propose(engine, invocation, wish)
    text = (
        f"Preparing the plan to roll back {rollback.target} ({rollback.environment}). "
        "Nothing happens before others approve it."
    )
    return Answer(Message(text, (Line((text, " ", Code(rollback.id))),)))


COMMANDS: Final = (
    Command(
        verb="rollback",
        handle=handle,
        typed=True,
        usage="<target> [in <environment>] [to <version>] [reason]",
        help="ask for a rollback; others have to approve it",
    ),
)
