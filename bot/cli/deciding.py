"""Decide on the command line: the same rules as in every chat, and one's own signature."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.chat.terminal.drawing import draw
from bot.cli.hand import Hand, beside, is_anybody_leading, own_key
from bot.cli.key import DEFAULT, KeyFile
from bot.cli.looks import NOBODY
from bot.cli.meant import RollbackId, meant
from bot.cli.options import HERE, File, books, confirm, err, out, say, show
from bot.cli.steady import going_on
from bot.cli.words import one_line
from bot.config import Settings
from bot.domain.act import Act
from bot.domain.errors import TwokeyError
from bot.domain.people import Account
from bot.domain.rollback import Rollback, State
from bot.domain.target import TERMINAL, Place
from bot.invocation import Invocation
from bot.message import Message, Ticket
from bot.ports import Kind, Posting
from commands.details import handle as details_of
from notifications import renderer

_FEWEST_DIGITS: Final = 8
_APPROVABLE: Final = frozenset({State.PENDING, State.QUORUM})  # else it is refused in any case
Work = Callable[[Hand, Rollback], Awaitable[Message]]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]
Words = Annotated[str, typer.Option("--reason", help="Why, in your own words.")]


class YesOrNo(StrEnum):
    """Whether a step that is in doubt happened."""

    YES = "yes"
    NO = "no"


def approve(
    rollback: RollbackId = None,
    digest: Annotated[
        str, typer.Option(help="Do not ask; the plan's digest must begin so, or be this one.")
    ] = "",
    config: File = HERE,
    key: KeyFile = DEFAULT,
) -> None:
    """Approve one exact plan, after a look at its card."""

    async def work(hand: Hand, known: Rollback) -> Message:
        await _show_card(hand, known)
        if digest:
            _check_digest(known, digest.lower())
        elif known.state in _APPROVABLE:
            plan = known.plan.digest[:_FEWEST_DIGITS] if known.plan else ""
            confirm(f"Type yes to approve exactly this plan ({plan}):", script="--digest DIGEST")
        return await hand.do("approve", _act("approve", known), value=_ticket(known))

    _decide(config, key, rollback, work)


def withdraw(rollback: RollbackId = None, config: File = HERE, key: KeyFile = DEFAULT) -> None:
    """Take your own approval back."""
    _decide(config, key, rollback, _simply("withdraw"))


def reject(
    rollback: RollbackId = None,
    reason: Words = "",
    config: File = HERE,
    key: KeyFile = DEFAULT,
) -> None:
    """Say no; one is enough, and nothing is changed."""
    words = one_line(reason)

    async def work(hand: Hand, known: Rollback) -> Message:
        return await rejected(hand, known, words)

    _decide(config, key, rollback, work)


async def rejected(hand: Hand, known: Rollback, words: str) -> Message:
    """Reject it, and then say why; without the words it is rejected all the same."""
    message = await hand.do("reject", _act("reject", known), value=_ticket(known))
    if words:
        act, ticket = Act("explain", known.id, words=words), str(Ticket(known.id))
        try:
            await hand.do("reject_because", act, value=ticket, fields={"because": words})
        except TwokeyError as error:
            say(str(error), f"{known.id} is rejected all the same, without your reason.")
    return message


def cancel(rollback: RollbackId = None, config: File = HERE, key: KeyFile = DEFAULT) -> None:
    """Take a request back that has not started."""
    _decide(config, key, rollback, _simply("cancel"))


def stop(rollback: RollbackId = None, config: File = HERE, key: KeyFile = DEFAULT) -> None:
    """Let no further step start."""
    _decide(config, key, rollback, _simply("stop"))


def reason(
    words: Annotated[str, typer.Argument(help="What is wrong.")],
    rollback: RollbackId = None,
    config: File = HERE,
    key: KeyFile = DEFAULT,
) -> None:
    """Say what your rollback is for, if that was left out."""
    said = one_line(words)

    async def work(hand: Hand, known: Rollback) -> Message:
        act = _act("reason", known, words=said)
        return await hand.do("reason_given", act, value=_ticket(known), fields={"reason": said})

    _decide(config, key, rollback, work)


def settle(
    step: Annotated[str, typer.Argument(help="The step in doubt, such as api.")],
    happened: Annotated[YesOrNo, typer.Argument(help="Whether it happened.")],
    rollback: RollbackId = None,
    yes: Yes = False,
    config: File = HERE,
    key: KeyFile = DEFAULT,
) -> None:
    """Answer whether a step happened whose answer was lost."""
    verb = f"settle_{happened}"

    async def work(hand: Hand, known: Rollback) -> Message:
        await _show_card(hand, known)
        if not yes:
            did = "happened" if happened is YesOrNo.YES else "did not happen"
            confirm(f"Type yes if you have looked, and {step} {did}:", script="--yes")
        act = _act(verb, known, about=step)
        return await hand.do(verb, act, value=_ticket(known, about=step))

    _decide(config, key, rollback, work)


def resolve(
    rollback: Annotated[str, typer.Argument(metavar="ID", help="Which one ended badly.")],
    reason: Words = "",
    yes: Yes = False,
    config: File = HERE,
    key: KeyFile = DEFAULT,
) -> None:
    """Say that a bad end was looked after, or confirm what somebody else says so."""
    words = one_line(reason)

    async def work(hand: Hand, known: Rollback) -> Message:
        if words:
            act = _act("resolve", known, words=words)
            fields = {"because": words}
            return await hand.do("resolve_because", act, value=_ticket(known), fields=fields)
        await _show_card(hand, known)
        if known.resolution is None:
            raise TwokeyError("Say what was done about it, with --reason. Nothing was changed.")
        if not yes:
            confirm("Type yes to confirm that it was looked after:", script="--yes")
        act = _act("resolve_confirm", known)
        return await hand.do("resolve_confirm", act, value=_ticket(known))

    _decide(config, key, rollback, work)


def _decide(config: Path, key: Path, rollback_id: str | None, work: Work) -> None:
    """Open one's key and the books, do it, and say what became of it."""
    settings = books(config)

    async def decide() -> None:
        async with beside(settings, own_key(key, settings.people)) as hand:
            known = await meant(hand.store, rollback_id)
            message = await work(hand, known)
            with going_on(out, err):  # it is recorded, whoever reads that
                show(draw(message))
                await _say_what_comes(settings, hand, known.id)

    asyncio.run(decide())


