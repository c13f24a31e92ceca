"""Messages on the wire: a sentence first, then its card, found again and never posted twice."""

import pytest

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.guild import Guild
from bot.domain.people import Account
from bot.domain.target import Place
from bot.message import Button, Buttons, Line, Mention, Message, Title
from bot.ports import ChatRefused, ChatUnreachable, Remedy
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.discord.room import Room
from tests.bot.chat.discord.conftest import (
    CARD,
    DEPLOYS,
    GENERAL,
    MANAGER,
    SHOP,
    Clock,
    buttons,
    texts,
)

HERE = Place("discord", SHOP, DEPLOYS)
THERE = Place("discord", SHOP, GENERAL)
THEIRS = Place.direct(Account("discord", SHOP, MANAGER))
ASKED = Message("Asked.", (Title("Roll back backend?"), Line(("Asked",))))
ENDED = Message("Ended.", (Line(("Ended",)),))


async def test_a_message_is_posted_as_a_sentence_and_becomes_a_card(
    chat: DiscordChat, people: Workspace, room: Room
) -> None:
    """A phone notifies of the sentence, because it shows nothing of a card."""
    await people.misbehave(kind="http", method="update_message", status=403, code=50001)

    with pytest.raises(ChatRefused):
        await chat.post(HERE, CARD, thread=None, key="card")
    [plain] = await people.messages(DEPLOYS)
    await chat.post(HERE, CARD, thread=None, key="card")
    [card] = await people.messages(DEPLOYS)

    assert (plain["content"], plain["components"]) == ("Approve?", [])
    assert card["id"] == plain["id"]
    assert (card["content"], texts(card["components"])) == ("", "Approve?")
    assert [button["label"] for button in buttons(card["components"])] == ["Approve"]


async def test_a_message_is_edited_found_and_linked(
    chat: DiscordChat, people: Workspace, room: Room
) -> None:
    """The same message changes in place, keeps its key, and has an address."""
    posted = await chat.post(HERE, ASKED, thread=None, key="notice")
    await chat.edit(posted, ENDED)

    [message] = await people.messages(DEPLOYS)
    assert texts(message["components"]) == "Ended"
    assert await chat.find(HERE, thread=None, key="notice") == posted
    assert await chat.find(HERE, thread=None, key="card") is None
    assert await chat.link(posted) == f"{room.url}/channels/{SHOP}/{DEPLOYS}/{posted.message}"


async def test_another_process_finds_the_card(
    chat: DiscordChat, guild: Guild, clock: Clock
) -> None:
    """What was posted before a crash is recognised by the number that its card bears."""
    posted = await chat.post(HERE, ASKED, thread=None, key="notice")
    after_a_crash = DiscordChat(guild, now=clock)

    found = await after_a_crash.find(HERE, thread=None, key="notice")
    assert found == posted
    await after_a_crash.edit(found, ENDED)

    assert await DiscordChat(guild, now=clock).find(HERE, thread=None, key="notice") == posted


async def test_a_sentence_without_its_card_is_gone_on_with(
    chat: DiscordChat, people: Workspace
) -> None:
    """If only the edit fails, the same message becomes the card, by either way to try again."""
    for key in ("notice", "card"):
        await people.misbehave(kind="http", method="update_message", status=403, code=50013)
        with pytest.raises(ChatRefused) as refusal:
            await chat.post(HERE, ASKED, thread=None, key=key)
        assert refusal.value.remedy is Remedy.LATER

    found = await chat.find(HERE, thread=None, key="notice")
    assert found is not None
    await chat.edit(found, ASKED)
    await chat.post(HERE, ASKED, thread=None, key="card")

    cards = await people.messages(DEPLOYS)
    assert [texts(one["components"]) for one in cards] == ["## Roll back backend?\nAsked"] * 2


async def test_a_lost_answer_posts_nothing_twice(chat: DiscordChat, people: Workspace) -> None:
    """Discord knows the nonce of a message that it took although nobody heard so."""
    await people.misbehave(kind="http", method="create_message", status=503, code=0, applied=True)

    with pytest.raises(ChatUnreachable):
        await chat.post(HERE, ASKED, thread=None, key="notice")
    posted = await chat.post(HERE, ASKED, thread=None, key="notice")

    [message] = await people.messages(DEPLOYS)
    assert message["id"] == posted.message
    assert texts(message["components"]).endswith("Asked")


