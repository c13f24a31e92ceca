"""``/rollback status``: what is open now, and what ended last."""

from collections.abc import Sequence
from typing import Final

from bot.domain.errors import Refused
from bot.domain.rollback import Rollback, State
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation, Option
from bot.message import Code, Inline, Line, Message, Note, Strong, When

_SHOWN: Final = 5
_SUGGESTED: Final = 25


async def handle(engine: Engine, invocation: Invocation) -> Answer:
    """List the open rollbacks of this channel, or the last that ended."""
    words = (invocation.fields.get("id") or invocation.text).split()
    if words:
        return await _one(engine, invocation, words[0])
    running, latest = await engine.store.read(
        lambda tx: (tx.open(invocation.place), tx.latest(invocation.place, 1))
    )
    if running:
        text = f"{len(running)} open: {'; '.join(_sentence(r) for r in running[:_SHOWN])}"
        lines = tuple(Line(_parts(rollback)) for rollback in running[:_SHOWN])
        more = len(running) - _SHOWN
        rest = (Note((f"and {more} more",)),) if more > 0 else ()
        return Answer(Message(text, (*lines, *rest)))
    text = "Nothing is being rolled back."
    last = (Line(("Last: ", *_parts(latest[0]))),) if latest else ()
    return Answer(Message(text, (Line((text,)), *last)))


async def _one(engine: Engine, invocation: Invocation, wanted: str) -> Answer:
    """Say where the rollback with this id is; those of other channels are not told about."""
    try:
        known = await engine.store.read(lambda tx: tx.load(wanted))
    except Refused:
        known = None
    if known is None or invocation.place not in known.places:
        text = f"There is no rollback {wanted[:40]} in this channel."
        return Answer(Message(text, (Line((text,)),)))
    return Answer(Message(_sentence(known), (Line(_parts(known)),)))


def _sentence(rollback: Rollback) -> str:
    return f"{rollback.target} ({rollback.environment}) is {_state(rollback)}, {rollback.id}"


def _parts(rollback: Rollback) -> tuple[Inline, ...]:
    ended = rollback.outcome.at if rollback.outcome else rollback.asked_at
    return (
        Strong(f"{rollback.target} · {rollback.environment}"),
        f" {_state(rollback)} · ",
        When(ended, relative=True),
        " ",
        Code(rollback.id),
    )


def _state(rollback: Rollback) -> str:
    if rollback.state in {State.PENDING, State.QUORUM}:
        return f"{rollback.state}, {rollback.given} of {rollback.policy.approvals} approvals"
    return str(rollback.state).replace("_", " ")


async def ids(engine: Engine, invocation: Invocation) -> Sequence[str]:
    """Suggest the newest rollbacks of this channel."""
    typed = invocation.fields.get("id", "")
    newest = await engine.store.read(lambda tx: tx.latest(invocation.place, _SUGGESTED))
    return [one.id for one in newest if typed in one.id]


COMMANDS: Final = (
    Command(
        verb="status",
        handle=handle,
        typed=True,
        usage="status [id]",
        help="what is open now",
        options=(Option("id", "one rollback, such as rb-7f3k2q", suggest=ids),),
    ),
)
