"""Threads that hang on a notice, and direct messages."""

import pytest

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.guild import Guild
from bot.domain.people import Account
from bot.domain.target import Place
from bot.message import Line, Message, Title
from bot.ports import ChatRefused, Reference, Remedy
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.discord.room import Room
from tests.bot.chat.discord.conftest import (
    CARD,
    DEPLOYS,
    GENERAL,
    MANAGER,
    SHOP,
    Clock,
    texts,
)

HERE = Place("discord", SHOP, DEPLOYS)
THERE = Place("discord", SHOP, GENERAL)
THEIRS = Place.direct(Account("discord", SHOP, MANAGER))
ASKED = Message("Asked.", (Title("Roll back backend?"), Line(("Asked",))))
ENDED = Message("Ended.", (Line(("Ended",)),))


async def test_a_reply_stands_in_the_thread_of_its_notice(
    chat: DiscordChat, people: Workspace
) -> None:
    """The thread hangs on the notice, has its id, is named for the first reply, and is found."""
    notice = await chat.post(HERE, ASKED, thread=None, key="notice")

    card = await chat.post(HERE, ASKED, thread=notice, key="card")
    line = await chat.post(HERE, ENDED, thread=notice, key="line")

    assert card.place.channel == line.place.channel == notice.message
    replies = await people.thread(DEPLOYS, notice.message)
    assert [one["id"] for one in replies] == [card.message, line.message]
    threads = [one for one in (await people.state())["channels"] if one.get("parent_id")]
    assert [one["name"] for one in threads] == ["Roll back backend?"]
    assert await chat.find(HERE, thread=notice, key="line") == line
    await chat.edit(card, ENDED)


async def test_a_thread_is_opened_once(
    chat: DiscordChat, people: Workspace, guild: Guild, clock: Clock
) -> None:
    """Another process learns that it is there already."""
    notice = await chat.post(HERE, ASKED, thread=None, key="notice")
    await chat.post(HERE, ASKED, thread=notice, key="card")

    await DiscordChat(guild, now=clock).post(HERE, ENDED, thread=notice, key="line")

    assert len(await people.thread(DEPLOYS, notice.message)) == 2


async def test_nothing_is_found_in_a_thread_that_was_never_opened(chat: DiscordChat) -> None:
    """A reply that failed before its thread was there is simply not there."""
    notice = await chat.post(HERE, ASKED, thread=None, key="notice")

    assert await chat.find(HERE, thread=notice, key="card") is None


async def test_a_notice_that_is_gone_opens_no_thread(chat: DiscordChat) -> None:
    """The notice has to be posted anew, and then its thread."""
    gone = Reference(HERE, "1576323963171110912")

    with pytest.raises(ChatRefused) as refusal:
        await chat.post(HERE, ASKED, thread=gone, key="card")

    assert refusal.value.remedy is Remedy.NEW_THREAD


async def test_a_thread_that_was_archived_is_opened_again(
    chat: DiscordChat, people: Workspace
) -> None:
    """A card in a thread that nobody wrote in for a day still changes."""
    notice = await chat.post(HERE, ASKED, thread=None, key="notice")
    card = await chat.post(HERE, ASKED, thread=notice, key="card")
    await people.archive(MANAGER, notice.message)

    await chat.edit(card, ENDED)

    [reply] = await people.thread(DEPLOYS, notice.message)
    assert texts(reply["components"]) == "Ended"


async def test_a_locked_thread_is_for_people_to_open(chat: DiscordChat, people: Workspace) -> None:
    """Somebody closed it on purpose; what waits is shown when they open it."""
    notice = await chat.post(HERE, ASKED, thread=None, key="notice")
    card = await chat.post(HERE, ASKED, thread=notice, key="card")
    await people.archive(MANAGER, notice.message, locked=True)

    with pytest.raises(ChatRefused) as refusal:
        await chat.edit(card, ENDED)

    assert refusal.value.remedy is Remedy.LATER


async def test_a_thread_that_was_deleted_is_opened_again(
    chat: DiscordChat, people: Workspace, room: Room
) -> None:
    """What stood in it is gone, so it is posted anew, in a new thread under the same notice."""
    notice = await chat.post(HERE, ASKED, thread=None, key="notice")
    card = await chat.post(HERE, ASKED, thread=notice, key="card")
    del room.world.channels[notice.message]

    with pytest.raises(ChatRefused) as refusal:
        await chat.edit(card, ENDED)
    anew = await chat.post(HERE, ENDED, thread=notice, key="card")

    assert refusal.value.remedy is Remedy.ANEW
    [reply] = await people.thread(DEPLOYS, notice.message)
    assert reply["id"] == anew.message
    assert texts(reply["components"]) == "Ended"


async def test_direct_messages_are_opened_once(
    chat: DiscordChat, people: Workspace, room: Room
) -> None:
    """The reference names the channel that was opened, and so does the address."""
    first = await chat.post(THEIRS, CARD, thread=None, key="ask")
    second = await chat.post(THEIRS, ENDED, thread=None, key="tell")

    assert first.place.channel == second.place.channel != MANAGER
    assert len(await people.messages(first.place.channel)) == 2
    assert await chat.find(THEIRS, thread=None, key="ask") == first
    assert (await chat.link(first)).startswith(f"{room.url}/channels/@me/")


async def test_whoever_takes_no_direct_messages_is_given_up(
    chat: DiscordChat, people: Workspace
) -> None:
    """There is nothing to wait for; the log names the account."""
    await people.shut_out_app(MANAGER)

    with pytest.raises(ChatRefused, match=f"{MANAGER} can't get direct messages") as refusal:
        await chat.post(THEIRS, CARD, thread=None, key="ask")

    assert refusal.value.remedy is Remedy.NONE
