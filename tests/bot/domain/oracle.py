"""The two-person rule once more, written apart from the product and in another shape.

It keeps no state machine: it looks at the whole list of acts and says whether a claim at its end
is permitted. The product may not import it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Act:
    """Something somebody tried at some moment."""

    what: str  # approve, wrong_plan, withdraw, reject, cancel, claim, fire (stops being eligible)
    who: str
    at: datetime


def permits_claim(  # noqa: C901 - one loop over one list, on purpose
    acts: list[Act],
    *,
    at: datetime,
    asked_at: datetime,
    requester: str,
    approvers: tuple[str, ...],
    needed: int,
    ttl: timedelta,
    delay: timedelta,
    exec_ttl: timedelta,
) -> bool:
    """Say whether production may be touched at ``at`` after all these acts."""
    yes: dict[str, datetime] = {}
    quorum_since: datetime | None = None
    fired: set[str] = set()
    for act in acts:
        timed_out = (
            act.at >= asked_at + ttl
            if quorum_since is None
            else act.at >= quorum_since + delay + exec_ttl
        )
        if act.what == "fire":
            fired.add(act.who)
        elif act.what == "claim" and quorum_since is not None and act.at >= quorum_since + delay:
            if timed_out:
                return False
            yes = {who: when for who, when in yes.items() if who not in fired}
            if len(yes) >= needed:
                return False  # that very claim was the permitted one; there is no second
            quorum_since = None
        elif (act.what == "reject" and act.who in approvers and act.who != requester) or (
            act.what == "cancel" and (act.who == requester or act.who in approvers)
        ):
            return False
        elif timed_out:
            continue
        elif act.what == "withdraw":
            yes.pop(act.who, None)
            if len(yes) < needed:
                quorum_since = None
        elif act.what == "approve" and act.who in approvers and act.who != requester:
            yes.setdefault(act.who, act.at)
            if len(yes) >= needed and quorum_since is None:
                quorum_since = act.at
    if quorum_since is None or not quorum_since + delay <= at < quorum_since + delay + exec_ttl:
        return False
    return len([who for who in yes if who not in fired]) >= needed
