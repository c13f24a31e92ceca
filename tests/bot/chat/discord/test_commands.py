"""The slash commands: what Discord registers, and when it has others."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.chat.discord.commands import described, sync_commands, warn_of_differences
from bot.chat.discord.guild import Guild
from bot.invocation import Command, Option
from bot.ports import ChatUnreachable
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.discord.room import Room
from tests.bot.chat.discord.conftest import COMMANDS, nothing, settings


def test_the_main_command_stands_alone_and_the_others_under_one_name() -> None:
    """Buttons are no commands; who may use them, the desk decides; and never in direct messages."""
    rollback, twokey = described(COMMANDS)

    assert [option["name"] for option in rollback["options"]] == [
        *("target", "environment", "to", "reason"),
    ]
    assert rollback["options"][0] == {
        "type": 3,
        "name": "target",
        "description": "what to roll back",
        "required": True,
        "autocomplete": True,
    }
    assert [(option["type"], option["name"]) for option in twokey["options"]] == [
        *((1, "status"), (1, "help")),
    ]
    for command in (rollback, twokey):
        assert command["contexts"] == command["integration_types"] == [0]
        assert command["default_member_permissions"] is None


def test_what_is_required_stands_first() -> None:
    """Discord takes no other order."""
    command = Command("rollback", nothing, typed=True, options=(Option("b", "b"), REQUIRED))

    [described_one] = described([command])

    assert [option["name"] for option in described_one["options"]] == ["a", "b"]


REQUIRED = Option("a", "a " * 200, is_required=True)


def test_long_help_is_cut_and_missing_help_is_the_name() -> None:
    """Discord wants one to a hundred characters."""
    [command] = described([Command("rollback", nothing, typed=True, options=(REQUIRED,))])

    assert command["description"] == "rollback"
    assert len(command["options"][0]["description"]) <= 100


@pytest.mark.parametrize("name", ["Rollback", "roll back", "x" * 33, ""])
def test_a_name_that_discord_does_not_take_is_a_mistake_of_ours(name: str) -> None:
    """It shows when the commands are described, and not when people miss one."""
    with pytest.raises(ValueError, match="can't be the name of a command"):
        described([Command(name, nothing, typed=True)])


def test_discords_own_specification_takes_the_commands(specs: Path) -> None:
    """What we register is what Discord's own document allows."""
    document: dict[str, Any] = json.loads((specs / "discord-openapi.json").read_text())
    schema = {"$ref": "#/components/schemas/ApplicationCommandUpdateRequest"} | document

    for command in described(COMMANDS):
        Draft202012Validator(schema).validate(command)


@pytest.mark.parametrize("guild", [True, False])
async def test_commands_are_registered_where_one_says(room: Room, guild: bool) -> None:
    """For the server or for all servers; what can be typed is returned."""
    registered = await sync_commands(settings(room), COMMANDS, guild=guild)

    assert registered.commands == ("/rollback", "/twokey status", "/twokey help")
    assert registered.where == (
        f"in the server {settings(room).guild}" if guild else "in all servers"
    )


async def test_commands_that_are_registered_are_no_cause_for_a_warning(
    guild: Guild, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """What Discord adds by itself makes no difference."""
    await sync_commands(settings(room), COMMANDS, guild=True)

    await warn_of_differences(guild, COMMANDS)

    assert caplog.text == ""


def changed(**how: Any) -> tuple[Option, ...]:
    """The options of the main command, of which the first is another one."""
    first, *rest = COMMANDS[0].options
    return replace(first, **how), *rest


@pytest.mark.parametrize(
    "others",
    [
        COMMANDS[:2],
        (Command("rollback", nothing, typed=True, help="something else"), *COMMANDS[1:]),
        (replace(COMMANDS[0], options=()), *COMMANDS[1:]),
        (replace(COMMANDS[0], options=changed(suggest=None)), *COMMANDS[1:]),
        (replace(COMMANDS[0], options=changed(is_required=False)), *COMMANDS[1:]),
        (replace(COMMANDS[0], options=changed(help="which one")), *COMMANDS[1:]),
    ],
)
async def test_other_commands_are_warned_of(
    guild: Guild, room: Room, others: tuple[Command, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """The running bot registers nothing by itself: it says what to do."""
    await sync_commands(settings(room), others, guild=True)

    await warn_of_differences(guild, COMMANDS)

    assert "run `twokey discord sync`" in caplog.text


async def test_no_commands_at_all_are_warned_of(
    guild: Guild, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise nobody would find out why nothing can be typed."""
    await warn_of_differences(guild, COMMANDS)

    assert "run `twokey discord sync`" in caplog.text


async def test_commands_that_people_see_twice_are_warned_of(
    guild: Guild, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """Registered for the server and for all, each command is offered two times."""
    await sync_commands(settings(room), COMMANDS, guild=True)
    await guild.sign_in()
    everywhere = "PUT /applications/{application_id}/commands"
    await guild.call(everywhere, json=described(COMMANDS), application_id=guild.application)

    await warn_of_differences(guild, COMMANDS)

    assert "offers each command twice" in caplog.text


@pytest.mark.parametrize("first", [True, False])
async def test_commands_are_registered_in_one_place_only(
    guild: Guild, room: Room, first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever registers them in the other place moves them there."""
    await sync_commands(settings(room), COMMANDS, guild=first)
    await sync_commands(settings(room), COMMANDS, guild=not first)

    await warn_of_differences(guild, COMMANDS)

    assert caplog.text == ""


async def test_a_failing_look_stops_nothing(
    guild: Guild, people: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether they are registered is not worth a start."""
    await people.misbehave(kind="http", method="list_guild_application_commands", status=503)

    await warn_of_differences(guild, COMMANDS)

    assert "can't be read" in caplog.text


async def test_a_failing_registration_is_raised(room: Room, people: Workspace) -> None:
    """Whoever asked for it reads why."""
    await people.misbehave(kind="http", method="bulk_set_guild_application_commands", status=503)

    with pytest.raises(ChatUnreachable):
        await sync_commands(settings(room), COMMANDS, guild=True)
