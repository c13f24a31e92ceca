"""What was posted although nobody heard so: how far it is looked for, and what is taken for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.guild import opened
from bot.chat.discord.lost import mark_of, nonces_of
from bot.domain.target import Place
from bot.engine.deliver import Delivery
from bot.message import Line, Message
from bot.ports import ChatRefused, ChatUnreachable, Kind, Posting, Reference
from bot.workspace.discord import seed
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.discord.room import Room
from tests.bot.chat.discord.answering import Odd, refused
from tests.bot.chat.discord.conftest import DEPLOYS, SHOP, Clock, settings, texts
from tests.bot.engine.world import World, world

HERE = Place("discord", SHOP, DEPLOYS)
ASKED = Message("Asked.", (Line(("Asked",)),))
NOW, ID = 1_795_895_320.0, 1576323963171110912
HOUR = 3_600_000 << 22


def message(number: int = 0, *, author: str = seed.BOT, **more: Any) -> dict[str, Any]:
    """A message of this moment."""
    return {"id": str(ID - number), "author": {"id": author}, "components": [], **more}


def chat_with(odd: Odd, *pages: list[dict[str, Any]]) -> tuple[DiscordChat, list[int]]:
    """A chat whose channel has these pages, and how often it was read."""
    guild, answers = odd
    read: list[int] = []

    def page() -> web.Response:
        read.append(len(read))
        return web.json_response(pages[min(len(read), len(pages)) - 1])

    answers["GET messages"] = page
    return DiscordChat(guild, now=lambda: NOW), read


CARD: dict[str, Any] = {"components": [{"type": 17, "id": mark_of("notice"), "components": []}]}
SENTENCE: dict[str, Any] = {"nonce": next(nonces_of(DEPLOYS, "notice"))}


@pytest.mark.parametrize("marked", [CARD, SENTENCE])
async def test_our_own_card_or_sentence_is_found(odd: Odd, marked: dict[str, Any]) -> None:
    """By the number of the card, or by the nonce where Discord still tells it."""
    chat, _ = chat_with(odd, [message(1), message(2, **marked)])

    found = await chat.find(HERE, thread=None, key="notice")

    assert found is not None
    assert found.message == str(ID - 2)


@pytest.mark.parametrize("marked", [CARD, SENTENCE])
async def test_nobody_elses_message_is_taken_for_ours(odd: Odd, marked: dict[str, Any]) -> None:
    """Another bot may bear the same number, by chance or on purpose."""
    chat, _ = chat_with(odd, [message(1, author="400000000000000009", **marked)])

    assert await chat.find(HERE, thread=None, key="notice") is None


@pytest.mark.parametrize(
    "components", [[], [{"type": 10}], [{"type": 17}], [{"type": 17, "id": "x"}], "x"]
)
async def test_a_message_of_another_form_is_passed_over(odd: Odd, components: Any) -> None:
    """Whatever else stands in the channel stops no search."""
    odd_one = message(1) | {"components": components}
    chat, _ = chat_with(odd, [odd_one, message(2, **CARD)])

    assert await chat.find(HERE, thread=None, key="notice") is not None


async def test_what_can_not_be_edited_any_more_is_not_looked_for(odd: Odd) -> None:
    """The search ends at the first page that goes back for more than an hour."""
    old = [message(HOUR + number) for number in range(100)]
    chat, read = chat_with(odd, old)

    assert await chat.find(HERE, thread=None, key="notice") is None
    assert len(read) == 1


async def test_the_search_goes_on_while_it_is_young(odd: Odd) -> None:
    """Three pages of a busy channel are read, and no more."""
    chat, read = chat_with(odd, [message(number) for number in range(100)])

    assert await chat.find(HERE, thread=None, key="notice") is None
    assert len(read) == 3


async def test_an_old_card_of_a_young_page_is_not_found(odd: Odd) -> None:
    """Each message has its own age: what can't be edited any more is posted anew instead."""
    chat, _ = chat_with(odd, [message(1), message(HOUR, **CARD)])

    assert await chat.find(HERE, thread=None, key="notice") is None


async def lose(odd: Odd, chat: DiscordChat, key: str = "notice") -> None:
    """Post something to which no answer comes."""
    odd[1]["POST messages"] = refused(0, 503)
    with pytest.raises(ChatUnreachable):
        await chat.post(HERE, ASKED, thread=None, key=key)


async def test_a_sentence_without_its_nonce_is_found(odd: Odd) -> None:
    """After an outage that is longer than Discord remembers nonces, the words are enough."""
    chat, _ = chat_with(odd, [message(1), message(2, content="Asked.")])
    await lose(odd, chat)

    found = await chat.find(HERE, thread=None, key="notice")

    assert found is not None
    assert found.message == str(ID - 2)


