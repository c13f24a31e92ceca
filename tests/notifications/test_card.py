"""The approval card: what an approver has to see before pressing Approve."""

from dataclasses import replace

import pytest

from bot.chat.markdown import to_text
from bot.domain.plan import Plan
from bot.domain.rollback import Rollback, State, StepRun, StepState
from bot.domain.target import Policy
from bot.message import Message, Style, Ticket
from notifications.card import card
from tests.bot import builders
from tests.notifications import stories
from tests.notifications.stories import PEOPLE, minutes


def drawn(rollback: Rollback) -> Message:
    """Return the card in the thread."""
    message = card(rollback, PEOPLE, reader=None)
    assert message is not None
    return message


def shown(rollback: Rollback) -> str:
    """Return the card as unbroken lines of text."""
    return to_text(drawn(rollback), width=500, day=builders.NOON.date())


def tiresome(names: int) -> Rollback:
    """Return a request that has far too much to say, for a target with names of this length."""
    steps = tuple(
        builders.step(
            f"step-{n}",
            preview=builders.preview(
                subject=f"Service number {n} of the shop",
                comes_back=(f"code of {n}", f"variables of {n}"),
                stays_lost=(f"rows that were written to the tables of service {n}",),
                warnings=(f"Service {n} deploys nothing by itself until Undo.",) * 2,
                undo=f"redeploy the version before of service {n}, about 2 min",
            ),
        )
        for n in range(32)
    )
    made = builders.plan(*steps, baseline=(stories.look("health", saw="5" * 900, at=minutes(0)),))
    return builders.rollback(
        plan=made,
        target="t" * names,
        environment="e" * names,
        reason="word " * 1000,
    )


@pytest.mark.parametrize("rollback", [stories.at(State.PENDING), tiresome(10), tiresome(63)])
def test_the_first_400_characters_are_enough_to_decide(rollback: Rollback) -> None:
    """Target, environment, change, loss, undo and count stand at the very beginning."""
    first = shown(rollback)[:400]

    assert first.startswith(f"Roll back {rollback.target} in {rollback.environment}?\n")
    for label in ("Changes", "Does NOT", "come back", "Undo", "Approvals"):
        assert f"\n{label}" in first
    assert "0 of 2, requester not counted" in first


@pytest.mark.parametrize("rollback", [stories.at(State.PENDING), tiresome(63)])
def test_a_card_fits_a_phone(rollback: Rollback) -> None:
    """However much there is to say, the card stays below 2,000 characters."""
    assert len(shown(rollback)) < 2000


def test_what_does_not_fit_is_counted_and_repeated() -> None:
    """A list that is too long for the first look is counted there and longer below."""
    text = shown(tiresome(10))

    first, _, repeated = text.replace("\nis lost", "").partition("All that")
    assert "tables of service 0 and 31 more" in first.replace("\ncome back", "")
    assert "tables of service 1;" in repeated


def test_a_loss_is_never_silent() -> None:
    """Where a plan names no loss, the card says that it names none."""
    harmless = builders.plan(builders.step(preview=builders.preview(stays_lost=())))

    assert "Does NOT   nothing is named\n" in shown(builders.rollback(plan=harmless))


def test_the_age_of_both_versions_is_seen() -> None:
    """The card of a single change says when both of its versions were made."""
    assert "Deployed   v42 10:00 UTC, v41 2026-11-18 12:00 UTC\n" in shown(builders.rollback())


def test_something_without_a_way_back_says_so() -> None:
    """Where no undo is known, the card says so by the step's name."""
    one_way = builders.plan(builders.step(preview=builders.preview(undo="")))

    assert "Undo       api: no way is known\n" in shown(builders.rollback(plan=one_way))


def test_a_destructive_plan_is_called_that() -> None:
    """The risk of a plan that loses something stands in capitals."""
    lossy = stories.riskier(stories.shop())

    assert "DESTRUCTIVE: something is lost for good" in shown(builders.rollback(plan=lossy))


def test_two_people_in_total_are_always_mentioned() -> None:
    """Where asking counts as one signature, the card says how few people that makes."""
    small = stories.at(State.PENDING, policy=Policy(requester_counts=True))

    assert "1 of 2, 2 people in total incl. requester" in shown(small)


def test_the_buttons_of_a_waiting_request() -> None:
    """Approve comes first, the no is marked as dangerous, and all name the exact plan."""
    pending = stories.at(State.PENDING)
    assert pending.plan is not None
    value = str(Ticket(pending.id, pending.plan.digest))

    buttons = stories.buttons(drawn(pending))

    assert [(one.label, one.style) for one in buttons] == [
        ("Approve", Style.PRIMARY),
        ("Reject…", Style.DANGER),
        ("Details", Style.NEUTRAL),
        ("Cancel", Style.NEUTRAL),
    ]
    assert {one.value for one in buttons} == {value}


