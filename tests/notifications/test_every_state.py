"""What holds for every message in every state."""

import re
from collections.abc import Iterator
from itertools import product

import pytest

from bot.domain.rollback import Rollback, State
from bot.message import Block, Buttons, Facts, Message, Note, Ticket, Title
from bot.ports import Kind, Posting
from notifications import renderer
from tests.bot.builders import DEPLOYS
from tests.notifications import stories

EVERYTHING = list(product(State, Kind))
FACTS = ["Issue", "Affected", "Started", "ETA", "Plan", "Next"]
DECIDING = {"approve", "reject", "cancel", "stop", "settle_yes", "settle_no", "reason"}
UNPROVEN = re.compile(r"\bshould\b|successful|!", re.IGNORECASE)

render = renderer(stories.PEOPLE)


def messages(state: State, kind: Kind) -> list[Message]:
    """Render everything of one kind that people see in a state, and after its resolution."""
    rollback = stories.at(state)
    versions = [rollback]
    if state.keeps_locks:
        versions += [
            stories.resolved(rollback),
            stories.resolved(rollback, confirmed_by="manager-two"),
        ]
    return [message for version in versions for message in _rendered(version, kind)]


def _rendered(rollback: Rollback, kind: Kind) -> Iterator[Message]:
    events = stories.events(rollback)
    is_about_events = kind in {Kind.LINE, Kind.TELL}
    for about in [event.sequence for event in events] if is_about_events else [0]:
        message = render(Posting(rollback.id, kind, DEPLOYS, about), rollback, events)
        if message is not None:
            yield message


def words(blocks: tuple[Block, ...]) -> str:
    """Return everything that a message says, roughly."""
    return repr(blocks)


@pytest.mark.parametrize(("state", "kind"), EVERYTHING)
def test_a_phone_shows_whole_sentences(state: State, kind: Kind) -> None:
    """The text of every message is one line that begins like a sentence and ends like one."""
    for message in messages(state, kind):
        assert re.fullmatch(r"\S[^\n]{20,}[.?]", message.text), message.text
        assert len(message.text) <= 500


@pytest.mark.parametrize(("state", "kind"), EVERYTHING)
def test_nothing_is_promised_or_praised(state: State, kind: Kind) -> None:
    """No message says should or successfully, or raises its voice."""
    for message in messages(state, kind):
        assert not UNPROVEN.search(message.text + words(message.blocks))


@pytest.mark.parametrize(("state", "kind"), EVERYTHING)
def test_every_button_carries_the_rollback(state: State, kind: Kind) -> None:
    """Every button's value is a ticket for this rollback and for the plan that was shown."""
    rollback = stories.at(state)
    digest = rollback.plan.digest if rollback.plan else ""
    for message in messages(state, kind):
        for button in stories.buttons(message):
            ticket = Ticket.parse(button.value)
            assert (ticket.rollback_id, ticket.digest) == (rollback.id, digest)


@pytest.mark.parametrize(("state", "kind"), [(s, k) for s, k in EVERYTHING if s.is_terminal])
def test_nothing_is_decided_after_the_end(state: State, kind: Kind) -> None:
    """No message offers a decision once a rollback has ended."""
    for message in messages(state, kind):
        assert DECIDING.isdisjoint(button.verb for button in stories.buttons(message))


@pytest.mark.parametrize("state", State)
def test_only_a_waiting_request_can_be_approved(state: State) -> None:
    """The card offers Approve while approvals are missing, and never else."""
    offers = {b.verb for message in messages(state, Kind.CARD) for b in stories.buttons(message)}

    assert ("approve" in offers) == (state is State.PENDING)


@pytest.mark.parametrize("state", State)
def test_the_notice_has_the_same_facts_in_the_same_order(state: State) -> None:
    """The notice answers the same questions in the same order in every state."""
    for message in messages(state, Kind.NOTICE):
        assert stories.labels(message) == FACTS


@pytest.mark.parametrize("state", State)
def test_the_notice_always_says_what_where_and_which(state: State) -> None:
    """The notice begins with sign, state, target and environment, and ends with the id."""
    for message in messages(state, Kind.NOTICE):
        first, last = message.blocks[0], message.blocks[-1]
        assert isinstance(first, Title)
        assert re.fullmatch(r"\W+ [A-Z ]+ · backend · production", first.text)
        assert isinstance(last, Note)
        assert "rb-7f3k" in words((last,))


@pytest.mark.parametrize("state", State)
def test_the_direct_message_is_the_same_card(state: State) -> None:
    """An approver reads the same card in private as in the thread; only Cancel stays there."""
    in_thread, private = (messages(state, kind) for kind in (Kind.CARD, Kind.ASK))

    def without_buttons(found: list[Message]) -> list[list[Block]]:
        return [[b for b in one.blocks if not isinstance(b, Buttons)] for one in found]

    def verbs(found: list[Message]) -> list[str]:
        return [button.verb for message in found for button in stories.buttons(message)]

    assert without_buttons(in_thread) == without_buttons(private)
    assert [verb for verb in verbs(in_thread) if verb != "cancel"] == verbs(private)


@pytest.mark.parametrize("state", State)
def test_there_is_a_way_out_of_every_end(state: State) -> None:
    """Whatever ended without an effect can be asked for again, whatever is locked be resolved."""
    again = {State.EXPIRED, State.STALE, State.REFUSED, State.REJECTED, State.CANCELLED}
    notice = messages(state, Kind.NOTICE)[0]
    card = messages(state, Kind.CARD)

    assert ("again" in {b.verb for b in stories.buttons(notice)}) == (state in again)
    resolving = [{b.verb for b in stories.buttons(one)} for one in card]
    if state.keeps_locks:
        assert resolving == [{"resolve"}, {"resolve_confirm"}, set()]
    else:
        assert not any("resolve" in verbs for verbs in resolving)


@pytest.mark.parametrize("state", State)
def test_no_list_outgrows_a_platform(state: State) -> None:
    """Every message stays far below the blocks and fields that a platform takes."""
    for kind in Kind:
        for message in messages(state, kind):
            assert len(message.blocks) <= 40
            facts = [len(b.facts) for b in message.blocks if isinstance(b, Facts)]
            assert max(facts, default=0) <= 15
