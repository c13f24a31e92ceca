"""What people decide by a click: one short transaction each, with its audit entry and outbox."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain import aftermath, approval
from bot.domain.act import Act
from bot.domain.errors import Refusal, Refused
from bot.domain.event import Event, Happening
from bot.domain.rollback import Rollback, State
from bot.engine.change import commit
from bot.engine.claim import start_when_due
from bot.engine.core import Engine
from bot.engine.execute import start
from bot.engine.gate import check_new, pass_through
from bot.engine.signed import believer, kept
from bot.engine.votes import doers, standing
from bot.faultpoints import FaultPoint, reached
from bot.invocation import Invocation
from bot.message import Ticket
from bot.ports import Transaction


@dataclass(frozen=True, slots=True)
class Case:
    """Who decides about what, and who else they are by the audit chain and the people map."""

    rollback: Rollback
    person: str
    at: datetime
    askers: frozenset[str]
    resolvers: frozenset[str]
    is_new_account: bool  # their approval stands, given by other accounts of theirs


Rule = Callable[[Case], Rollback]


async def approve(engine: Engine, invocation: Invocation, ticket: Ticket) -> Rollback:
    """Count one person's yes; the last one starts the delay, or the rollback."""
    rollback = await _decide(
        engine,
        invocation,
        ticket,
        "approve",
        Happening.APPROVED,
        lambda case: approval.approve(
            case.rollback,
            person=case.person,
            digest=ticket.digest,
            at=case.at,
            askers=case.askers,
            is_new_account=case.is_new_account,
        ),
    )
    start_when_due(engine, rollback)
    return rollback


async def withdraw(engine: Engine, invocation: Invocation, ticket: Ticket) -> Rollback:
    """Take one's own yes back."""
    return await _decide(
        engine,
        invocation,
        ticket,
        "withdraw",
        Happening.WITHDRAWN,
        lambda case: approval.withdraw(case.rollback, person=case.person, at=case.at),
    )


async def reject(engine: Engine, invocation: Invocation, ticket: Ticket) -> Rollback:
    """End it with one no."""
    return await _decide(
        engine,
        invocation,
        ticket,
        "reject",
        Happening.ENDED,
        lambda case: approval.reject(
            case.rollback, person=case.person, at=case.at, askers=case.askers
        ),
    )


async def cancel(engine: Engine, invocation: Invocation, ticket: Ticket) -> Rollback:
    """Take the request back."""
    return await _decide(
        engine,
        invocation,
        ticket,
        "cancel",
        Happening.ENDED,
        lambda case: approval.cancel(
            case.rollback, person=case.person, at=case.at, askers=case.askers
        ),
    )


async def stop(engine: Engine, invocation: Invocation, ticket: Ticket) -> Rollback:
    """Cancel it in the start delay, or let no further step start."""
    return await _decide(
        engine,
        invocation,
        ticket,
        "stop",
        Happening.STOP_ASKED,
        lambda case: approval.stop(
            case.rollback, person=case.person, at=case.at, askers=case.askers
        ),
    )


async def explain(engine: Engine, invocation: Invocation, ticket: Ticket, words: str) -> Rollback:
    """Add the words behind a rejection."""
    return await _decide(
        engine,
        invocation,
        ticket,
        "explain",
        Happening.EXPLAINED,
        lambda case: approval.explain(case.rollback, person=case.person, because=words),
        words=words,
        anywhere=True,
    )


async def give_reason(
    engine: Engine, invocation: Invocation, ticket: Ticket, words: str
) -> Rollback:
    """Say what the rollback is for."""
    return await _decide(
        engine,
        invocation,
        ticket,
        "reason",
        Happening.REASON_GIVEN,
        lambda case: approval.give_reason(
            case.rollback, person=case.person, reason=words, askers=case.askers
        ),
        words=words,
        anywhere=True,
    )


async def settle(
    engine: Engine, invocation: Invocation, ticket: Ticket, *, happened: bool
) -> Rollback:
    """Answer whether a step in doubt happened; the execution goes on with the answer."""
    rollback = await _decide(
        engine,
        invocation,
        ticket,
        "settle_yes" if happened else "settle_no",
        Happening.STEP_SETTLED,
        lambda case: aftermath.settle(
            case.rollback,
            person=case.person,
            step=ticket.about,
            happened=happened,
            at=case.at,
            askers=case.askers,
        ),
        details={"step": ticket.about, "happened": "yes" if happened else "no"},
    )
    if rollback.state is State.RUNNING and engine.executes:
        start(engine, rollback)
    return rollback