def test_the_start_delay_can_be_stopped() -> None:
    """After the quorum the card says who approved and when it starts, and offers Stop."""
    quorum = stories.at(State.QUORUM)

    assert "Approved 2/2 · starts in 5 s, 12:02 UTC" in shown(quorum)
    assert "Approved   Manager One 12:01 UTC, Manager Two 12:02 UTC" in shown(quorum)
    assert [button.verb for button in stories.buttons(drawn(quorum))] == ["stop", "details"]


def test_stop_is_offered_while_it_can_stop_something() -> None:
    """While it runs, Stop is there as long as a step has not started and nobody pressed it."""
    claimed, running = stories.at(State.CLAIMED), stories.at(State.RUNNING)

    assert [button.verb for button in stories.buttons(drawn(claimed))] == ["stop"]
    assert stories.buttons(drawn(running)) == []
    assert stories.buttons(drawn(replace(claimed, abort_by="manager-one"))) == []


def test_a_step_in_doubt_is_asked_about() -> None:
    """A lost answer becomes a question with two buttons that name the step."""
    waiting = stories.at(State.WAITING)

    yes, no = stories.buttons(drawn(waiting))

    assert (yes.label, yes.verb) == ("It happened", "settle_yes")
    assert (no.label, no.verb) == ("It did not", "settle_no")
    assert Ticket.parse(yes.value).about == Ticket.parse(no.value).about == "backend"
    question = (
        "Railway api was sent, the answer was lost. Did it happen? Look whether it is at v41."
    )
    assert question in shown(waiting)


def test_many_doubts_are_asked_about_in_turns() -> None:
    """Of 32 steps in doubt, eight are asked about first and the others counted."""
    rollback = tiresome(10)
    doubts = tuple(StepRun(run.name, StepState.IN_DOUBT) for run in rollback.steps)
    waiting = replace(rollback, state=State.WAITING, steps=doubts)

    assert len(stories.buttons(drawn(waiting))) == 16
    assert "24 more in doubt; they are asked after these." in shown(waiting)


def test_a_card_needs_a_plan() -> None:
    """While there is no plan, there is nothing to approve and no card."""
    assert card(stories.at(State.PLANNING), PEOPLE, reader=None) is None


def test_a_resolution_waits_for_a_second_person() -> None:
    """What was said to settle a bad end is quoted, and another person is asked to confirm."""
    signed = stories.resolved(stories.at(State.PARTIAL))

    assert "Manager One looked after it: “redeployed by hand”." in shown(signed)
    assert "stays locked until another person confirms" in shown(signed)
    assert "Manager Two confirmed; nothing is locked." in shown(
        stories.resolved(signed, confirmed_by="manager-two")
    )


def test_the_plan_behind_a_card_is_recognised() -> None:
    """The card shows the first eight characters of the digest that its buttons carry whole."""
    pending = stories.at(State.PENDING)
    made = pending.plan
    assert isinstance(made, Plan)

    assert f"Plan {made.digest[:8]} · rb-7f3k" in shown(pending)


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (State.PENDING, ["withdraw", "reject", "details"]),
        (State.QUORUM, ["stop", "details", "withdraw"]),
        (State.SUCCEEDED, []),
    ],
)
def test_whoever_approved_can_withdraw_in_private_until_it_starts(
    state: State, verbs: list[str]
) -> None:
    """The card of a voter's direct messages offers Withdraw while it counts, and nobody else's."""
    asked = stories.at(state)
    voted = stories.approved(asked, "manager-one") if state is State.PENDING else asked

    mine, other, thread = (
        stories.buttons(message)
        for reader in ("manager-one", "responder", None)
        if (message := card(voted, PEOPLE, reader=reader))
    )

    assert [button.verb for button in mine] == verbs
    assert "withdraw" not in {button.verb for button in (*other, *thread)}


def test_it_says_whether_it_is_broken_at_all() -> None:
    """The checks that were made with the plan stand first: they fail, or all of them pass."""
    asked = stories.at(State.PENDING)
    assert asked.plan
    fine = replace(asked.plan, baseline=(stories.look("health", saw="200", at=minutes(0)),))

    assert "Checks     health fails\n" in shown(asked)
    assert "⚠ all pass: is it still broken?" in shown(replace(asked, plan=fine))
    assert "Checks" not in shown(stories.at(State.SUCCEEDED))
