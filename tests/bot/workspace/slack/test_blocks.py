"""What is refused in blocks and dialogs, beyond and including the SDK's own checks."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.slack.blocks import accepted, accepted_view
from bot.workspace.slack.world import SlackError
from bot.workspace.wire import Json


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def button(**more: object) -> Json:
    return {"type": "button", "text": plain(), "action_id": "a", **more}


def actions(*parts: Json, **more: object) -> Json:
    return {"type": "actions", "elements": list(parts), **more}


CONFIRM = {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain()}
RICH: Json = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "header", "text": plain()},
        {"type": "section", "text": mrkdwn(), "fields": [mrkdwn()], "accessory": button()},
        {"type": "context", "elements": [mrkdwn()]},
        actions(button(style="danger", value="v", confirm=CONFIRM), button(action_id="b")),
        {"type": "image", "image_url": "http://127.0.0.1/a.png", "alt_text": "x"},
        RICH,
    ],
)
def test_good_blocks_pass_and_get_ids(block: Json) -> None:
    """What Slack accepts passes unchanged, and a missing block_id is filled in."""
    [kept] = accepted([block])

    assert kept == block | {"block_id": kept["block_id"]}


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        ([{"type": "nonsense"}], "unsupported type: nonsense"),
        (["text"], "cannot be read"),
        ([{"type": "header", "text": mrkdwn()}], "must be plain_text"),
        ([{"type": "header", "text": plain("x" * 151)}], "150"),
        ([{"type": "section", "text": mrkdwn("x" * 3001)}], "3000"),
        ([{"type": "section", "text": mrkdwn("")}], "more than 0 characters"),
        ([{"type": "section", "fields": [mrkdwn("x" * 2001)]}], "less than 2001"),
        ([{"type": "section", "fields": [mrkdwn()] * 11}], "10"),
        ([{"type": "section", "text": mrkdwn(), "colour": "red"}], "additional property: colour"),
        ([actions(button(text=plain("x" * 76)))], "75"),
        ([actions(button(text=mrkdwn()))], "must be plain_text"),
        ([actions(button(style="blue"))], "style attribute must be one of"),
        ([actions(button(confirm=CONFIRM | {"deny": mrkdwn()}))], "must be plain_text"),
        ([actions(button(), button())], "action_id already exists"),
        ([actions()], "no fewer than 1"),
        ([{"type": "divider", "block_id": "a"}] * 2, "block_id already exists"),
    ],
)
def test_bad_blocks_are_named(blocks: list[Json], problem: str) -> None:
    """Each mistake is refused as invalid_blocks, with a message that says where."""
    with pytest.raises(SlackError) as caught:
        accepted(blocks)

    assert caught.value.code == "invalid_blocks"
    assert any(problem in message for message in caught.value.messages), caught.value.messages


INPUT: Json = {
    "type": "input",
    "label": plain(),
    "element": {"type": "plain_text_input", "action_id": "a"},
}
MODAL: Json = {"type": "modal", "title": plain(), "submit": plain(), "blocks": [INPUT]}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"title": None}, "title"),
        ({"title": plain("x" * 25)}, "24"),
        ({"submit": None}, "must have a submit"),
        ({"private_metadata": "x" * 3001}, "3000"),
        ({"blocks": [{"type": "divider"}] * 101}, "100"),
        ({"blocks": [INPUT | {"label": mrkdwn()}]}, "must be plain_text"),
    ],
)
def test_bad_dialogs_are_named(change: Json, problem: str) -> None:
    """Each mistake in a dialog is refused as invalid_arguments, with a message."""
    with pytest.raises(SlackError) as caught:
        accepted_view(MODAL | change)

    assert caught.value.code == "invalid_arguments"
    assert any(problem in message for message in caught.value.messages), caught.value.messages


KEYS = ("text", "elements", "fields", "accessory", "element", "label", "title", "blocks", "style")
TYPES = (
    "section",
    "header",
    "actions",
    "context",
    "image",
    "rich_text",
    "input",
    "button",
    "modal",
)
words = st.sampled_from(["x", "", *TYPES, "mrkdwn", "plain_text", "plain_text_input"])
leaves = st.one_of(words, st.none(), st.booleans(), st.integers())
documents = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(
            lambda rest, kind: {**rest, "type": kind},
            st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
            words,
        ),
    ),
    max_leaves=12,
)


@given(documents)
def test_nonsense_is_refused_and_breaks_nothing(document: Any) -> None:
    """Whatever arrives as blocks or as a dialog is taken or refused in Slack's form."""
    for check, sent in ((accepted, document), (accepted, [document]), (accepted_view, document)):
        with suppress(SlackError):
            check(sent)
