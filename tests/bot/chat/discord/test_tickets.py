"""What a button carries comes back as it was, in at most a hundred characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.cut import units
from bot.chat.discord.tickets import Unpackable, pack, unpack
from bot.message import Ticket
from tests.bot.chat.discord.messages import tickets

DIGEST = "0123456789abcdef" * 4


@given(st.sampled_from(["approve", "settle_yes", "resolve_confirm"]), tickets, st.integers(1, 12))
def test_any_ticket_comes_back(verb: str, ticket: Ticket, count: int) -> None:
    """Only the digest may be missing, and only where a step's name takes its room."""
    packed = pack(verb, str(ticket), count=count)

    if packed is None:
        assert not ticket.about.isascii()
        return
    assert units(packed) <= 100
    read_verb, value = unpack(packed)
    assert read_verb == verb
    assert value in {str(ticket), str(Ticket(ticket.rollback_id, "", ticket.about))}
    assert value == str(ticket) or ticket.about


@given(st.text(max_size=120))
def test_any_value_comes_back_or_does_not_fit(value: str) -> None:
    """Nothing is cut: half a value could be another one."""
    packed = pack("approve", value)

    if packed is not None:
        assert unpack(packed) == ("approve", value)


def test_a_decision_names_the_exact_plan() -> None:
    """Where no step is meant, the longest verb and id leave room for the whole digest."""
    longest = str(Ticket("rb-" + "z" * 12, DIGEST))

    packed = pack("resolve_because", longest, count=99)

    assert packed is not None
    assert unpack(packed) == ("resolve_because", longest)


def test_twins_are_kept_apart() -> None:
    """Two buttons with the same meaning have two ids."""
    packed = {pack("stop", str(Ticket("rb-7f3k")), count=count) for count in (1, 2, 3)}

    assert packed == {"stop:rb-7f3k||", "stop#2:rb-7f3k||", "stop#3:rb-7f3k||"}


@pytest.mark.parametrize(
    "packed",
    [
        *("", "approve", "Approve:rb-7f3k||", "approve:rb-7f3k", "approve:rb-7f3k|short|"),
        *("approve:rb-7f3k||a b", "approve:../x||", "approve#1234:rb-7f3k||", "approve:1|x"),
        *(f"approve:rb-7f3k|{'é' * 43}|", "approve=" + "x" * 100),
    ],
)
def test_what_we_never_made_is_refused(packed: str) -> None:
    """An id of another form is not read as anything."""
    with pytest.raises(Unpackable):
        unpack(packed)


@given(st.text(max_size=100))
def test_nothing_breaks_the_reader(packed: str) -> None:
    """Whatever an id says, it is read or refused."""
    try:
        verb, _ = unpack(packed)
    except Unpackable:
        return
    assert verb.replace("_", "").isalpha()
