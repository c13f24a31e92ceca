"""From an account that nobody knows to a vote: a code, a line in the file, and a start."""

import asyncio
import re
from functools import partial
from pathlib import Path

from bot.workspace.demo.processes import processes
from bot.workspace.demo.sides import SIDES, ChatName
from bot.workspace.demo.stage import Setting, Stage
from bot.workspace.wire import Json

BOTH: tuple[ChatName, ...] = ("slack", "discord")
WHO = "Manager One"
ACCOUNTS = {name: f"{name}:{SIDES[name].place.tenant}/{SIDES[name].people[WHO]}" for name in BOTH}


async def told(stage: Stage, name: ChatName, words: str, answered: str) -> str:
    """Type a command as Manager One, and return the new private answer that has this in it."""
    side = SIDES[name]
    user = side.people[WHO]

    def answers(state: Json) -> list[str]:
        said = ["\n".join(side.lines(one)) for one in state["ephemerals"][user]]
        return [one for one in said if answered in one]

    async with side.hands(stage.pages[name]) as hands:
        before = len(answers(await hands.state()))
        async with asyncio.timeout(30):  # a bot that just started may not be in this chat yet
            command = partial(hands.command, user, side.place.channel, words)
            while (done := await command()).get("error") == "no_app":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert done["ok"], done
        return (await hands.until(lambda state: answers(state)[before:], seconds=30))[0]


async def restart(stage: Stage, change: tuple[str, str]) -> None:
    """Edit the file as an operator does, and start the bot again."""
    file = stage.processes.folder / "twokey.yaml"
    text = file.read_text("utf-8")
    assert text.count(change[0]) == 1, text
    await stage.processes.kill("bot")
    file.write_text(text.replace(*change), "utf-8")
    await stage.start_bot()


async def test_an_account_finds_its_human(tmp_path: Path) -> None:
    """Who is refused on Discord links the account by a code from Slack, and is known there then."""
    both = f"manager-one: {{name: Manager One, accounts: [{', '.join(ACCOUNTS.values())}]}}"
    alone = both.replace(f", {ACCOUNTS['discord']}", "")
    async with processes(tmp_path) as children:
        stage = await Stage.open(children, Setting(chats=BOTH), speed=1.0, job_seconds=0.1)
        await restart(stage, (both, alone))

        refused = await told(stage, "discord", "/rollback backend it is down", "nobody")
        offered = await told(stage, "slack", "/rollback link", "is your code")
        typed = re.search(r"/twokey link code:[A-Z]{4}-[A-Z]{4}", offered)
        assert typed, offered
        proven = await told(stage, "discord", typed[0], "Proven")
        still = await told(stage, "discord", "/rollback backend it is down", "nobody")
        status, printed = await children.run("bot", "people", "link")
        assert status == 0, printed
        line = next(one.strip() for one in printed.splitlines() if "{name" in one)
        await restart(stage, (alone, line))
        known = await told(stage, "discord", "/rollback backend it is down", "Preparing the plan")

    assert "type /twokey link" in refused
    assert "are one human's" in proven
    assert still == refused
    assert re.sub(r"  # proven \d{4}-\d\d-\d\d$", "", line) == both
    assert "Nothing happens before others approve it" in known
