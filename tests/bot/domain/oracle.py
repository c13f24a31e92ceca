"""The two-person rule once more, written apart from the product and in another shape.

It keeps no state machine: it looks at the whole list of acts and says whether a claim at its end
is permitted. The product may not import it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Act:
    """Something somebody tried at some moment."""

    what: str
    """approve, wrong_plan, withdraw, reject, cancel, claim; fire: is no member any more; mute and
    unmute: the directory can't say, and can again; merge: is who asked, by the people map."""
    who: str
    at: datetime


def permits_claim(  # noqa: C901, PLR0912 - one loop over one list, on purpose
    acts: list[Act],
    *,
    at: datetime,
    asked_at: datetime,
    requester: str,
    approvers: tuple[str, ...],
    needed: int,
    requester_signs: bool,
    ttl: timedelta,
    delay: timedelta,
    exec_ttl: timedelta,
) -> bool:
    """Say whether production may be touched at ``at`` after all these acts."""
    yes: dict[str, datetime] = {}
    quorum_since: datetime | None = None
    fired: set[str] = set()
    muted: set[str] = set()
    asker = requester
    signing = {requester} if requester_signs else set[str]()
    for act in acts:
        timed_out = (
            act.at >= asked_at + ttl
            if quorum_since is None
            else act.at >= quorum_since + delay + exec_ttl
        )
        if act.what == "fire":
            fired.add(act.who)
        elif act.what in {"mute", "unmute"}:
            (muted.add if act.what == "mute" else muted.discard)(act.who)
        elif act.what == "merge":
            asker = act.who
        elif act.what == "claim" and quorum_since is not None and act.at >= quorum_since + delay:
            if timed_out or requester in fired or asker != requester:
                return False
            if len(yes.keys() - fired - muted) >= needed and requester not in signing & muted:
                return False  # that very claim was the permitted one; there is no second
            if len(yes.keys() - fired) < needed:
                yes = {who: when for who, when in yes.items() if who not in fired}
                quorum_since = None
        elif (
            act.what == "reject" and act.who in approvers and act.who not in {requester, asker}
        ) or (act.what == "cancel" and act.who in {requester, asker, *approvers}):
            return False
        elif timed_out:
            continue
        elif act.what == "withdraw":
            yes.pop(act.who, None)
            if len(yes) < needed:
                quorum_since = None
        elif act.what == "approve" and act.who in approvers and act.who not in {requester, asker}:
            yes.setdefault(act.who, act.at)
            if len(yes) >= needed and quorum_since is None:
                quorum_since = act.at
    if quorum_since is None or not quorum_since + delay <= at < quorum_since + delay + exec_ttl:
        return False
    if requester in fired | (signing & muted) or asker != requester:
        return False
    return len(yes.keys() - fired - muted) >= needed
