"""``/rollback backend to v41 API answers 500``: ask for a rollback, in words."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from bot.domain.errors import Refusal, Refused
from bot.engine.core import Engine
from bot.engine.propose import Wish, propose
from bot.invocation import Answer, Command, Invocation, Option
from bot.message import Code, Line, Message

LONGEST: Final = 4000
_LOOKED_THROUGH: Final = 50  # rollbacks of the channel
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,62}")
_VERSION: Final = re.compile(r"[A-Za-z0-9][\w.@:+/-]{0,199}")
_QUOTES: Final = "\"'“”„«»‘’"
_PARTS: Final = {
    "target": (_NAME, "target"),
    "environment": (_NAME, "environment"),
    "to": (_VERSION, "version"),
}


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


def filled_in(fields: Mapping[str, str]) -> Wish:
    """Read the same where each part was filled in by itself, or refuse with the part."""
    parts = {name: " ".join(fields.get(name, "").split()) for name in (*_PARTS, "reason")}
    for name, (grammar, what) in _PARTS.items():
        if parts[name]:
            _word([parts[name]], 0, grammar, what=what)
    if not parts["target"]:
        _refuse("The target is missing")
    if len(parts["reason"]) > LONGEST:
        _refuse(f"The reason is longer than {LONGEST} characters")
    return Wish(parts["target"], parts["environment"] or None, parts["to"], parts["reason"])


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
    known = frozenset(target.name for target in engine.targets_of(invocation.place))
    fields = invocation.fields
    wish = filled_in(fields) if fields else parse(invocation.text, targets=known)
    rollback = await propose(engine, invocation, wish)
    text = (
        f"Preparing the plan to roll back {rollback.target} ({rollback.environment}). "
        "Nothing happens before others approve it."
    )
    return Answer(Message(text, (Line((text, " ", Code(rollback.id))),)))


async def targets(engine: Engine, invocation: Invocation) -> Sequence[str]:
    """Suggest the targets of this channel."""
    here = [t.name for t in engine.targets_of(invocation.place) if invocation.place in t.channels]
    return _fitting(here, invocation.fields.get("target", ""))


async def environments(engine: Engine, invocation: Invocation) -> Sequence[str]:
    """Suggest the environments of the target that was named, or of all."""
    named = invocation.fields.get("target", "")
    known = [
        target.environment
        for target in engine.targets_of(invocation.place)
        if invocation.place in target.channels and named in {"", target.name}
    ]
    return _fitting(known, invocation.fields.get("environment", ""))


async def versions(engine: Engine, invocation: Invocation) -> Sequence[str]:
    """Suggest the versions that earlier plans of this target spoke of, the newest plan first.

    They come from our own books: whoever talks to people holds no secret to ask a provider with.
    """
    named = invocation.fields.get("target", "")
    earlier = await engine.store.read(lambda tx: tx.latest(invocation.place, _LOOKED_THROUGH))
    plans = [one.plan for one in earlier if one.plan is not None and one.target == named]
    known = [
        point.label
        for plan in plans
        for step in plan.steps
        for point in (step.preview.after, step.preview.before)
    ]
    return _fitting(known, invocation.fields.get("to", ""))


def _fitting(known: Sequence[str], typed: str) -> Sequence[str]:
    """Return each once, those that begin with what was typed before those that hold it."""
    words = [one for one in dict.fromkeys(known) if typed.lower() in one.lower()]
    return sorted(words, key=lambda one: not one.lower().startswith(typed.lower()))


COMMANDS: Final = (
    Command(
        verb="rollback",
        handle=handle,
        typed=True,
        usage="<target> [in <environment>] [to <version>] [reason]",
        help="ask for a rollback; others have to approve it",
        options=(
            Option("target", "what to roll back", is_required=True, suggest=targets),
            Option("environment", "if the target has several", suggest=environments),
            Option("to", "a version; without it, the last known good one", suggest=versions),
            Option("reason", "what is wrong"),
        ),
    ),
)
