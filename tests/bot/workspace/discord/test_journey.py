"""Whole ways through the guild with the real discord.py over real sockets."""

import discord
from discord import app_commands, ui

from bot.workspace.discord.reading import buttons, lines
from bot.workspace.discord.world import V2
from bot.workspace.wire import Json
from tests.bot.workspace.discord.conftest import DEPLOYS, MANAGER, RESPONDER, App, Join, Place

Interaction = discord.Interaction[App]


class Reason(ui.Modal, title="Add reason"):
    """A dialog with one question."""

    words: ui.TextInput["Reason"] = ui.TextInput(
        label="What is broken?", custom_id="words", min_length=3, max_length=20
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Thank in private."""
        await interaction.response.send_message(f"Saved: {self.words.value}", ephemeral=True)


class Approve(ui.Button["Card"]):
    """A button that changes the card that it stands on."""

    async def callback(self, interaction: discord.Interaction) -> None:
        """Say who pressed."""
        text = f"Approved by {interaction.user.name}"
        await interaction.response.edit_message(view=Card(text, is_open=False))
        await interaction.followup.send("Counted.", ephemeral=True)


class AddReason(ui.Button["Card"]):
    """A button that opens a dialog."""

    async def callback(self, interaction: discord.Interaction) -> None:
        """Open the dialog."""
        await interaction.response.send_modal(Reason())


class Card(ui.LayoutView):
    """A card in the new form, with two buttons while it is open."""

    def __init__(self, text: str, *, is_open: bool = True) -> None:
        super().__init__(timeout=None)
        parts: list[ui.Item[Card]] = [ui.TextDisplay(f"## {text}"), ui.Separator()]
        if is_open:
            style = discord.ButtonStyle.success
            approve: Approve = Approve(label="Approve", custom_id="approve:rb-1", style=style)
            parts.append(ui.ActionRow(approve, AddReason(label="Add reason", custom_id="reason")))
        self.add_item(ui.Container(*parts, id=77, accent_color=0x2EB67D))


def asking() -> App:
    """An app with one command that posts a card with a thread."""
    app = App()

    @app.tree.command(name="rollback", description="Ask for a rollback", guild=app.guild)
    async def rollback(
        interaction: Interaction,
        target: str,
        environment: str | None = None,
        to: str | None = None,
        reason: str = "",
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        assert isinstance(interaction.channel, discord.TextChannel)
        notice = await interaction.channel.send(f"{target} {environment} {to}: {reason}")
        await notice.edit(content=None, view=Card("Roll back?"))
        thread = await notice.create_thread(name="Rollback of backend")
        await thread.send("The plan.")
        await interaction.followup.send("Asking two people.")

    @rollback.autocomplete("target")
    async def targets(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        known = ("backend", "frontend")
        return [app_commands.Choice(name=one, value=one) for one in known if one.startswith(typed)]

    return app


def answered(state: Json) -> Json | None:
    """The state, once the command was answered in full."""
    told: list[str] = [one["content"] for one in state["ephemerals"][RESPONDER]]
    return state if told == ["Asking two people."] else None


async def test_a_command_makes_a_card_with_a_thread(place: Place, join: Join) -> None:
    """A command reaches the app with its options, and what the app makes of it is seen."""
    await join(asking())

    outcome = await place.people.command(
        RESPONDER, DEPLOYS, "/rollback backend in production to v41 API answers 500"
    )
    state = await place.people.until(answered)

    assert outcome["ok"]
    assert outcome["ack"]["type"] == 5
    assert outcome["ack_ms"] > 0
    [card] = state["messages"][DEPLOYS]
    assert lines(card) == ["Roll back?", "[ Approve ] [ Add reason ]"]
    assert card["flags"] & V2
    assert card["components"][0]["id"] == 77
    thread = next(one for one in state["channels"] if one.get("parent_id") == DEPLOYS)
    assert (thread["id"], thread["name"]) == (card["id"], "Rollback of backend")
    assert [lines(one) for one in await place.people.thread(DEPLOYS, card["id"])] == [["The plan."]]
    assert await place.people.ephemerals(MANAGER) == []


async def test_options_may_be_named(place: Place, join: Join) -> None:
    """Options typed by their names reach the app like those in plain words."""
    app, heard = App(), list[str]()

    @app.tree.command(name="rollback", description="x", guild=app.guild)
    async def rollback(interaction: Interaction, target: str, reason: str = "") -> None:
        heard.append(f"{target}, {reason}")
        await interaction.response.send_message("Taken.", ephemeral=True)

    await join(app)

    await place.people.command(RESPONDER, DEPLOYS, "/rollback reason:API: 500 target:backend")

    assert heard == ["backend, API: 500"]


async def test_what_could_be_typed_is_suggested(place: Place, join: Join) -> None:
    """While an option is typed, the app says what could be meant."""
    await join(asking())

    outcome = await place.people.autocomplete(RESPONDER, DEPLOYS, "/rollback target:ba", "target")
    before = await place.people.autocomplete(RESPONDER, DEPLOYS, "/rollback", "target")

    assert outcome["choices"] == [{"name": "backend", "value": "backend"}]
    assert [one["value"] for one in before["choices"]] == ["backend", "frontend"]


async def test_a_click_changes_the_card(place: Place, join: Join) -> None:
    """A pressed button changes the card for everybody, and whoever pressed is told in private."""
    await join(asking())
    await place.people.command(RESPONDER, DEPLOYS, "/rollback backend")
    state = await place.people.until(answered)
    [card] = state["messages"][DEPLOYS]

    approve = buttons(card)["Approve"]
    outcome = await place.people.click(MANAGER, DEPLOYS, card["id"], approve)
    [private] = await place.people.until(lambda state: state["ephemerals"][MANAGER])

    assert outcome["ack"] == {"type": 7}
    assert [lines(one) for one in await place.people.messages(DEPLOYS)] == [
        ["Approved by manager.one"]
    ]
    assert lines(private) == ["Counted."]


async def test_a_dialog_opens_is_checked_and_closes(place: Place, join: Join) -> None:
    """A dialog opens from a click, is checked by Discord itself, and closes when answered."""
    await join(asking())
    await place.people.command(RESPONDER, DEPLOYS, "/rollback backend")
    state = await place.people.until(answered)
    [card] = state["messages"][DEPLOYS]

    await place.people.click(MANAGER, DEPLOYS, card["id"], "reason")
    [dialog] = await place.people.until(lambda state: state["views"][MANAGER])
    empty = await place.people.submit(MANAGER, dialog["id"], {})
    long = await place.people.submit(MANAGER, dialog["id"], {"words": "x" * 21})
    saved = await place.people.submit(MANAGER, dialog["id"], {"words": "API answers 500"})

    assert dialog["title"] == "Add reason"
    assert empty["errors"] == {"words": "Please fill this in."}
    assert long["errors"] == {"words": "At most 20 characters."}
    assert saved["ok"]
    [private] = await place.people.ephemerals(MANAGER)
    assert lines(private) == ["Saved: API answers 500"]
    assert (await place.people.state())["views"][MANAGER] == []


async def test_silence_of_the_app_is_told_in_discords_words(place: Place, join: Join) -> None:
    """What nobody answers within the time fails for the person who did it, and nobody else."""
    app = App()

    @app.tree.command(name="rollback", description="x", guild=app.guild)
    async def rollback(interaction: Interaction) -> None:
        """Never answer."""

    without_app = await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    await join(app)
    unanswered = await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    card = await place.post(
        "x",
        components=[
            {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]}
        ],
    )
    pressed = await place.people.click(RESPONDER, DEPLOYS, card["id"], "go")

    assert without_app == {"ok": False, "error": "unknown_command"}
    assert unanswered == pressed == {"ok": False, "error": "operation_timeout"}
    told = [one["content"] for one in await place.people.ephemerals(RESPONDER)]
    assert told == [
        "/rollback: There is no such command here.",
        "The application did not respond",
        "The application did not respond",
    ]
    assert await place.people.ephemerals(MANAGER) == []
