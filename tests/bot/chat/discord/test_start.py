"""How Twokey starts on Discord: what is asked for, looked at first, and said when it is wrong."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import discord
import pytest

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.commands import sync_commands
from bot.chat.discord.gateway import PERMISSIONS, DiscordGateway
from bot.chat.discord.guild import CALLS, DiscordSettings, Guild, create_discord_bot, opened
from bot.ports import ChatRefused, ChatUnreachable
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.discord.room import Room
from tests.bot.chat.discord.conftest import (
    COMMANDS,
    DEPLOYS,
    RESPONDER,
    Clock,
    FakeDesk,
    settings,
)

ASK = "/rollback target:backend"
DOCUMENT = (Path(__file__).parents[4] / "docs" / "discord.md").read_text()


@pytest.mark.parametrize("left", [0, 1, 49])
async def test_the_last_sign_ins_are_spared(
    guild: Guild, chat: DiscordChat, desk: FakeDesk, room: Room, left: int
) -> None:
    """With few left, Twokey does not connect: with the last one Discord would reset the token."""
    room.gateway.starts_left = left
    gateway = DiscordGateway(guild, chat, desk, COMMANDS)

    with pytest.raises(ChatUnreachable, match=rf"only {left} more times .* resets its token"):
        await gateway.start()

    assert room.gateway.starts_left == left
    await gateway.stop()


@pytest.mark.parametrize("code", [4004, 4013, 4014])
async def test_what_trying_again_can_not_mend_is_said(
    guild: Guild, chat: DiscordChat, desk: FakeDesk, room: Room, code: int
) -> None:
    """A connection that Discord refuses for good stops the start with a sentence."""
    gateway = DiscordGateway(guild, chat, desk, COMMANDS)
    refuse(room, code)

    with pytest.raises(ChatRefused, match=rf"\({code}\)"):
        await gateway.start()

    assert not await gateway.is_connected()


def refuse(room: Room, code: int) -> None:
    """Let the gateway close each connection that signs in."""
    from bot.workspace.discord import gateway as wire  # noqa: PLC0415 - its private parts

    async def closing(*_: object) -> None:
        raise wire._Closed(code, "Refused.")

    room.gateway._identify = closing  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"bot_token": "wrong.token.x"}, "does not accept DISCORD_BOT_TOKEN"),
        ({"guild": "200000000000000009"}, r"not in the Discord server 200000000000000009: invite"),
        ({"api_base": "http://127.0.0.1:9/api/v10"}, "did not answer"),
    ],
)
async def test_what_is_wrong_stops_the_start_with_a_sentence(
    room: Room, desk: FakeDesk, change: dict[str, str], sentence: str
) -> None:
    """Whoever starts Twokey reads what to mend."""
    async with opened(replace(settings(room), **change)) as guild:
        gateway = DiscordGateway(guild, DiscordChat(guild, now=Clock()), desk, COMMANDS)

        with pytest.raises((ChatRefused, ChatUnreachable), match=sentence):
            await gateway.start()
        await gateway.stop()


async def test_the_invitation_asks_for_what_is_needed(room: Room, desk: FakeDesk) -> None:
    """Its permissions are those of the calls, and no other."""
    needed = {permission for permissions in CALLS.values() for permission in permissions}
    flags = discord.Permissions(PERMISSIONS)
    named = {name for name, is_given in flags if is_given}

    assert named == {
        "read_messages",
        "send_messages",
        "read_message_history",
        "create_public_threads",
        "send_messages_in_threads",
    }
    assert needed == {
        "View Channels",
        "Send Messages",
        "Read Message History",
        "Create Public Threads",
        "Send Messages in Threads",
    }
    async with opened(replace(settings(room), guild="200000000000000009")) as guild:
        gateway = DiscordGateway(guild, DiscordChat(guild, now=Clock()), desk, COMMANDS)
        with pytest.raises(ChatRefused) as refusal:
            await gateway.start()
    assert "client_id=300000000000000001&scope=bot+applications.commands" in str(refusal.value)
    assert f"permissions={PERMISSIONS}" in str(refusal.value)


def test_the_document_has_every_permission() -> None:
    """The link and the table of docs/discord.md ask for what the calls need, and for no more."""
    needed = {permission for permissions in CALLS.values() for permission in permissions}
    _, _, table = DOCUMENT.partition("## What it may do")
    rows = re.findall(
        r"^\| ([A-Z][A-Za-z ]+) \|", table.partition("## How it behaves")[0], re.MULTILINE
    )

    assert f"scope=bot+applications.commands&permissions={PERMISSIONS}`" in DOCUMENT
    assert set(rows) == needed


async def test_a_gateway_that_can_not_be_reached_stops_the_start(
    room: Room, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start ends in time, with a sentence."""
    monkeypatch.setattr("bot.chat.discord.gateway._CONNECT_SECONDS", 0.3)
    nowhere = replace(settings(room), gateway_url="ws://127.0.0.1:9/gw")

    async with opened(nowhere) as guild:
        gateway = DiscordGateway(guild, DiscordChat(guild, now=Clock()), desk, COMMANDS)
        with pytest.raises(ChatUnreachable, match="gateway can't be reached"):
            await gateway.start()


async def test_the_environment_of_the_process_changes_nothing(
    room: Room, people: Workspace, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable redirects the connections."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "DISCORD_TOKEN"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with opened(settings(room)) as guild:
        gateway = DiscordGateway(guild, DiscordChat(guild, now=Clock()), desk, COMMANDS)
        await gateway.start()
        await sync_commands(settings(room), COMMANDS, guild=True)

        outcome = await people.command(RESPONDER, DEPLOYS, ASK)
        await gateway.stop()

    assert outcome["ok"]


def test_the_client_asks_for_nothing_privileged() -> None:
    """It hears of interactions, for which no intent is needed, and of nothing else."""
    client = create_discord_bot(DiscordSettings("1", "x"))

    assert client.intents.value == 0
    assert client.allowed_mentions is not None
    assert client.allowed_mentions.to_dict()["parse"] == []
    assert client.http.max_ratelimit_timeout == 30


def test_nothing_else_loads_discord_py() -> None:
    """Words, components and tickets are made without the library, which takes its time."""
    modules = ("text", "components", "tickets", "dialogs", "refusals")
    imports = "; ".join(f"import bot.chat.discord.{module}" for module in modules)

    program = f"{imports}; import sys; print('discord' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "False"
