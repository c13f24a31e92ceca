"""Somebody asks for a rollback: it is written down, shown, and handed to the executor to plan."""

import re
from dataclasses import dataclass
from typing import Final

from bot.domain.act import Act
from bot.domain.allowance import LOOKED_BACK, Asked, check_allowance
from bot.domain.errors import Refusal, Refused
from bot.domain.event import Event, Happening
from bot.domain.rollback import Rollback
from bot.domain.target import Place, Target, WrongChannel, choose
from bot.engine.announce import announce
from bot.engine.core import Engine
from bot.engine.gate import check_new, pass_through
from bot.engine.plan import plan
from bot.engine.signed import kept, signed_id
from bot.faultpoints import FaultPoint, reached
from bot.invocation import Invocation
from bot.ports import Transaction

_ID: Final = re.compile(r"rb-[0-9a-z]{4,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for, parsed but not yet understood."""

    target: str
    environment: str | None = None
    version: str = ""
    reason: str = ""


async def propose(engine: Engine, invocation: Invocation, wish: Wish) -> Rollback:
    """Commit the request and return it; planning follows by itself."""
    rollback_id = signed_id(invocation) or engine.new_id()
    act = Act(
        verb="rollback",
        rollback=rollback_id,
        target=wish.target,
        environment=wish.environment or "",
        version=wish.version,
        words=wish.reason,
    )

    def work(tx: Transaction, person: str) -> Rollback:
        target = choose(
            engine.targets_of(invocation.place), name=wish.target, environment=wish.environment
        )
        _check_place(target, invocation, wish)
        _check_id(rollback_id)
        check_new(tx, invocation)
        _check_free(tx, target)
        rollback = _request(tx, rollback_id, target, wish, requester=person)
        _check_allowance(tx, engine, rollback, invocation.place)
        tx.add(rollback)
        said = {"target": target.name, "environment": target.environment}
        event = tx.record(
            Event(
                kind=Happening.REQUESTED,
                at=tx.now,
                rollback_id=rollback_id,
                person=person,
                account=str(invocation.account),
                details=said | kept(invocation),
            )
        )
        announce(tx, engine.people, rollback, event)
        reached(FaultPoint.REQUEST_RECORDING)
        return rollback

    rollback = await pass_through(engine, invocation, work, act=act)
    reached(FaultPoint.REQUEST_RECORDED)
    if engine.executes:
        engine.spawn(f"plan {rollback_id}", lambda: plan(engine, rollback_id))
    return rollback


def _request(
    tx: Transaction, rollback_id: str, target: Target, wish: Wish, *, requester: str
) -> Rollback:
    return Rollback(
        id=rollback_id,
        target=target.name,
        environment=target.environment,
        affected=target.affected,
        places=target.channels,
        requester=requester,
        asked_at=tx.now,
        policy=target.policy,
        approvers=target.approvers,
        rules_digest=target.rules_digest,
        wanted=wish.version,
        reason=wish.reason,
    )


def _check_place(target: Target, invocation: Invocation, wish: Wish) -> None:
    if invocation.place.is_terminal:
        if wish.environment is None:  # what is signed names all of it
            raise Refused(
                Refusal.BAD_REQUEST,
                f"Say in which environment {target.name} is rolled back. Nothing was changed.",
            )
    elif invocation.place not in target.channels:
        own = next(one for one in target.channels if one.home == invocation.place.home)
        raise WrongChannel(target.name, own)


def _check_id(rollback_id: str) -> None:
    """Refuse what could not be typed or put on a button: whoever asks by key picks the id."""
    if _ID.fullmatch(rollback_id) is None:
        raise Refused(
            Refusal.BAD_REQUEST,
            "What was signed names no rollback. Nothing was changed. Ask again with twokey.",
        )


def _check_allowance(tx: Transaction, engine: Engine, rollback: Rollback, place: Place) -> None:
    asked = Asked(
        target=rollback.target,
        environment=rollback.environment,
        requester=rollback.requester,
        at=rollback.asked_at,
        state=rollback.state,
    )
    check_allowance(
        engine.allowance,
        asked,
        earlier=tx.asked_since(rollback.asked_at - LOOKED_BACK),
        undecided=_undecided(tx, engine, place),
    )


def _undecided(tx: Transaction, engine: Engine, place: Place) -> int:
    """Count what waits for a decision: of one workspace, and from the command line all there is."""
    if not place.is_terminal:
        return tx.count_undecided(place)
    newest = tx.newest_open(engine.allowance.open + 1)
    return sum(one.state.is_undecided for one in newest)


def _check_free(tx: Transaction, target: Target) -> None:
    already = tx.open_for(target.name, target.environment)
    if already is not None:
        raise Refused(
            Refusal.BUSY,
            f"{target.name} has an open rollback already ({already.id}, {already.state}). "
            "Nothing was started.",
            rollback_id=already.id,
        )
