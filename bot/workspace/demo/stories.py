"""The stories, which are written down in ``stories.yaml``."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter
from ruamel.yaml import YAML

from bot.workspace.demo.sides import ChatName


class Story(BaseModel):
    """What people do, one after another, and everything that must be true at the end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    play: tuple[
        Mapping[str, str | Mapping[str, str | int]], ...
    ]  # who does what, or misbehaves how
    ends: dict[str, Any]
    reads: tuple[str, ...]  # parts of lines that people have to be shown
    parts: tuple[str, ...]
    speed: float
    chats: tuple[tuple[ChatName, ...], ...] = ()  # that it can be played in; empty: in any
    absent: tuple[ChatName, ...] = ()  # configured, and away when it begins


def read_stories() -> Mapping[str, Story]:
    """Return all stories by name."""
    yaml: Any = YAML(typ="safe")  # half typed
    text = (files("bot.workspace.demo") / "stories.yaml").read_text()
    return TypeAdapter(dict[str, Story]).validate_python(yaml.load(text))