@pytest.mark.parametrize(
    "another",
    [
        message(2, content="Asked again."),
        message(2, content="Asked.", author="400000000000000009"),
        message(2, content="Asked.") | {"components": [{"type": 17, "id": 7, "components": []}]},
        message(61_000 << 22, content="Asked."),  # from before it was posted
    ],
)
async def test_other_words_are_not_taken_for_it(odd: Odd, another: dict[str, Any]) -> None:
    """Only our own sentence, without a card, from after the moment at which it was posted."""
    chat, _ = chat_with(odd, [another])
    await lose(odd, chat)

    assert await chat.find(HERE, thread=None, key="notice") is None


async def test_what_belongs_to_another_message_is_not_taken_for_it(odd: Odd) -> None:
    """Two rollbacks may say the same, and each has its own message."""
    chat, _ = chat_with(odd, [message(2, content="Asked.")])
    odd[1]["POST messages"] = lambda: web.json_response({"id": str(ID - 2)})
    odd[1]["PATCH messages"] = refused(50013, 403)
    with pytest.raises(ChatRefused):
        await chat.post(HERE, ASKED, thread=None, key="of another rollback")
    await lose(odd, chat)

    assert await chat.find(HERE, thread=None, key="notice") is None


async def test_a_sentence_that_was_posted_in_other_words_is_found(odd: Odd) -> None:
    """What it says may change while Discord is away; each wording may be the one that is there."""
    chat, _ = chat_with(odd, [message(2, content="Asked.")])
    await lose(odd, chat)
    with pytest.raises(ChatUnreachable):
        await chat.post(HERE, Message("Approved."), thread=None, key="notice")

    assert await chat.find(HERE, thread=None, key="notice") is not None


@pytest.mark.parametrize("answer", [refused(200000), refused(50013, 403), refused(0, 503)])
async def test_whoever_posts_hears_that_the_sentence_stands(
    odd: Odd, answer: Callable[[], web.Response]
) -> None:
    """If only the card fails, the failure says where its sentence is."""
    chat, _ = chat_with(odd, [])
    odd[1]["POST messages"] = lambda: web.json_response({"id": str(ID)})
    odd[1]["PATCH messages"] = answer

    with pytest.raises((ChatRefused, ChatUnreachable)) as failure:
        await chat.post(HERE, ASKED, thread=None, key="notice")

    assert failure.value.begun == Reference(HERE, str(ID))


async def test_whoever_posts_hears_that_nothing_stands(odd: Odd) -> None:
    """If the sentence itself is refused, or deleted before it is a card, there is nothing."""
    chat, _ = chat_with(odd, [])
    odd[1]["POST messages"] = lambda: web.json_response({"id": str(ID)})

    def deleted() -> web.Response:
        odd[1]["POST messages"] = refused(50013, 403)
        return refused(10008, 404)()

    odd[1]["PATCH messages"] = deleted
    with pytest.raises(ChatRefused) as failure:
        await chat.post(HERE, ASKED, thread=None, key="notice")

    assert failure.value.begun is None


async def test_a_sentence_whose_card_has_to_wait_becomes_one_after_a_restart(
    room: Room,
    people: Workspace,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another process goes on with the same message, also after Discord forgot its nonce."""

    async def deliver(here: World) -> None:
        async with opened(settings(room)) as guild:
            chat = DiscordChat(guild, now=clock)
            delivery = Delivery(
                store=here.engine.store,
                chats={"discord": chat},
                render=lambda *_: ASKED,
                clock=here.clock,
                foreground=here.engine.foreground,
            )
            await delivery.run_once()

    await people.misbehave(kind="http", method="update_message", status=429, retry_after=120)
    async with world(tmp_path) as here:
        asked = await here.ask_for()
        await here.engine.store.write(lambda tx: tx.show(Posting(asked.id, Kind.NOTICE, HERE)))
        await deliver(here)
        [before] = await people.messages(DEPLOYS)
        monkeypatch.setattr("bot.workspace.discord.messages.NONCE_SECONDS", 0)
        await here.clock.sleep(120)
        await deliver(here)

    [after] = await people.messages(DEPLOYS)
    assert (before["content"], before["components"]) == ("Asked.", [])
    assert (after["id"], texts(after["components"])) == (before["id"], "Asked")


async def test_a_card_that_was_finished_is_not_gone_on_with(odd: Odd) -> None:
    """Once the sentence became its card, the next post of its key is another message."""
    chat, _ = chat_with(odd, [])
    posts: list[str] = []

    def created() -> web.Response:
        posts.append(str(ID + len(posts)))
        return web.json_response({"id": posts[-1]})

    odd[1]["POST messages"] = created
    odd[1]["PATCH messages"] = refused(50013, 403)
    with pytest.raises(ChatRefused):
        await chat.post(HERE, ASKED, thread=None, key="notice")
    odd[1]["PATCH messages"] = lambda: web.json_response({})
    found = await chat.find(HERE, thread=None, key="notice")
    assert found is not None
    await chat.edit(found, ASKED)

    await chat.post(HERE, ASKED, thread=None, key="notice")

    assert len(posts) == 2
