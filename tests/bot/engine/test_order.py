"""The order in which things are said: a thread reads from top to bottom."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.target import Place
from bot.message import Message
from bot.ports import Reference
from tests.bot.engine.plant import PLANT
from tests.bot.engine.test_deliver import outbox, planned, shown
from tests.bot.engine.trouble import Wall
from tests.bot.engine.world import world


@dataclass
class SlowWall(Wall):
    """A wall on which hanging something up takes a while, so that two at once would be seen."""

    hanging: Counter[Place] = field(default_factory=Counter[Place])
    most: int = 0

    async def post(
        self, place: Place, message: Message, *, thread: Reference | None, key: str
    ) -> Reference:
        """Hang it up slowly."""
        self.hanging[place] += 1
        self.most = max(self.most, self.hanging[place])
        await asyncio.sleep(0.01)
        self.hanging[place] -= 1
        return await super().post(place, message, thread=thread, key=key)


async def test_what_is_said_in_one_place_keeps_its_order(tmp_path: Path) -> None:
    """Lines stand in the order of their events, one after another, and the summary below them."""
    wall = SlowWall()
    PLANT.behaves["api"] = "lies"
    async with world(tmp_path) as here:
        rollback, delivery = await planned(here), outbox(here, wall)
        await shown(here, delivery)
        for manager in ("manager-one", "manager-two"):
            await here.press("approve", manager, rollback, message=wall.at(":card:"))
        await here.end(rollback)
        await shown(here, delivery)
    said = [key.rsplit(":", 1) for key in wall.keys if ":line:" in key or ":summary:" in key]
    numbers = [int(number) for _, number in said]
    assert len(said) == 5
    assert numbers[:-1] == sorted(numbers[:-1])
    assert ":summary:" in said[-1][0]
    assert wall.most == 1