async def resolve(engine: Engine, invocation: Invocation, ticket: Ticket, words: str) -> Rollback:
    """Say that what an unfinished rollback left behind was looked after."""
    return await _decide(
        engine,
        invocation,
        ticket,
        "resolve",
        Happening.RESOLVED,
        lambda case: aftermath.resolve(
            case.rollback, person=case.person, because=words, at=case.at, askers=case.askers
        ),
        words=words,
        anywhere=True,
    )


async def confirm_resolution(engine: Engine, invocation: Invocation, ticket: Ticket) -> Rollback:
    """Confirm somebody else's resolution, which frees the locks."""
    return await _decide(
        engine,
        invocation,
        ticket,
        "resolve_confirm",
        Happening.RESOLVED,
        lambda case: aftermath.confirm_resolution(
            case.rollback, person=case.person, resolvers=case.resolvers, askers=case.askers
        ),
    )


async def _decide(
    engine: Engine,
    invocation: Invocation,
    ticket: Ticket,
    verb: str,
    kind: Happening,
    rule: Rule,
    *,
    words: str = "",
    anywhere: bool = False,
    details: Mapping[str, str] | None = None,
) -> Rollback:
    act = Act(verb, ticket.rollback_id, ticket.digest, ticket.about, words=words)
    said = {**(details or {"digest": ticket.digest}), **kept(invocation)}

    def work(tx: Transaction, person: str) -> Rollback:
        rollback = tx.load(ticket.rollback_id)
        if not anywhere:
            _check_place(tx, rollback, invocation, ticket)
        check_new(tx, invocation)
        changed = rule(_case(tx, engine, rollback, invocation, person))
        is_again = kind is Happening.APPROVED and changed.approvals == rollback.approvals
        details = {**said, "again": "yes"} if is_again else said
        _write(tx, engine, rollback, changed, kind, invocation, details=details, person=person)
        reached(FaultPoint.DECISION_RECORDING, kind)
        return changed

    decided = await pass_through(engine, invocation, work, rollback_id=ticket.rollback_id, act=act)
    reached(FaultPoint.DECISION_RECORDED, kind)
    return decided


def _case(
    tx: Transaction, engine: Engine, rollback: Rollback, invocation: Invocation, person: str
) -> Case:
    """Put together who this is: the same human may have acted under another name before."""
    events = tx.events(rollback.id)
    vote = standing(events, believer(tx, engine, rollback)).get(person)
    return Case(
        rollback,
        person,
        tx.now,
        askers=doers(engine.people, events, Happening.REQUESTED),
        resolvers=doers(engine.people, events, Happening.RESOLVED),
        # A vote of an account that is theirs no longer is not believed: they may give it again.
        is_new_account=vote is None or str(invocation.account) not in vote.accounts,
    )


def _write(
    tx: Transaction,
    engine: Engine,
    before: Rollback,
    after: Rollback,
    kind: Happening,
    invocation: Invocation,
    *,
    details: Mapping[str, str],
    person: str,
) -> None:
    account = str(invocation.account)
    if after.state.is_terminal and not before.state.is_terminal:
        # People end what was never claimed, and before the claim nothing is locked.
        because = after.outcome.because if after.outcome else ""
        details = {**details, "state": str(after.state), "because": because}
        kind = Happening.ENDED
    if after.resolution is not None and after.resolution.confirmed_by is not None:
        tx.unlock(after.id)
    commit(tx, engine.people, after, kind, person=person, account=account, details=details)
    if after.state is State.QUORUM and before.state is State.PENDING:
        tx.record(Event(kind=Happening.QUORUM, at=tx.now, rollback_id=after.id))


def _check_place(
    tx: Transaction, rollback: Rollback, invocation: Invocation, ticket: Ticket
) -> None:
    if invocation.place.is_terminal:
        return  # what was signed names this rollback and this very plan
    if not tx.stands_at(rollback.id, invocation.place, invocation.message):
        # Where a card stood before it was posted anew is not kept. But the digest of the plan is
        # known from its cards alone, and only our own messages have buttons that get here: whoever
        # has both, in a workspace where it is shown, pressed an older one.
        homes = {place.home for place in rollback.places}
        is_ours = rollback.plan is not None and ticket.digest == rollback.plan.digest
        if is_ours and invocation.place.home in homes:
            raise Refused(
                Refusal.STALE_CARD,
                "This is an older card. Nothing was changed. The newest is below, in the same "
                "thread or the same direct messages.",
                rollback_id=rollback.id,
            )
        raise Refused(
            Refusal.TAMPERED,
            "This button does not stand on a card of this rollback. Nothing was changed. "
            "Use the card in its thread.",
            rollback_id=rollback.id,
        )
