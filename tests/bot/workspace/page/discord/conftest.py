"""The page as a Discord, with the real discord.py behind it, and cards as the bot makes them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import httpx
import pytest
import yarl
from discord import app_commands, ui

from bot.chat.discord.components import IS_COMPONENTS, NOBODY, render
from bot.message import Button, Buttons, Code, Fact, Facts, Message, Note, Style, Ticket, Title
from bot.workspace.discord import seed
from bot.workspace.discord.room import Room
from bot.workspace.discord.server import running
from tests.bot.workspace.page.conftest import Sight, looking, open_shop

DEPLOYS, GENERAL = "500000000000000001", "500000000000000002"
RESPONDER, MANAGER, OTHER = "400000000000000001", "400000000000000002", "400000000000000003"
PATIENCE = 20
Json = dict[str, Any]
Interaction = discord.Interaction[discord.Client]


def buttons(actions: str, *, request: str) -> tuple[Buttons, ...]:
    """A row of buttons as the bot makes them, by their verbs."""
    ticket = str(Ticket(request, "0f" * 32))
    styles = {"approve": Style.PRIMARY, "reject": Style.DANGER}
    made = [
        Button(verb.capitalize(), verb, ticket, styles.get(verb, Style.NEUTRAL))
        for verb in actions.split()
    ]
    return (Buttons(tuple(made)),) if made else ()


def notice(request: str = "rb-7f3k", *, actions: str = "", target: str = "backend") -> Message:
    """What the channel reads of a request."""
    title = Title(f"🚨 EMERGENCY ROLLBACK · {target} · production")
    row = buttons(actions, request=request)
    return Message(f"{target}: rollback asked", (title, *row, Note((Code(request),))))


def card(
    request: str = "rb-7f3k", *, actions: str = "approve reject reason", count: str = "0 of 1"
) -> Message:
    """What people decide on."""
    title = Title("Roll back backend in production?")
    facts = Facts((Fact("Approvals", (f"{count}, requester not counted",)),))
    row = buttons(actions, request=request)
    return Message("Approve?", (title, facts, *row, Note((Code(request),))))


@dataclass(frozen=True)
class Hand:
    """The app's calls as they are on the wire."""

    api: httpx.AsyncClient

    async def call(self, verb: str, path: str, body: Json) -> Json:
        """Call an operation, which has to succeed."""
        answer = await self.api.request(verb, path, json=body)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    async def post(self, channel: str, message: Message) -> str:
        """Post a message as the bot does: its sentence, which becomes the card."""
        content, components = render(message)
        body = {"content": content, "allowed_mentions": NOBODY}
        sent = await self.call("POST", f"channels/{channel}/messages", body)
        shown = {"content": None, "components": components, "flags": IS_COMPONENTS}
        await self.call("PATCH", f"channels/{channel}/messages/{sent['id']}", shown)
        return str(sent["id"])

    async def say(self, text: str, *, channel: str = DEPLOYS) -> str:
        """Post a text in which Discord reads everything that it can."""
        sent = await self.call("POST", f"channels/{channel}/messages", {"content": text})
        return str(sent["id"])

    async def thread(self, message: str, *, name: str = "Roll back backend?") -> str:
        """Open the thread of a message in the channel."""
        path = f"channels/{DEPLOYS}/messages/{message}/threads"
        return str((await self.call("POST", path, {"name": name}))["id"])

    async def direct(self, person: str) -> str:
        """Open somebody's direct messages."""
        opened = await self.call("POST", "users/@me/channels", {"recipient_id": person})
        return str(opened["id"])


class Reason(ui.Modal, title="Add reason"):
    """A dialog with one question."""

    why: ui.TextInput["Reason"] = ui.TextInput(
        label="What is broken?", custom_id="why", min_length=5, style=discord.TextStyle.paragraph
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Thank in private."""
        await interaction.response.send_message(f"Saved: {self.why.value}", ephemeral=True)


@dataclass
class Asker:
    """An app that asks a manager, and closes the card on a yes."""

    hand: Hand
    cards: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def ask(self) -> str:
        """Post a request with its thread, and put the card in front of a manager."""
        top = await self.hand.post(DEPLOYS, notice())
        for place in (await self.hand.thread(top), await self.hand.direct(MANAGER)):
            self.cards.append((place, await self.hand.post(place, card())))
        return top

    async def pressed(self, interaction: Interaction) -> None:
        """Take a press of any button."""
        data: Any = interaction.data or {}
        verb = str(data.get("custom_id")).partition(":")[0]
        if verb == "silence":
            return
        if verb == "reason":
            await interaction.response.send_modal(Reason())
            return
        await interaction.response.send_message(f"Your {verb} is recorded.", ephemeral=True)
        components = render(Message("", (Title(f"{verb} by {interaction.user.id}"),)))[1]
        for place, message in self.cards:
            path = f"channels/{place}/messages/{message}"
            await self.hand.call("PATCH", path, {"components": components})


def app(asker: Asker, ready: asyncio.Event) -> discord.Client:
    """The app behind its commands, in discord.py."""
    # The library waits that long for more guilds; there is one.
    client = discord.Client(intents=discord.Intents(guilds=True), guild_ready_timeout=0.2)
    tree, guild = app_commands.CommandTree(client), discord.Object(int(seed.GUILD["id"]))

    @tree.command(name="rollback", description="ask for a rollback", guild=guild)
    @app_commands.describe(target="what to roll back", to="the version", reason="what is wrong")
    async def rollback(
        interaction: Interaction, target: str, to: str = "", reason: str = ""
    ) -> None:
        await interaction.response.send_message(f"Asked: {target}, {to}, {reason}", ephemeral=True)
        await asker.ask()

    @rollback.autocomplete("target")
    async def targets(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        known = ("backend", "frontend")
        return [app_commands.Choice(name=one, value=one) for one in known if typed in one]

    @client.event
    async def setup_hook() -> None:
        await tree.sync(guild=guild)

    @client.event
    async def on_ready() -> None:
        ready.set()

    @client.event
    async def on_interaction(interaction: Interaction) -> None:
        if interaction.type is discord.InteractionType.component:
            await asker.pressed(interaction)

    return client


@dataclass(frozen=True, kw_only=True)
class Desk(Sight):
    """A browser on a guild, and the app in it."""

    room: Room
    hand: Hand
    asker: Asker


@pytest.fixture
async def desk(chromium: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A page in Chromium, with an app and a broken shop; the page may not complain of anything."""
    complaints, headers = list[str](), {"Authorization": f"Bot {seed.BOT_TOKEN}"}
    async with (
        open_shop() as shop,
        running(shop=shop.parts, limits=False) as room,
        httpx.AsyncClient(base_url=room.api_url, headers=headers, trust_env=False) as api,
        looking(chromium, complaints) as page,
    ):
        gateway = yarl.URL(room.gateway_url)
        monkeypatch.setattr("discord.http.Route.BASE", room.api_url)
        monkeypatch.setattr("discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY", gateway)
        asker = Asker(Hand(api))
        ready = asyncio.Event()
        client = app(asker, ready)
        working = asyncio.create_task(client.start(seed.BOT_TOKEN))
        await page.goto(room.url)
        await asyncio.wait_for(ready.wait(), PATIENCE)
        yield Desk(
            page=page,
            shop=shop,
            url=room.url,
            complaints=complaints,
            room=room,
            hand=asker.hand,
            asker=asker,
        )
        await client.close()
        await working
