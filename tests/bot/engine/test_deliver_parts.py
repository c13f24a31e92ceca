"""A message of which only a part could be shown: it is gone on with, and never begun again."""

from pathlib import Path
from typing import Any

import pytest

from bot.domain.target import Place
from bot.message import Message
from bot.ports import ChatBusy, ChatRefused, ChatUnreachable, Reference, Remedy
from tests.bot.engine.test_deliver import outbox, planned, shown
from tests.bot.engine.trouble import Wall
from tests.bot.engine.world import world

PARTLY = [
    ChatBusy("Discord asks us to wait.", seconds=120),
    ChatRefused("It is held back.", remedy=Remedy.LATER),
    ChatUnreachable("Discord did not answer."),
]


@pytest.mark.parametrize("error", PARTLY, ids=["busy", "refused", "unanswered"])
async def test_what_stands_in_part_is_gone_on_with_by_another_process(
    tmp_path: Path, error: ChatBusy | ChatRefused | ChatUnreachable
) -> None:
    """Where the first part stands is remembered, so that nobody has to find it to finish it."""
    wall, left = Wall(), [error]
    plain = wall.post

    async def post(place: Place, message: Message, **how: Any) -> Reference:
        reference = await plain(place, message.plainer, **how)
        if ":notice:" in how["key"] and left:
            left[0].begun = reference
            raise left.pop()
        return reference

    async def find(*_: Any, **__: Any) -> None:
        """Nothing tells whose a first part is."""

    wall.post, wall.find = post, find  # type: ignore[method-assign]
    async with world(tmp_path) as here:
        await planned(here)
        await outbox(here, wall).run_once()
        begun = wall.notes[wall.at(":notice:")].message
        await shown(here, outbox(here, wall))
    assert not left
    assert len(wall.keys) == len(set(wall.keys))
    assert not begun.blocks
    assert wall.notes[wall.at(":notice:")].message.blocks
