"""A dialog as Discord's modal, and what was typed into it."""

from collections.abc import Iterator
from typing import Any, Final

from bot.chat.discord.components import Json
from bot.chat.discord.text import plain
from bot.chat.discord.tickets import pack
from bot.message import Dialog, Input

_TEXT_INPUT, _LABEL = 4, 18
_SHORT, _LONG = 1, 2
_LONGEST_TITLE: Final = 45
_LONGEST_LABEL: Final = 45
_LONGEST_HINT: Final = 100
_LONGEST_INPUT: Final = 4_000
_MOST_INPUTS: Final = 5


def render_dialog(dialog: Dialog) -> Json:
    """Return the modal; raise ``ValueError`` if it can't carry what it is about.

    It remembers verb and value. Where it was opened, Discord tells when it is sent off.
    """
    packed = pack(dialog.verb, dialog.value)
    if packed is None or not 1 <= len(dialog.inputs) <= _MOST_INPUTS:
        raise ValueError(f"the dialog of {dialog.verb} does not fit into a modal")
    return {
        "custom_id": packed,
        "title": plain(dialog.title, _LONGEST_TITLE) or "…",
        "components": [_input(one) for one in dialog.inputs],
    }


def typed(components: list[Any]) -> dict[str, str]:
    """Return what was typed, by the names of the inputs."""
    return dict(_typed(components))


def _input(one: Input) -> Json:
    hint = {"placeholder": plain(one.hint, _LONGEST_HINT)} if one.hint else {}
    return {
        "type": _LABEL,
        "label": plain(one.label, _LONGEST_LABEL) or "…",
        "component": {
            "type": _TEXT_INPUT,
            "custom_id": one.name,
            "style": _LONG if one.is_long else _SHORT,
            "max_length": min(one.max_length, _LONGEST_INPUT),
            **hint,
        },
    }


def _typed(components: list[Any]) -> Iterator[tuple[str, str]]:
    for component in components:
        match component:
            case {"component": {"custom_id": str(name), "value": str(value)}}:
                yield name, value
            case {"component": {"custom_id": str(name)}}:
                yield name, ""
            case _:
                pass
