"""``/rollback link`` and ``/twokey link``, as they are typed."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat.markdown import to_text
from bot.desk import CommandDesk
from bot.domain.link import LETTERS
from bot.domain.people import Account
from bot.domain.target import Place
from bot.invocation import Answer
from commands import COMMANDS
from commands.link import new_code
from tests.bot.engine.world import World, world

ON_DISCORD = {"account": Account("discord", "1000", "1"), "place": Place("discord", "1000", "2")}


def desk(here: World) -> CommandDesk:
    """Return a desk in front of this world's engine."""

    async def no_link(_rollback_id: str, _near: Place) -> None:
        return None

    return CommandDesk(here.engine, COMMANDS, link_to=no_link)


def words(answer: Answer) -> str:
    """Return what the person reads."""
    assert answer.message
    return to_text(answer.message, width=200)


def test_codes_are_made_of_letters_that_read_like_nothing_else() -> None:
    """A new code has eight of twenty letters, all of which come up, and no code comes twice."""
    codes = [new_code() for _ in range(500)]
    assert {len(code) for code in codes} == {8}
    assert set("".join(codes)) == set(LETTERS)
    assert len(set(codes)) == 500
    assert not set(LETTERS) & set("AEIOUY0123456789")


@pytest.mark.parametrize("is_offered_on_discord", [False, True])
async def test_a_code_goes_from_one_chat_to_the_other(
    tmp_path: Path, is_offered_on_discord: bool
) -> None:
    """The answer shows what to type in the other chat, and typing just that proves it."""
    async with world(tmp_path) as here:
        on_slack = here.invocation("manager-one", text="link")
        on_discord = here.invocation("x", **ON_DISCORD)
        front = desk(here)
        if is_offered_on_discord:
            told = words(await front.called("link", on_discord))
            line = re.search(r"/rollback (link [A-Z]{4}-[A-Z]{4})", told)
            assert line
            typing = here.invocation("manager-one", text=line[1])
            proven = await front.typed(typing)
        else:
            told = words(await front.typed(on_slack))
            line = re.search(r"/twokey link code:([A-Z]{4}-[A-Z]{4})", told)
            assert line
            filled = here.invocation("x", fields={"code": line[1]}, **ON_DISCORD)
            proven = await front.called("link", filled)
    assert "12:10" in told
    assert "Give it to nobody" in told
    assert "are one human's" in words(proven)
    assert "slack:T00TWOKEY/manager-one" in words(proven)
    assert "discord:1000/1" in words(proven)
    assert "tell an operator now" in words(proven)


async def test_help_names_it_where_there_is_another_chat(tmp_path: Path) -> None:
    """Help says how it is typed on this chat, and nothing of it if there is no other one."""
    async with world(tmp_path) as here:
        alone = World(
            replace(here.engine, directories={"slack": here.members}), here.clock, here.members
        )
        on_slack = here.invocation("manager-one", text="help")
        told = [words(await desk(where).typed(on_slack)) for where in (here, alone)]
        on_discord = words(await desk(here).called("help", here.invocation("x", **ON_DISCORD)))
    assert "/rollback link" in told[0]
    assert "/twokey link" in on_discord
    assert "link" not in told[1]


async def test_what_a_phone_shows_of_the_answer_is_whole(tmp_path: Path) -> None:
    """The sentence alone says the code, how long it is good, and that nobody else may have it."""
    async with world(tmp_path) as here:
        answer = await desk(here).typed(here.invocation("manager-one", text="link"))
    assert answer.message
    assert re.search(r"Your code is [A-Z]{4}-[A-Z]{4}\..*ten minutes.*nobody", answer.message.text)


async def test_what_is_no_code_is_refused(tmp_path: Path) -> None:
    """Words that can't be a code are answered with how one looks, and counted as no guess."""
    async with world(tmp_path) as here:
        typing = here.invocation("manager-one", text="link my accounts please")
        answer = await desk(here).typed(typing)
        wrong = await here.engine.store.read(lambda tx: tx.wrong_codes(typing.account))
    assert "can't be a code" in words(answer)
    assert wrong == ()


async def test_whoever_is_unknown_finds_the_way(tmp_path: Path) -> None:
    """An account nobody linked is told the command that works for it, which then answers."""
    async with world(tmp_path) as here:
        asking = here.invocation("x", fields={"target": "backend"}, **ON_DISCORD)
        refused = words(await desk(here).called("rollback", asking))
        answer = words(await desk(here).called("link", here.invocation("x", **ON_DISCORD)))
    assert "type /twokey link" in refused
    assert "is your code" in answer
