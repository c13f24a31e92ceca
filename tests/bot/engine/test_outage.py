"""One of two chats is away for the whole run: the other one decides, and it is told afterwards."""

from pathlib import Path

from bot.domain.rollback import State
from bot.engine.deliver import Delivery
from bot.ports import ChatUnreachable
from notifications import renderer
from tests.bot.engine.test_deliver import shown
from tests.bot.engine.test_mirrors import CHANNEL, ON_BOTH, PEOPLE, on_discord
from tests.bot.engine.trouble import Wall
from tests.bot.engine.world import World, world


class Absent:
    """Lets nothing through while it is away."""

    is_away = True

    def __call__(self, call: str, what: str) -> None:
        if self.is_away:
            raise ChatUnreachable("Slack did not answer.")


def outbox(here: World, *, slack: Wall, discord: Wall) -> Delivery:
    """Return what shows this world's messages on two walls."""
    return Delivery(
        store=here.engine.store,
        chats={"slack": slack, "discord": discord},
        render=renderer(PEOPLE),
        clock=here.clock,
        foreground=here.engine.foreground,
    )


async def run_without_slack(here: World, delivery: Delivery, discord: Wall) -> None:
    """Ask, approve and finish a rollback; whatever happens is tried on both walls at once."""
    asked = await here.ask_for()
    rollback = await here.until(asked.id, lambda r: r.state is State.PENDING)
    for _ in range(30):
        await here.clock.sleep(min(await delivery.run_once(), 5))
    for manager in ("manager-one", "manager-two"):
        for _ in range(3):
            await here.clock.sleep(min(await delivery.run_once(), 1))
        card = {"message": discord.at(":card:"), **on_discord(manager)}
        await here.press("approve", manager, rollback, **card)
    assert (await here.end(rollback)).state is State.SUCCEEDED


def order(wall: Wall) -> dict[str, list[str]]:
    """Return what hangs in each place, in order, by whoever reads it or by nobody in particular."""
    found: dict[str, list[str]] = {}
    for note in wall.notes.values():
        reader = note.place.person.user if note.place.person else ""
        _, kind, *_, about = note.key.split(":")
        found.setdefault(reader, []).append(f"{kind} {about}")
    return found


async def test_everything_is_told_afterwards_once_and_in_order(tmp_path: Path) -> None:
    """A chat that was away for the whole run shows the same lines in the same order, each once."""
    away = Absent()
    slack, discord = Wall(trouble=away), Wall()
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        delivery = outbox(here, slack=slack, discord=discord)
        await run_without_slack(here, delivery, discord)
        await delivery.run_once()  # what was wanted first waits longest for its next try
        unseen = list(slack.notes)
        away.is_away = False
        await shown(here, delivery)
    assert unseen == []
    assert order(slack) == order(discord)
    assert order(slack).keys() == {"", "responder", "manager-one", "manager-two"}
    assert len(slack.keys) == len(set(slack.keys))


async def test_a_chat_that_is_away_holds_up_no_other(tmp_path: Path) -> None:
    """What one chat can't be told, the other one is told at once."""
    slack, discord = Wall(trouble=Absent()), Wall()
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        delivery = outbox(here, slack=slack, discord=discord)
        asked = await here.ask_for()
        await here.until(asked.id, lambda r: r.state is State.PENDING)
        before = here.clock.now()
        for _ in range(3):
            await delivery.run_once()
        passed = here.clock.now() - before
    assert {key.split(":")[1] for key in discord.keys} == {"notice", "card", "ask"}
    assert passed.total_seconds() == 0
