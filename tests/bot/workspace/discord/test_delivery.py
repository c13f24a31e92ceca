"""How deliveries reach the app: twice, late, after lost connections, and what it may do then."""

import asyncio
from collections.abc import Callable

import discord
import pytest
from discord import app_commands

from bot.workspace.wire import Json
from tests.bot.workspace.discord.conftest import (
    DEPLOYS,
    GENERAL,
    MANAGER,
    PATIENCE,
    RESPONDER,
    App,
    Join,
    Place,
)

Interaction = discord.Interaction[App]
BUTTON: Json = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
ROWS: list[Json] = [{"type": 1, "components": [BUTTON]}]


def counting(heard: list[str], refused: list[int] | None = None, name: str = "app") -> App:
    """An app that writes down each command it hears, and each refusal of its answers."""
    app = App()

    @app.tree.error
    async def note(_: Interaction, error: app_commands.AppCommandError) -> None:
        assert isinstance(error.__cause__, discord.HTTPException)
        assert refused is not None
        refused.append(error.__cause__.code)

    @app.tree.command(name="rollback", description="x", guild=app.guild)
    async def rollback(interaction: Interaction, target: str = "") -> None:
        heard.append(f"{name} {target}".strip())
        await interaction.response.send_message("Heard.", ephemeral=True)

    return app


async def until(is_so: Callable[[], object]) -> None:
    """Wait for what another task does."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_every_session_hears_everything(place: Place, join: Join) -> None:
    """With two sessions open both hear a command, and one of them is too late to answer it."""
    heard: list[str] = []
    refused: list[int] = []
    for name in ("first", "second"):
        await join(counting(heard, refused, name))

    outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    await until(lambda: refused)

    assert outcome["ok"]
    assert sorted(heard) == ["first", "second"]
    assert refused == [40060]
    assert len(await place.people.ephemerals(RESPONDER)) == 1


async def test_a_duplicate_is_delivered_twice(place: Place, join: Join) -> None:
    """On request a delivery arrives a second time, and the one after that does not."""
    heard: list[str] = []
    refused: list[int] = []
    await join(counting(heard, refused))
    await place.people.misbehave(kind="duplicate")

    for target in ("one", "two"):
        await place.people.command(RESPONDER, DEPLOYS, f"/rollback {target}")
    await until(lambda: refused)

    assert sorted(heard) == ["app one", "app one", "app two"]
    assert refused == [40060]


async def test_a_late_delivery_fails_and_its_answer_is_refused(place: Place, join: Join) -> None:
    """The app's time runs while a delivery is under way, and what it says afterwards is void."""
    heard: list[str] = []
    refused: list[int] = []
    await join(counting(heard, refused))
    await place.people.misbehave(kind="delay", seconds=1.3)

    late = await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    await until(lambda: refused)
    next_one = await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    assert late["error"] == "operation_timeout"
    assert refused == [10062]
    assert next_one["ok"]


@pytest.mark.parametrize("kind", ["disconnect", "drop"])
async def test_a_resumed_session_misses_nothing(place: Place, join: Join, kind: str) -> None:
    """What is delivered while the app is away is brought as soon as it is back."""
    heard: list[str] = []
    app = counting(heard)
    await join(app)

    await place.people.misbehave(kind=kind)
    outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    await asyncio.wait_for(app.resumed.wait(), PATIENCE)

    assert outcome["ok"]
    assert heard == ["app"]
    assert place.room.gateway.starts_left == 999


async def test_an_ended_session_begins_anew(place: Place, join: Join) -> None:
    """Told that its session is void, the app identifies itself again, which is counted."""
    heard: list[str] = []
    app = counting(heard)
    await join(app)

    await place.people.misbehave(kind="invalid")
    outcome: Json = {"error": "no_app"}
    async with asyncio.timeout(PATIENCE):
        while outcome.get("error") == "no_app":
            outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    assert outcome["ok"]
    assert heard == ["app"]
    limit = (await place.call("GET", "gateway/bot"))["session_start_limit"]
    assert (limit["total"], limit["remaining"]) == (1000, 998)
    assert not app.resumed.is_set()


