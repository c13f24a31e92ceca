"""The two-person rule, sentence by sentence."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import aftermath, approval, claim
from bot.domain.errors import Refusal, Refused
from bot.domain.plan import Receipt
from bot.domain.rollback import Rollback, State, StepState, Unread
from bot.domain.target import Policy
from tests.bot.builders import NOON, plan, rollback, step

DIGEST = plan().digest
SOON = NOON + timedelta(minutes=1)


def approved_by(*people: str, given: Rollback | None = None) -> Rollback:
    """Return a rollback that these people approved one after the other."""
    changed = given or rollback()
    for person in people:
        changed = approval.approve(changed, person=person, digest=DIGEST, at=SOON)
    return changed


def claimed(given: Rollback, **changes: object) -> Rollback:
    """Claim it when everything is as it was; ``changes`` say what is not."""
    facts: dict[str, object] = {
        "at": SOON + timedelta(seconds=6),
        "rules_digest": "rules",
        "asker": "responder",
        "eligible": {"manager-one", "manager-two", "responder"},
        "recorded": {(vote.person, vote.digest) for vote in given.standing},
    }
    return claim.claim(given, **(facts | changes))  # type: ignore[arg-type]


def code_of(refused: pytest.ExceptionInfo[Refused]) -> Refusal:
    """Return why it was refused."""
    return refused.value.code


def test_two_others_reach_the_quorum() -> None:
    """Two approvers other than the requester reach the quorum."""
    assert approved_by("manager-one").state is State.PENDING
    assert approved_by("manager-one", "manager-two").state is State.QUORUM


def test_the_requester_never_counts() -> None:
    """Whoever asks for a rollback can't approve it, even as an eligible approver."""
    with pytest.raises(Refused) as refused:
        approved_by("responder")
    assert code_of(refused) is Refusal.OWN_REQUEST


def test_an_outsider_is_refused() -> None:
    """A person who is no approver of the target can't approve it."""
    with pytest.raises(Refused) as refused:
        approved_by("outsider")
    assert code_of(refused) is Refusal.NOT_APPROVER


def test_one_person_counts_once() -> None:
    """A second yes of the same person is refused and the count stays."""
    with pytest.raises(Refused) as refused:
        approved_by("manager-one", "manager-one")
    assert code_of(refused) is Refusal.ALREADY_APPROVED


def test_an_older_plan_can_not_be_approved() -> None:
    """A digest that differs in one character is refused."""
    other = ("0" if DIGEST[0] != "0" else "1") + DIGEST[1:]
    with pytest.raises(Refused) as refused:
        approval.approve(rollback(), person="manager-one", digest=other, at=SOON)
    assert code_of(refused) is Refusal.STALE_PLAN


def test_nobody_approves_after_the_deadline() -> None:
    """At the very moment of the deadline an approval is too late."""
    with pytest.raises(Refused) as refused:
        approval.approve(
            rollback(), person="manager-one", digest=DIGEST, at=NOON + timedelta(minutes=30)
        )
    assert code_of(refused) is Refusal.NOT_OPEN


def test_a_small_team_may_count_the_requester() -> None:
    """With requester_counts one other person is enough, and still not the requester."""
    small = rollback(policy=Policy(requester_counts=True))
    assert approved_by("manager-one", given=small).state is State.QUORUM
    with pytest.raises(Refused):
        approved_by("responder", given=small)


def test_one_no_ends_it_even_after_the_quorum() -> None:
    """One eligible person's no rejects, also in the start delay."""
    quorum = approved_by("manager-one", "manager-two")
    assert approval.reject(quorum, person="manager-one", at=SOON).state is State.REJECTED


def test_the_requester_can_not_reject_but_cancel() -> None:
    """The requester takes a request back by Cancel."""
    with pytest.raises(Refused) as refused:
        approval.reject(rollback(), person="responder", at=SOON)
    assert code_of(refused) is Refusal.OWN_REQUEST
    assert approval.cancel(rollback(), person="responder", at=SOON).state is State.CANCELLED


def test_a_stranger_can_neither_cancel_nor_stop() -> None:
    """Cancel and Stop belong to the requester and the approvers."""
    for act in (approval.cancel, approval.stop):
        with pytest.raises(Refused) as refused:
            act(rollback(), person="outsider", at=SOON)
        assert code_of(refused) is Refusal.NOT_REQUESTER


def test_withdrawing_falls_back_behind_the_quorum() -> None:
    """A withdrawn approval no longer counts, and the same person may approve anew."""
    quorum = approved_by("manager-one", "manager-two")
    back = approval.withdraw(quorum, person="manager-two", at=SOON)
    assert (back.state, back.given, back.quorum_at) == (State.PENDING, 1, None)
    assert approved_by("manager-two", given=back).state is State.QUORUM


def test_stop_in_the_start_delay_cancels() -> None:
    """Stop before the claim changes nothing on the target."""
    quorum = approved_by("manager-one", "manager-two")
    assert approval.stop(quorum, person="manager-one", at=SOON).state is State.CANCELLED


