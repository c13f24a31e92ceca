"""All stories: on Slack, on Discord and on both at once, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from bot.workspace.demo.stories import read_stories
from tests.journeys.conftest import tell
from tests.journeys.test_stories import EVERY

CHATS = {("slack",): "slack", ("discord",): "discord", ("slack", "discord"): "both", (): "none"}


def plays() -> Iterator[tuple[str, str]]:
    """Yield every story with each chat that it is told in."""
    for name, story in read_stories().items():
        usual = [("slack",), ("discord",), ("slack", "discord")]
        yield from ((name, CHATS[chats]) for chats in story.chats or usual)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
@pytest.mark.parametrize(("story", "chat"), list(plays()))
def test_story_ends_as_told(story: str, chat: str, store: str) -> None:
    """Whatever people talk in and wherever it is kept, a story has the same end."""
    told = tell(story, "--chat", chat, "--store", store)

    assert told.status == 0, "\n".join([*told.lines, told.trouble])
    assert {**told.facts, **EVERY[story], "chat": chat, "store": store} == told.facts
