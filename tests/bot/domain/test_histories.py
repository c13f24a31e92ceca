"""Random histories: the product and an independent oracle never disagree about a claim."""

import random
from datetime import datetime, timedelta

from bot.domain import approval
from bot.domain.errors import Refused
from bot.domain.rollback import Rollback, State
from bot.domain.target import Policy
from tests.bot.builders import APPROVERS, NOON, plan, rollback
from tests.bot.domain.oracle import Act, permits_claim

DIGEST = plan().digest
WHO = (*APPROVERS, "manager-three", "outsider")
WHAT = ("approve",) * 6 + (
    "wrong_plan",
    "withdraw",
    "withdraw",
    "reject",
    "cancel",
    "claim",
    "fire",
)
HISTORIES = 10_000


class Played:
    """A rollback on which acts are tried, as the engine would."""

    def __init__(self, policy: Policy, approvers: tuple[str, ...]) -> None:
        self.now: Rollback = rollback(
            policy=policy, approvers=approvers, approve_by=NOON + policy.approve_ttl
        )
        self.fired: set[str] = set()
        self.claims = 0

    def play(self, act: Act) -> None:
        try:
            self.now = self._changed(act)
        except Refused:
            return
        self.claims += act.what == "claim" and self.now.state is State.CLAIMED

    def _changed(self, act: Act) -> Rollback:  # noqa: PLR0911 - one line per kind of act
        match act.what:
            case "approve":
                return approval.approve(self.now, person=act.who, digest=DIGEST, at=act.at)
            case "wrong_plan":
                return approval.approve(self.now, person=act.who, digest="0" * 64, at=act.at)
            case "withdraw":
                return approval.withdraw(self.now, person=act.who, at=act.at)
            case "reject":
                return approval.reject(self.now, person=act.who, at=act.at)
            case "cancel":
                return approval.cancel(self.now, person=act.who, at=act.at)
            case "claim":
                return self.claim(act.at)
            case _:
                self.fired.add(act.who)
                return self.now

    def claim(self, at: datetime) -> Rollback:
        return approval.claim(
            self.now,
            at=at,
            rules_digest="rules",
            eligible=set(WHO) - self.fired,
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
        policy = Policy(
            approvals=chance.choice((1, 2, 2, 2, 3)),
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
                ttl=policy.approve_ttl,
                delay=policy.start_delay,
                exec_ttl=policy.exec_ttl,
            )
            assert played.may_claim(later) == expected, acts
            permitted += expected
        assert played.claims <= 1
    assert permitted > HISTORIES // 50
