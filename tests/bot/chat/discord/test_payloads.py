"""What Discord delivers becomes an invocation, or is turned away."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.discord.payloads import ELSEWHERE, UNREADABLE, Kind, TurnedAway, read
from bot.chat.discord.tickets import pack
from bot.desk import CommandDesk
from bot.domain.people import Account
from bot.domain.target import Place
from bot.message import Ticket
from commands import COMMANDS as REAL
from tests.bot.engine.world import world

GUILD, APP, USER, CHANNEL = "200000000000000001", "300000000000000001", "4001", "5001"
TICKET = str(Ticket("rb-7f3k", "a" * 64))
PACKED = pack("approve", TICKET)

INTERACTION = {
    "id": "9001",
    "application_id": APP,
    "token": "t0k3n",
    "guild_id": GUILD,
    "channel_id": CHANNEL,
    "channel": {"id": CHANNEL, "type": 0, "parent_id": "6001"},
    "member": {"user": {"id": USER, "username": "manager"}, "roles": []},
}
COMMAND = INTERACTION | {
    "type": 2,
    "data": {
        "id": "1",
        "name": "rollback",
        "type": 1,
        "options": [
            {"name": "target", "type": 3, "value": "backend"},
            {"name": "reason", "type": 3, "value": "API answers 500"},
        ],
    },
}
STATUS = INTERACTION | {
    "type": 2,
    "data": {
        "id": "2",
        "name": "twokey",
        "type": 1,
        "options": [
            {
                "name": "status",
                "type": 1,
                "options": [{"name": "id", "type": 3, "value": "rb-7f3k"}],
            }
        ],
    },
}
TYPING = COMMAND | {
    "type": 4,
    "data": {
        "id": "1",
        "name": "rollback",
        "type": 1,
        "options": [
            {"name": "target", "type": 3, "value": "backend"},
            {"name": "to", "type": 3, "value": "v4", "focused": True},
        ],
    },
}
CLICK = INTERACTION | {
    "type": 3,
    "message": {"id": "7001", "author": {"id": "3002"}},
    "data": {"component_type": 2, "custom_id": PACKED, "id": 3},
}
FORM = INTERACTION | {
    "type": 5,
    "message": {"id": "7001"},
    "data": {
        "custom_id": pack("reject_because", TICKET),
        "components": [
            {"type": 18, "component": {"type": 4, "custom_id": "because", "value": "a fix"}}
        ],
    },
}
DIRECT = {
    "guild_id": None,
    "member": None,
    "user": {"id": USER, "username": "manager"},
    "channel": {"id": "8001", "type": 1},
    "channel_id": "8001",
}
EVERY = [COMMAND, STATUS, TYPING, CLICK, FORM]


def changed(body: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """A copy of the body with another value somewhere; None takes it away."""
    copied = copy.deepcopy(body)
    inner: Any = copied
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return copied


def paths(part: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body."""
    items = part.items() if isinstance(part, dict) else enumerate(part)
    for key, value in items:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*at, key))


@pytest.mark.parametrize(
    ("body", "kind", "verb", "fields", "value"),
    [
        (COMMAND, Kind.COMMAND, "rollback", ["target", "reason"], ""),
        (STATUS, Kind.COMMAND, "status", ["id"], ""),
        (TYPING, Kind.SUGGESTION, "rollback", ["target", "to"], ""),
        (CLICK, Kind.CLICK, "approve", [], TICKET),
        (FORM, Kind.FORM, "reject_because", ["because"], TICKET),
    ],
)
def test_a_whole_delivery_is_read(
    body: dict[str, Any], kind: Kind, verb: str, fields: list[str], value: str
) -> None:
    """Commands, clicks and forms say who asks for what, where, and with which words."""
    call = read(body, guild=GUILD, application=APP)

    assert (call.kind, call.verb) == (kind, verb)
    asked = call.invocation
    assert asked.account == Account("discord", GUILD, USER)
    assert asked.place == Place("discord", GUILD, CHANNEL)
    assert asked.delivery == f"discord:{GUILD}:interaction:9001"
    assert (list(asked.fields), asked.value) == (fields, value)
    assert asked.message == body.get("message", {}).get("id", "")


def test_what_is_being_filled_in_is_known() -> None:
    """A suggestion is asked for by the name of its option."""
    assert read(TYPING, guild=GUILD, application=APP).option == "to"


@pytest.mark.parametrize("kind", [10, 11, 12])
def test_a_command_in_a_thread_counts_for_its_channel(kind: int) -> None:
    """A target names a channel; a click, however, stands where its message stands."""
    thread = {"channel": {"id": "7001", "type": kind, "parent_id": CHANNEL}, "channel_id": "7001"}

    assert read(COMMAND | thread, guild=GUILD, application=APP).invocation.place.channel == CHANNEL
    assert read(CLICK | thread, guild=GUILD, application=APP).invocation.place.channel == "7001"


@pytest.mark.parametrize("body", [CLICK, FORM])
def test_our_direct_messages_are_ours(body: dict[str, Any]) -> None:
    """Whoever decides there is an account of the server, about which the directory decides."""
    call = read(body | DIRECT, guild=GUILD, application=APP)

    assert call.invocation.account == Account("discord", GUILD, USER)
    assert call.invocation.place == Place("discord", GUILD, "8001")