async def test_an_outage_longer_than_discord_remembers_posts_nothing_twice(
    chat: DiscordChat, people: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that was taken although nobody heard so is found by its words."""
    await people.misbehave(kind="http", method="create_message", status=503, applied=True)
    with pytest.raises(ChatUnreachable):
        await chat.post(HERE, CARD, thread=None, key="card")
    monkeypatch.setattr("bot.workspace.discord.messages.NONCE_SECONDS", 0)

    found = await chat.find(HERE, thread=None, key="card")
    assert found is not None
    await chat.edit(found, CARD)

    [message] = await people.messages(DEPLOYS)
    assert message["id"] == found.message
    assert texts(message["components"]) == "Approve?"


async def test_after_a_crash_between_sentence_and_card_nothing_is_posted_twice(
    chat: DiscordChat, people: Workspace, guild: Guild, clock: Clock
) -> None:
    """Another process, which finds no card, posts with the same nonce and gets the same message."""
    await people.misbehave(kind="http", method="update_message", status=403, code=50013)
    with pytest.raises(ChatRefused):
        await chat.post(HERE, ASKED, thread=None, key="notice")
    after_a_crash = DiscordChat(guild, now=clock)

    assert await after_a_crash.find(HERE, thread=None, key="notice") is None
    await after_a_crash.post(HERE, ASKED, thread=None, key="notice")

    [message] = await people.messages(DEPLOYS)
    assert texts(message["components"]).endswith("Asked")


async def test_a_message_that_was_deleted_is_posted_again(
    chat: DiscordChat, people: Workspace
) -> None:
    """Discord remembers the nonce of a deleted message, so another one is taken."""
    await people.misbehave(kind="http", method="create_message", status=404, code=10008)

    await chat.post(HERE, ASKED, thread=None, key="notice")

    assert len(await people.messages(DEPLOYS)) == 1


async def test_what_is_always_deleted_is_not_posted_for_ever(
    chat: DiscordChat, people: Workspace
) -> None:
    """Three times in a row are enough for now."""
    await people.misbehave(kind="http", method="update_message", status=404, code=10008, times=3)

    with pytest.raises(ChatUnreachable, match="deleted at once"):
        await chat.post(HERE, ASKED, thread=None, key="notice")


async def test_an_old_message_is_posted_anew(
    chat: DiscordChat, people: Workspace, clock: Clock
) -> None:
    """After an hour Discord hardly lets us edit: the buttons go, and another message comes."""
    old = await chat.post(HERE, CARD, thread=None, key="card")
    clock.ahead = 3_600

    with pytest.raises(ChatRefused, match="older than an hour") as refusal:
        await chat.edit(old, CARD)

    assert refusal.value.remedy is Remedy.ANEW
    assert await chat.find(HERE, thread=None, key="card") is None
    [message] = await people.messages(DEPLOYS)
    assert buttons(message["components"]) == []
    assert texts(message["components"]).endswith("This goes on in a newer message below.")


async def test_the_buttons_of_an_old_message_may_stay(
    chat: DiscordChat, people: Workspace, clock: Clock
) -> None:
    """They are refused when somebody presses them, so nobody waits for Discord here."""
    old = await chat.post(HERE, CARD, thread=None, key="card")
    clock.ahead = 3_600
    await people.misbehave(
        kind="http", method="update_message", status=429, code=30046, retry_after=60
    )

    with pytest.raises(ChatRefused) as refusal:
        await chat.edit(old, CARD)

    assert refusal.value.remedy is Remedy.ANEW


async def test_a_sentence_that_never_became_a_card_grows_old_as_well(
    chat: DiscordChat, people: Workspace, clock: Clock
) -> None:
    """An hour later it is not gone on with, but said again."""
    await people.misbehave(kind="http", method="update_message", status=403, code=50013)
    with pytest.raises(ChatRefused):
        await chat.post(HERE, CARD, thread=None, key="card")
    clock.ahead = 3_600

    assert await chat.find(HERE, thread=None, key="card") is None


async def test_what_others_wrote_is_never_taken_for_ours(
    chat: DiscordChat, people: Workspace
) -> None:
    """The bot looks for its own messages only."""
    await people.say(MANAGER, DEPLOYS, "Asked.")

    assert await chat.find(HERE, thread=None, key="notice") is None


async def test_the_search_for_a_lost_message_ends(chat: DiscordChat, people: Workspace) -> None:
    """A channel without end is read for three pages, and the message of the third is found."""
    posted = await chat.post(HERE, ASKED, thread=None, key="notice")
    for number in range(299):
        await people.say(MANAGER, DEPLOYS, f"{number}")

    assert await chat.find(HERE, thread=None, key="notice") == posted
    await people.say(MANAGER, DEPLOYS, "one more")
    assert await chat.find(HERE, thread=None, key="notice") is None


async def test_a_channel_without_twokey_says_what_to_do(chat: DiscordChat) -> None:
    """Whoever reads the refusal knows what is missing where."""
    with pytest.raises(ChatRefused, match="give it the permissions") as refusal:
        await chat.post(THERE, ASKED, thread=None, key="notice")

    assert GENERAL in str(refusal.value)
    assert refusal.value.remedy is Remedy.LATER


async def test_only_those_who_are_meant_are_told(chat: DiscordChat, people: Workspace) -> None:
    """A mention notifies the person, and what somebody typed notifies nobody."""
    typed = f"@everyone <@{MANAGER}>"
    told = Message(typed, (Line((typed, Mention(Account("discord", SHOP, MANAGER)))),))
    await people.misbehave(kind="http", method="update_message", status=403, code=50013, times=2)

    for key, message in (("typed", Message(typed)), ("told", told)):
        with pytest.raises(ChatRefused):
            await chat.post(HERE, message, thread=None, key=key)

    quiet, loud = await people.messages(DEPLOYS)
    assert (quiet["mentions"], quiet["mention_everyone"]) == ([], False)
    assert [one["id"] for one in loud["mentions"]] == [MANAGER]
    assert loud["mention_everyone"] is False


async def test_every_call_has_its_permissions(guild: Guild) -> None:
    """A call without an entry in the table can't be made at all."""
    with pytest.raises(KeyError, match="no entry in CALLS"):
        await guild.call("DELETE /channels/{channel_id}", channel_id=DEPLOYS)


async def test_the_second_of_two_buttons_with_one_meaning_is_its_own(
    chat: DiscordChat, people: Workspace
) -> None:
    """Discord takes no two buttons with the same id in a message."""
    two = Buttons((Button("Yes", "settle", "1"), Button("No", "settle", "1")))

    await chat.post(HERE, Message("?", (two,)), thread=None, key="card")

    [message] = await people.messages(DEPLOYS)
    assert len({button["custom_id"] for button in buttons(message["components"])}) == 2