def test_stop_after_the_claim_lets_no_step_start() -> None:
    """Stop after the claim is remembered until the steps in flight have ended."""
    running = claimed(approved_by("manager-one", "manager-two"))
    assert approval.stop(running, person="manager-two", at=SOON).abort_by == "manager-two"


def test_the_claim_waits_for_the_start_delay() -> None:
    """Before the start delay is over there is no claim."""
    with pytest.raises(Refused) as refused:
        claimed(approved_by("manager-one", "manager-two"), at=SOON + timedelta(seconds=4))
    assert code_of(refused) is Refusal.NOT_APPROVED


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, State.CLAIMED),
        ({"eligible": {"manager-one"}}, State.PENDING),
        ({"recorded": {("manager-one", DIGEST)}}, State.PENDING),
        ({"recorded": {("manager-one", DIGEST), ("manager-two", "f" * 64)}}, State.PENDING),
        ({"rules_digest": "other"}, State.STALE),
        ({"at": SOON + timedelta(minutes=10, seconds=5)}, State.EXPIRED),
    ],
)
def test_the_claim_checks_everything_again(changes: dict[str, object], state: State) -> None:
    """An approval counts at the claim only if person, plan, rules, audit and time still agree."""
    assert claimed(approved_by("manager-one", "manager-two"), **changes).state is state


def test_a_void_approval_is_not_revived() -> None:
    """Somebody who was not eligible at the claim has to approve again."""
    back = claimed(approved_by("manager-one", "manager-two"), eligible={"manager-one"})
    assert [vote.person for vote in back.standing] == ["manager-one"]


def test_a_changed_plan_can_not_be_claimed() -> None:
    """Approvals for another plan don't count, whatever the stored plan was changed to."""
    quorum = approved_by("manager-one", "manager-two")
    swapped = replace(quorum, plan=plan(step(params={"to": "dep-1"})))
    assert claimed(swapped).state is State.PENDING


def in_doubt() -> Rollback:
    """Return a rollback that waits for the answer about its only step."""
    waiting = replace(rollback(), state=State.WAITING, token=1, claimed_at=SOON)
    return waiting.with_run(replace(waiting.run("api"), state=StepState.IN_DOUBT))


def test_a_yes_about_a_doubt_is_still_read_back() -> None:
    """A step that a person calls done waits for its independent read."""
    settled = aftermath.settle(in_doubt(), person="manager-one", step="api", happened=True, at=SOON)
    run = settled.run("api")
    assert (settled.state, run.state) == (State.RUNNING, StepState.RUNNING)
    assert isinstance(run.receipt, Receipt)


def test_a_no_about_a_doubt_is_not_sent_again() -> None:
    """A step that a person calls not done has failed."""
    settled = aftermath.settle(
        in_doubt(), person="manager-one", step="api", happened=False, at=SOON
    )
    assert settled.run("api").state is StepState.FAILED


def test_a_resolution_needs_a_second_person() -> None:
    """Whoever resolves can't confirm it, and the state stays."""
    partial = rollback(state=State.PARTIAL)
    resolved = aftermath.resolve(partial, person="responder", because="redeployed", at=SOON)
    with pytest.raises(Refused) as refused:
        aftermath.confirm_resolution(resolved, person="responder")
    assert code_of(refused) is Refusal.OWN_REQUEST
    confirmed = aftermath.confirm_resolution(resolved, person="manager-one")
    assert confirmed.resolution
    assert (confirmed.state, confirmed.resolution.confirmed_by) == (State.PARTIAL, "manager-one")


def test_unclear_approvers_keep_it_waiting() -> None:
    """Approvals of people about whom the directory says nothing are neither counted nor dropped."""
    quorum = approved_by("manager-one", "manager-two")
    unclear = Unread("manager-two", "slack")
    waiting = claimed(quorum, eligible={"manager-one"}, unclear=[unclear])
    assert waiting == replace(quorum, unread=(unclear,))
    assert claimed(waiting, eligible={"manager-one"}, unclear=[unclear]) == waiting
    assert claimed(waiting).unread == ()
    assert claimed(quorum, eligible={"manager-one"}).given == 1


def test_nothing_starts_on_nobodys_approval() -> None:
    """Even under a policy that asks for nobody else, a claim needs one approval that counts."""
    nobody_else = rollback(policy=Policy(approvals=1, requester_counts=True))
    quorum = replace(nobody_else, state=State.QUORUM, quorum_at=SOON)
    assert claimed(quorum).state is State.PENDING


@pytest.mark.parametrize(
    "field", ["rollback_id", "target", "environment", "requester", "rules_digest"]
)
def test_an_approval_counts_for_its_own_request(field: str) -> None:
    """A plan that was made for something else is not what these people approved."""
    quorum = approved_by("manager-one", "manager-two")
    other = plan(**{field: "another"})
    votes = tuple(replace(vote, digest=other.digest) for vote in quorum.approvals)
    assert claimed(replace(quorum, plan=other, approvals=votes)).state is State.PENDING
