"""A dialog becomes a view that Slack takes, and knows afterwards what it was about."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.views import View

from bot.chat.slack.dialogs import About, render_dialog
from bot.message import Dialog, Input
from bot.workspace.slack.blocks import accepted_view
from tests.bot.chat.slack.test_blocks import words

inputs = st.builds(
    Input,
    name=st.just("reason"),
    label=words,
    hint=words,
    is_long=st.booleans(),
    max_length=st.integers(1, 10_000),
)
dialogs = st.builds(
    Dialog,
    title=words,
    verb=st.just("reason_given"),
    value=st.text(max_size=150),
    inputs=st.tuples(inputs),
    submit=words,
)


@given(dialogs)
def test_any_dialog_is_within_slacks_limits(dialog: Dialog) -> None:
    """The workspace, which refuses what Slack refuses, takes every dialog."""
    view: Any = render_dialog(dialog, channel="C00DEPLOYS", message="1.000001", thread=None)

    accepted_view(view)
    assert len(view["title"]["text"]) <= 24
    about = About.model_validate_json(view["private_metadata"])
    assert (about.verb, about.value, about.channel) == (dialog.verb, dialog.value, "C00DEPLOYS")


@given(dialogs)
def test_slacks_own_classes_take_any_dialog(dialog: Dialog) -> None:
    """The SDK's checks pass, and it would write the view as we do."""
    view: Any = render_dialog(dialog, channel="C00DEPLOYS", message="1.000001", thread=None)

    parsed: Any = View(**view)
    assert parsed.to_dict() == view


def test_an_input_is_named_after_its_field() -> None:
    """What is typed comes back under the input's name, with its length limited by Slack."""
    dialog = Dialog("Add reason", "reason_given", "1|x", (Input("reason", "What is wrong?"),))

    view: Any = render_dialog(dialog, channel="C1", message="1.1", thread="1.0")

    [block] = view["blocks"]
    assert block["block_id"] == block["element"]["action_id"] == "reason"
    assert block["element"]["max_length"] == 500
