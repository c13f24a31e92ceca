"""Targets: found by name and never guessed, and their rules checked when they are loaded."""

import pytest

from bot.domain.errors import Refusal, Refused
from bot.domain.target import Policy, Risk, choose, policy_problems
from tests.bot.builders import target

SHOP = (
    target(name="backend"),
    target(name="frontend"),
    target(name="database"),
    target(name="database", environment="staging"),
)


def test_a_typo_offers_the_nearest_name() -> None:
    """An unknown target is refused with the nearest names and a list of all."""
    with pytest.raises(Refused, match="Did you mean backend") as refused:
        choose(SHOP, name="backnd", environment=None)
    assert refused.value.code is Refusal.UNKNOWN_TARGET
    assert "frontend" in str(refused.value)


def test_an_environment_is_never_guessed() -> None:
    """A target in two environments is refused until one is named."""
    with pytest.raises(Refused, match="production, staging"):
        choose(SHOP, name="database", environment=None)
    assert choose(SHOP, name="database", environment="staging").environment == "staging"


def test_an_unknown_environment_names_the_known_ones() -> None:
    """An environment that the target does not have is refused with those that it has."""
    with pytest.raises(Refused, match="it has production"):
        choose(SHOP, name="backend", environment="staging")


@pytest.mark.parametrize(
    ("policy", "approvers", "risk", "problems"),
    [
        (Policy(), ("a", "b", "c"), Risk.DESTRUCTIVE, 0),
        (Policy(), ("a", "b"), Risk.REVERSIBLE, 1),
        (Policy(approvals=1), ("a", "b"), Risk.REVERSIBLE, 0),
        (Policy(approvals=1), ("a", "b"), Risk.DESTRUCTIVE, 1),
        (Policy(approvals=1, requester_counts=True), ("a", "b"), Risk.REVERSIBLE, 1),
        (Policy(requester_counts=True), ("a", "b"), Risk.DESTRUCTIVE, 1),
        (
            Policy(requester_counts=True, accept_two_humans_total=True),
            ("a", "b"),
            Risk.DESTRUCTIVE,
            0,
        ),
        (Policy(), (), Risk.REVERSIBLE, 1),
    ],
)
def test_rules_that_one_human_could_pass_are_refused(
    policy: Policy, approvers: tuple[str, ...], risk: Risk, problems: int
) -> None:
    """Every target needs two humans, and enough approvers whoever asks."""
    one = target(policy=policy, approvers=approvers)
    assert len(policy_problems(one, risk=risk, requesters=("a", "b", "c"))) == problems
