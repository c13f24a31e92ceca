"""Random histories: the product and an independent oracle never disagree about a claim."""

import random
from datetime import datetime, timedelta
from typing import Any

from bot.domain import approval, claim
from bot.domain.errors import Refused
from bot.domain.rollback import Rollback, State, Unread
from bot.domain.target import Policy
from tests.bot.builders import APPROVERS, NOON, plan, rollback
from tests.bot.domain.oracle import Act, permits_claim

DIGEST = plan().digest
WHO = (*APPROVERS, "manager-three", "outsider")
WHAT = ("approve",) * 8 + (
    "wrong_plan",
    "withdraw",
    "withdraw",
    "reject",
    "cancel",
    "claim",
    "claim",
    "fire",
    "mute",
    "unmute",
    "merge",
)
HISTORIES = 10_000


class Played:
    """A rollback on which acts are tried, as the engine would."""

    def __init__(self, policy: Policy, approvers: tuple[str, ...]) -> None:
        self.now: Rollback = rollback(
            policy=policy, approvers=approvers, approve_by=NOON + policy.approve_ttl
        )
        self.fired: set[str] = set()
        self.muted: set[str] = set()
        self.asker = "responder"
        self.claims = 0

    def play(self, act: Act) -> None:
        try:
            self.now = self._changed(act)
        except Refused:
            return
        self.claims += act.what == "claim" and self.now.state is State.CLAIMED

    def _changed(self, act: Act) -> Rollback:  # noqa: PLR0911 - one line per kind of act
        askers = {self.asker}
        who: dict[str, Any] = {"person": act.who, "at": act.at}
        match act.what:
            case "approve":
                return approval.approve(self.now, **who, digest=DIGEST, askers=askers)
            case "wrong_plan":
                return approval.approve(self.now, **who, digest="0" * 64, askers=askers)
            case "withdraw":
                return approval.withdraw(self.now, **who)
            case "reject":
                return approval.reject(self.now, **who, askers=askers)
            case "cancel":
                return approval.cancel(self.now, **who, askers=askers)
            case "claim":
                return self.claim(act.at)
            case _:
                self._happen(act)
                return self.now

    def _happen(self, act: Act) -> None:
        """Let something become of somebody's membership, or of whose the asking account is."""
        match act.what:
            case "fire":
                self.fired.add(act.who)
            case "mute":
                self.muted.add(act.who)
            case "unmute":
                self.muted.discard(act.who)
            case _:
                self.asker = act.who

    def claim(self, at: datetime) -> Rollback:
        return claim.claim(
            self.now,
            at=at,
            rules_digest="rules",
            asker=self.asker,
            eligible=set(WHO) - self.fired - self.muted,
            unclear=[Unread(who, "slack") for who in sorted(self.muted - self.fired)],
            gone=self.fired,
            recorded={(vote.person, vote.digest) for vote in self.now.standing},
        )

    def may_claim(self, at: datetime) -> bool:
        try:
            return self.claim(at).state is State.CLAIMED
        except Refused:
            return False


def test_no_history_disagrees_with_the_oracle() -> None:
    """In 10,000 random histories a claim is possible exactly when the oracle permits it."""
    chance = random.Random(20261121)  # noqa: S311 - reproducible, not secret
    permitted = 0
    for _ in range(HISTORIES):
        approvals = chance.choice((1, 2, 2, 2, 3))
        policy = Policy(
            approvals=approvals,
            requester_counts=approvals > 1 and chance.random() < 1 / 3,
            start_delay=timedelta(seconds=chance.choice((0, 5))),
        )
        approvers = (*APPROVERS, "manager-three")[: chance.choice((3, 4, 4))]
        played, acts, at = Played(policy, approvers), list[Act](), NOON
        for _ in range(chance.randrange(1, 10)):
            at += timedelta(seconds=chance.choice((0, 1, 3, 6, 60, 400, 900)))
            act = Act(chance.choice(WHAT), chance.choice(WHO), at)
            played.play(act)
            acts.append(act)
            later = at + timedelta(seconds=chance.choice((0, 4, 5, 6, 700)))
            expected = permits_claim(
                acts,
                at=later,
                asked_at=NOON,
                requester="responder",
                approvers=approvers,
                needed=policy.others_needed,
                requester_signs=policy.requester_counts,
                ttl=policy.approve_ttl,
                delay=policy.start_delay,
                exec_ttl=policy.exec_ttl,
            )
            assert played.may_claim(later) == expected, acts
            permitted += expected
        assert played.claims <= 1
    assert permitted > HISTORIES // 50