async def _say_what_comes(settings: Settings, hand: Hand, rollback_id: str) -> None:
    """Say what is next, as far as that can be known: the decision is recorded in any case."""
    with suppress(TwokeyError):
        after = await meant(hand.store, rollback_id)
        if after.state.is_terminal:
            return
        if not await is_anybody_leading(settings):
            say(NOBODY)
        say(f"Next: twokey follow {after.id}")


def _simply(verb: str) -> Work:
    async def work(hand: Hand, known: Rollback) -> Message:
        return await hand.do(verb, _act(verb, known), value=_ticket(known))

    return work


def _act(verb: str, known: Rollback, *, about: str = "", words: str = "") -> Act:
    return Act(verb, known.id, _digest(known), about, words=words)


def _ticket(known: Rollback, *, about: str = "") -> str:
    return str(Ticket(known.id, _digest(known), about))


def _digest(known: Rollback) -> str:
    return known.plan.digest if known.plan else ""


async def _show_card(hand: Hand, known: Rollback) -> None:
    """Show what this person would see in their direct messages."""
    posting = Posting(known.id, Kind.ASK, Place.direct(hand.own.account))
    card = renderer(hand.people)(posting, known, ())
    if card is None:
        raise TwokeyError(
            f"The plan of {known.id} is still being prepared. Nothing was changed. Try again in a "
            "moment."
        )
    show(draw(card, now=await hand.store.read(lambda tx: tx.now)), "")


def _check_digest(known: Rollback, given: str) -> None:
    """Refuse a digest that is too short to mean one plan, or means another one."""
    if len(given) < _FEWEST_DIGITS:
        raise TwokeyError(
            f"--digest needs the first {_FEWEST_DIGITS} characters of the plan's digest or more. "
            "Nothing was changed. twokey status --json prints it."
        )
    if not _digest(known).startswith(given):
        raise TwokeyError(
            f"The plan of {known.id} is another one: its digest begins with "
            f"{_digest(known)[:_FEWEST_DIGITS]}. Nothing was changed. Look at its card again."
        )


def details(rollback: RollbackId = None, config: File = HERE) -> None:
    """Show the whole plan with its ids and digest; nobody has to sign for that."""
    settings = books(config)

    async def work() -> None:
        from bot import app  # noqa: PLC0415

        async with app.beside(settings) as engine:
            known = await meant(engine.store, rollback)
            asked = Invocation(Account("key", "ed25519", ""), TERMINAL, "", value=_ticket(known))
            answer = await details_of(engine, asked)
            show(draw(answer.message or Message("")))

    asyncio.run(work())