async def test_later_answers_are_good_for_fifteen_minutes(place: Place, join: Join) -> None:
    """After a first response the token brings more answers, until it is too old."""
    kept: list[Interaction] = []
    app = App()

    @app.tree.command(name="rollback", description="x", guild=app.guild)
    async def rollback(interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        kept.append(interaction)

    await join(app)
    await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    await until(lambda: kept)
    [thinking] = await place.people.ephemerals(RESPONDER)

    place.clock.now = 15 * 60
    await kept[0].edit_original_response(content="Done at last.")
    place.clock.now += 1
    with pytest.raises(discord.HTTPException) as refusal:
        await kept[0].followup.send("Too late.")

    assert thinking["content"] == ""
    assert thinking["flags"] == 64 | 128
    assert (refusal.value.status, refusal.value.code) == (401, 50027)
    [told] = await place.people.ephemerals(RESPONDER)
    assert (told["content"], told["flags"]) == ("Done at last.", 64)


async def test_what_others_write_has_no_content(place: Place, join: Join) -> None:
    """Without a privilege the app hears that people write, but reads only what is meant for it."""
    heard: list[str] = []

    class Listening(App):
        async def on_message(self, message: discord.Message) -> None:
            heard.append(message.content)

    app = Listening()
    app._connection._intents = discord.Intents(guilds=True, messages=True)
    await join(app)
    direct = await place.call("POST", "users/@me/channels", {"recipient_id": RESPONDER})

    await place.people.say(RESPONDER, GENERAL, "not for the app")
    await place.people.say(RESPONDER, DEPLOYS, "hey")
    await place.people.say(RESPONDER, DEPLOYS, "hey <@300000000000000002>")
    await place.people.say(RESPONDER, direct["id"], "in private")
    await until(lambda: len(heard) == 3)

    assert heard == ["", "hey <@300000000000000002>", "in private"]


async def test_a_private_answer_can_be_pressed_and_changed(place: Place, join: Join) -> None:
    """A button in a private answer works, and its answer changes that very message."""
    app = App()

    class Go(discord.ui.View):
        @discord.ui.button(label="Go", custom_id="go")
        async def go(self, interaction: discord.Interaction, _: "discord.ui.Button[Go]") -> None:
            await interaction.response.edit_message(content="Gone on.", view=None)

    @app.tree.command(name="rollback", description="x", guild=app.guild)
    async def rollback(interaction: Interaction) -> None:
        await interaction.response.send_message("Go?", view=Go(), ephemeral=True)

    await join(app)
    await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    [private] = await place.people.ephemerals(RESPONDER)

    stranger = await place.people.click(MANAGER, DEPLOYS, private["id"], "go")
    outcome = await place.people.click(RESPONDER, DEPLOYS, private["id"], "go")

    assert stranger == {"ok": False, "error": "10008"}
    assert outcome["ok"]
    [private] = await place.people.ephemerals(RESPONDER)
    assert (private["content"], private["components"]) == ("Gone on.", [])


async def test_nobody_acts_in_anothers_direct_messages(place: Place) -> None:
    """A stranger to direct messages presses nothing there, and an unknown button is refused."""
    direct = await place.call("POST", "users/@me/channels", {"recipient_id": MANAGER})
    card = await place.post("x", channel=direct["id"], components=ROWS)

    stranger = await place.people.click(RESPONDER, direct["id"], card["id"], "go")
    unknown = await place.people.click(MANAGER, direct["id"], card["id"], "nothing")
    nobody = await place.people.click(MANAGER, direct["id"], card["id"], "go")

    assert stranger["error"] == "not_in_channel"
    assert unknown["error"] == "action_not_found"
    assert nobody["error"] == "no_app"


async def test_a_dialog_without_an_answer_stays_open(place: Place, join: Join) -> None:
    """What somebody typed is not lost when the app does not take it."""
    app = App()

    class Reason(discord.ui.Modal, title="Add reason"):
        words: discord.ui.TextInput["Reason"] = discord.ui.TextInput(label="Why?", custom_id="why")

        async def on_submit(self, _: discord.Interaction) -> None:
            """Never answer."""

    @app.tree.command(name="rollback", description="x", guild=app.guild)
    async def rollback(interaction: Interaction) -> None:
        await interaction.response.send_modal(Reason())

    await join(app)
    await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    [dialog] = (await place.people.state())["views"][RESPONDER]

    outcome = await place.people.submit(RESPONDER, dialog["id"], {"why": "x"})
    left = (await place.people.state())["views"][RESPONDER]
    await place.people.close(RESPONDER, dialog["id"])

    assert outcome == {"ok": False, "error": "operation_timeout"}
    assert left == [dialog]
    assert (await place.people.state())["views"][RESPONDER] == []