@pytest.mark.parametrize(
    ("body", "path", "value", "sentence"),
    [
        (COMMAND, ("application_id",), "300000000000000009", ELSEWHERE),
        (COMMAND, ("guild_id",), "200000000000000009", ELSEWHERE),
        (COMMAND, ("guild_id",), None, ELSEWHERE),
        (COMMAND | DIRECT, ("token",), "t", ELSEWHERE),
        (TYPING | DIRECT, ("token",), "t", ELSEWHERE),
        (CLICK, ("guild_id",), None, ELSEWHERE),
        (CLICK, ("guild_id",), "200000000000000009", ELSEWHERE),
        (CLICK | DIRECT, ("channel", "type"), 3, ELSEWHERE),
        (COMMAND, ("type",), 1, UNREADABLE),
        (COMMAND, ("type",), 99, UNREADABLE),
        (COMMAND, ("member",), None, UNREADABLE),
        (COMMAND | {"user": {"id": USER}}, ("member",), None, UNREADABLE),
        (COMMAND, ("member", "user"), {"id": USER, "bot": True}, UNREADABLE),
        (COMMAND, ("member", "user"), {"id": USER, "system": True}, UNREADABLE),
        (COMMAND, ("member", "user", "id"), "U1", UNREADABLE),
        (COMMAND, ("member", "user", "id"), "400\n", UNREADABLE),
        (COMMAND, ("data", "type"), 2, UNREADABLE),
        (COMMAND, ("data", "name"), "shell", UNREADABLE),
        (COMMAND, ("data", "options", 0, "type"), 1, UNREADABLE),
        (COMMAND, ("data", "options", 0, "value"), 7, UNREADABLE),
        (STATUS, ("data", "options"), [], UNREADABLE),
        (CLICK, ("message",), None, UNREADABLE),
        (CLICK, ("data", "component_type"), 3, UNREADABLE),
        (CLICK, ("data", "custom_id"), None, UNREADABLE),
        (FORM, ("data", "custom_id"), "", UNREADABLE),
        (FORM, ("data", "components"), "x", UNREADABLE),
        (FORM, ("token",), "", UNREADABLE),
    ],
)
def test_what_is_not_ours_is_turned_away(
    body: dict[str, Any], path: tuple[Any, ...], value: object, sentence: str
) -> None:
    """Other servers and apps get one constant sentence, and broken deliveries another."""
    with pytest.raises(TurnedAway) as refusal:
        read(changed(body, path, value), guild=GUILD, application=APP)

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(("body", "custom_id"), [(CLICK, "../approve"), (FORM, "dialog")])
async def test_an_id_that_we_never_made_is_refused_and_written_down(
    tmp_path: Path, body: dict[str, Any], custom_id: str
) -> None:
    """Who pressed it where is read all the same, and the desk's refusal leaves an audit entry."""
    forged = changed(body, ("data", "custom_id"), custom_id)

    call = read(forged, guild=GUILD, application=APP)
    async with world(tmp_path) as here:
        desk = CommandDesk(here.engine, REAL, link_to=nowhere)
        answer = await desk.pressed(call.verb, call.invocation)
        [stray] = await here.engine.store.read(lambda tx: tx.events(None))

    assert answer.message is not None
    assert "was not made by this version of Twokey" in answer.message.text
    assert stray.details["code"] == "tampered"
    assert stray.account == str(call.invocation.account)


async def nowhere(_rollback_id: str, _near: Place) -> str | None:
    """No notice to link to."""
    return None


def test_whoever_is_turned_away_reads_what_to_do() -> None:
    """Each sentence says that nothing was changed, and then the way out."""
    for sentence in (ELSEWHERE, UNREADABLE):
        _, _, then = sentence.partition("Nothing was changed. ")
        assert re.match(r"(Do it|Ask) again ", then)


def test_somebody_in_a_server_acts_as_its_member() -> None:
    """What stands beside the member is not taken for who it was."""
    both = COMMAND | {"user": {"id": "4009"}}

    assert read(both, guild=GUILD, application=APP).invocation.account.user == USER


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=20),
    st.just([]),
    st.just({}),
    st.just([{"id": "1"}]),
    st.just({"id": {"id": "1"}}),
)


@given(st.sampled_from(EVERY), st.data(), junk)
def test_no_delivery_breaks_the_reader(
    body: dict[str, Any], data: st.DataObject, value: object
) -> None:
    """Whatever stands wherever, it is read as somebody of our server or turned away."""
    path = data.draw(st.sampled_from(list(paths(body))))

    try:
        call = read(changed(body, path, value), guild=GUILD, application=APP)
    except TurnedAway:
        return
    assert call.invocation.account.tenant == GUILD
    assert call.invocation.account.user.isdecimal()


def test_before_we_know_which_app_we_are_nothing_is_taken() -> None:
    """An unknown application id fits no delivery."""
    with pytest.raises(TurnedAway):
        read(COMMAND, guild=GUILD, application="")
