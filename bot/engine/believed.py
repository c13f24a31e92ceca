"""Which approvals can be believed: those in the chain, of a request and a plan that it has as well.

Whoever has the audit key can write entries, also one that says that it was claimed. So a claim is
believed for the approvals before it, whenever a step is about to start.
"""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from bot.domain.event import Event, Happening
from bot.domain.rollback import Rollback
from bot.engine.core import Engine
from bot.engine.signed import Believes, believer
from bot.engine.votes import owner, request, standing
from bot.ports import Transaction


def approvals(
    rollback: Rollback, events: Sequence[Event], believes: Believes
) -> set[tuple[str, str]]:
    """Return the approvals in the chain, if it also says who asked, for what, and which plan.

    A request or a plan that was edited before anybody voted would be consistent in itself.
    """
    asked = request(events)
    planned = [one.details.get("digest") for one in events if one.kind is Happening.PLANNED]
    if asked is None or rollback.plan is None or planned[-1:] != [rollback.plan.digest]:
        return set()
    said = (asked.person, asked.details.get("target"), asked.details.get("environment"))
    if said != (rollback.requester, rollback.target, rollback.environment) or not believes(asked):
        return set()
    return {(person, vote.digest) for person, vote in standing(events, believes).items()}


def is_upheld(tx: Transaction, engine: Engine, rollback: Rollback, events: Sequence[Event]) -> bool:
    """Tell whether the claim in these entries stands on enough approvals that can be believed.

    How many and whose, the configuration says: the request's own copy can be edited. What else the
    configuration says may have changed since, which is no reason to stop half way.
    """
    target = engine.target(name=rollback.target, environment=rollback.environment)
    plan = rollback.plan
    if target is None or plan is None:
        return False
    meant = (plan.rollback_id, plan.target, plan.environment, plan.requester)
    if meant != (rollback.id, rollback.target, rollback.environment, rollback.requester):
        return False
    before = tuple(_before_the_claim(events))
    # How old a signature was when it was claimed, only the entry of the claim says.
    given = approvals(rollback, before, believer(tx, engine, rollback, is_any_age=True))
    agreed = {
        person
        for person, digest in given
        if digest == plan.digest
        and person in target.approvers
        and person not in {rollback.requester, _asker(engine, before)}
    }
    return len(agreed) >= max(1, target.policy.others_needed)


def _asker(engine: Engine, events: Sequence[Event]) -> str | None:
    """Return whose the account is by now that asked."""
    asked = request(events)
    return owner(engine.people, asked) if asked else None


def _before_the_claim(events: Iterable[Event]) -> Iterable[Event]:
    """Leave out what came later: a claim uses the approvals up."""
    return takewhile(lambda one: one.kind is not Happening.CLAIMED, events)
