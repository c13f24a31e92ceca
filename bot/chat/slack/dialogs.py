"""A dialog as Slack's view, and what the view remembers until it is sent off."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from bot.chat.slack.blocks import Json, plain_text
from bot.message import Dialog, Input

_LONGEST_TITLE: Final = 24
_LONGEST_LABEL: Final = 150
_LONGEST_INPUT: Final = 3_000


class About(BaseModel):
    """What a dialog is about, and where it was opened; Slack's own payload leaves that out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: str
    value: str
    channel: str
    message: str
    thread: str | None


def render_dialog(dialog: Dialog, *, channel: str, message: str, thread: str | None) -> Json:
    """Return the view."""
    about = About(
        verb=dialog.verb, value=dialog.value, channel=channel, message=message, thread=thread
    )
    return {
        "type": "modal",
        "callback_id": "dialog",
        "title": plain_text(dialog.title, _LONGEST_TITLE),
        "submit": plain_text(dialog.submit, _LONGEST_TITLE),
        "close": plain_text(dialog.cancel, _LONGEST_TITLE),
        "private_metadata": about.model_dump_json(),
        "blocks": [_input(one) for one in dialog.inputs],
    }


def _input(one: Input) -> Json:
    hint = {"placeholder": plain_text(one.hint, _LONGEST_LABEL)} if one.hint else {}
    return {
        "type": "input",
        "block_id": one.name,
        "label": plain_text(one.label, _LONGEST_LABEL),
        "element": {
            "type": "plain_text_input",
            "action_id": one.name,
            "multiline": one.is_long,
            "max_length": min(one.max_length, _LONGEST_INPUT),
            **hint,
        },
    }
