"""What a whole bot sends to Discord, as the local workspace wrote it down."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.conftest import Told

MESSAGES = re.compile(r"/api/v10/channels/\d+/messages(?:/(\d+))?")


@pytest.mark.parametrize("chat", ["discord"])
@pytest.mark.parametrize("story", ["discord-misbehaves"])
def test_what_must_notify_is_a_sentence_first(
    stories: Callable[..., Told], story: str, chat: str
) -> None:
    """Each message is posted as plain content, which phones show, and only then becomes a card."""
    posted: dict[str, Any] = {}
    drawn: dict[str, Any] = {}
    for one in stories(story, chat=chat).sent:
        place = MESSAGES.fullmatch(one.url)
        if place is None or one.status >= 400:
            continue
        if one.method == "POST":
            posted.setdefault(one.made["id"], json.loads(one.body))
        elif one.method == "PATCH":
            assert place[1] in posted
            drawn.setdefault(place[1], json.loads(one.body))

    assert len(posted) >= 4  # the notice, the approval card, and one to each manager
    assert drawn.keys() == posted.keys()
    assert all(one["content"] and "components" not in one for one in posted.values())
    assert all(one["content"] is None and one["components"] for one in drawn.values())
