"""What Slack delivers becomes an invocation, or is turned away."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.slack.payloads import (
    ELSEWHERE,
    UNREADABLE,
    Reader,
    TurnedAway,
    read_click,
    read_command,
    read_form,
)

TEAM, APP, USER = "T00TWOKEY", "A00TWOKEY", "U00MANAGER1"

COMMAND = {
    "api_app_id": APP,
    "team_id": TEAM,
    "channel_id": "C00DEPLOYS",
    "user_id": USER,
    "command": "/rollback",
    "text": "backend",
    "trigger_id": "1.a",
    "response_url": "https://hooks.example/1",
    "is_enterprise_install": "false",
}
INTERACTION = {
    "api_app_id": APP,
    "team": {"id": TEAM},
    "user": {"id": USER, "team_id": TEAM},
    "trigger_id": "1.a",
    "is_enterprise_install": False,
}
BUTTON = {"type": "button", "action_id": "approve", "action_ts": "2.000002", "value": "1|x"}
CLICK = INTERACTION | {
    "channel": {"id": "C00DEPLOYS"},
    "container": {"message_ts": "1.000001", "channel_id": "C00DEPLOYS"},
    "actions": [BUTTON],
    "response_url": "https://hooks.example/1",
}
ABOUT = {"verb": "reason_given", "value": "1|x", "channel": "C1", "message": "1.1", "thread": None}
FORM = INTERACTION | {
    "view": {
        "id": "V1",
        "hash": "h1",
        "private_metadata": json.dumps(ABOUT),
        "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": "500"}}}},
    }
}
EVERY = [(COMMAND, read_command), (CLICK, read_click), (FORM, read_form)]


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


@pytest.mark.parametrize(("body", "read"), EVERY)
def test_a_whole_delivery_is_read(body: dict[str, Any], read: Reader) -> None:
    """A command, a click and a form say who asks."""
    call = read(body, team=TEAM, app=APP)

    assert str(call.invocation.account) == f"slack:{TEAM}/{USER}"


@pytest.mark.parametrize(
    ("body", "read", "path", "value", "sentence"),
    [
        (COMMAND, read_command, ("team_id",), "T00OTHER", ELSEWHERE),
        (COMMAND, read_command, ("api_app_id",), "A00OTHER", ELSEWHERE),
        (COMMAND, read_command, ("is_enterprise_install",), "true", ELSEWHERE),
        (COMMAND, read_command, ("user_id",), None, UNREADABLE),
        (COMMAND, read_command, ("user_id",), "B00BOT", UNREADABLE),
        (COMMAND, read_command, ("trigger_id",), "", UNREADABLE),
        (CLICK, read_click, ("team",), None, UNREADABLE),
        (CLICK, read_click, ("user",), None, UNREADABLE),
        (CLICK, read_click, ("team", "id"), "T00OTHER", ELSEWHERE),
        (CLICK, read_click, ("user", "team_id"), "T00OTHER", ELSEWHERE),
        (CLICK, read_click, ("actions",), [], UNREADABLE),
        (CLICK, read_click, ("actions",), [BUTTON, BUTTON], UNREADABLE),
        (CLICK, read_click, ("actions", 0, "type"), "static_select", UNREADABLE),
        (CLICK, read_click, ("actions", 0, "action_id"), "../approve", UNREADABLE),
        (CLICK, read_click, ("container", "message_ts"), None, UNREADABLE),
        (FORM, read_form, ("view", "app_installed_team_id"), "T00OTHER", ELSEWHERE),
        (FORM, read_form, ("team", "id"), "T00OTHER", ELSEWHERE),
        (CLICK, read_click, ("is_enterprise_install",), True, ELSEWHERE),
        (FORM, read_form, ("view", "private_metadata"), "[]", UNREADABLE),
        (FORM, read_form, ("view", "private_metadata"), "", UNREADABLE),
        (FORM, read_form, ("view", "state"), None, UNREADABLE),
    ],
)
def test_what_is_not_ours_is_turned_away(
    body: dict[str, Any], read: Reader, path: tuple[Any, ...], value: object, sentence: str
) -> None:
    """Other teams and apps get one constant sentence, and broken deliveries another."""
    with pytest.raises(TurnedAway) as refusal:
        read(changed(body, path, value), team=TEAM, app=APP)

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(("body", "read"), EVERY[1:])
@pytest.mark.parametrize("theirs", ["T00SISTER", "E00ORG", TEAM])
@pytest.mark.parametrize("user", ["U00MANAGER1", "W00MANAGER1"])
def test_an_organisation_has_several_teams(
    body: dict[str, Any], read: Reader, theirs: str, user: str
) -> None:
    """Within an organisation the directory says who belongs here, whatever team is named first."""
    inside = changed(body, ("enterprise",), {"id": "E00ORG", "name": "The organisation"})
    inside = changed(changed(inside, ("user", "team_id"), theirs), ("user", "id"), user)

    assert str(read(inside, team=TEAM, app=APP).invocation.account) == f"slack:{TEAM}/{user}"


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=20),
    st.just([]),
    st.just({}),
    st.just([{"id": "U1"}]),
    st.just({"id": {"id": "U1"}}),
)


@given(st.sampled_from(EVERY), st.data(), junk)
def test_no_delivery_breaks_the_reader(
    given_one: tuple[dict[str, Any], Reader], data: st.DataObject, value: object
) -> None:
    """Whatever stands wherever, it is read as somebody of our team or turned away."""
    body, read = given_one
    path = data.draw(st.sampled_from(list(paths(body))))

    try:
        call = read(changed(body, path, value), team=TEAM, app=APP)
    except TurnedAway:
        return
    assert call.invocation.account.tenant == TEAM
    assert call.invocation.account.user.startswith(("U", "W"))


def test_before_the_connection_says_which_app_it_is_nothing_is_taken() -> None:
    """An unknown app id fits no delivery."""
    with pytest.raises(TurnedAway):
        read_command(COMMAND, team=TEAM, app="")
