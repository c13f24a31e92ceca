"""A typed line means a command and its options, as in Discord's own program."""

from typing import Any

import pytest

from bot.workspace.discord.refusals import CannotDo
from bot.workspace.discord.typed import read
from bot.workspace.wire import Json


def option(name: str, kind: int = 3, **more: object) -> Json:
    return {"type": kind, "name": name, "description": "x", **more}


ROLLBACK: Json = {
    "name": "rollback",
    "options": [
        option("target", required=True), option("environment"), option("to"), option("reason"),
    ],
}  # fmt: skip
OTHERS: Json = {
    "name": "twokey",
    "options": [option("status", 1, options=[option("id")]), option("help", 1)],
}
PLAIN: Json = {"name": "ping"}
COMMANDS = [ROLLBACK, OTHERS, PLAIN]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("/rollback backend", {"target": "backend"}),
        ("/rollback backend API answers 500", {"target": "backend", "reason": "API answers 500"}),
        (
            "/rollback backend in staging to v41 it is down",
            {"target": "backend", "environment": "staging", "to": "v41", "reason": "it is down"},
        ),
        ("/rollback backend to v41", {"target": "backend", "to": "v41"}),
        ("/rollback backend to", {"target": "backend", "reason": "to"}),
        ("/rollback backend in in in", {"target": "backend", "environment": "in", "reason": "in"}),
        (
            "/rollback reason:API: it answers 500 target:backend",
            {"reason": "API: it answers 500", "target": "backend"},
        ),
        ("/rollback backend reason: unknown", {"target": "backend", "reason": "reason: unknown"}),
    ],
)
def test_words_and_names_fill_the_options(text: str, values: dict[str, str]) -> None:
    """Plain words fill the options as on Slack, and names fill them as on Discord."""
    command, options = read(text, COMMANDS)

    assert command is ROLLBACK
    assert {one["name"]: one["value"] for one in options} == values


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("/twokey status rb-1", "status", {"id": "rb-1"}),
        ("/rollback status rb-1", "status", {"id": "rb-1"}),
        ("/rollback status", "status", {}),
        ("/twokey help", "help", {}),
    ],
)
def test_subcommands_are_found_from_both_commands(
    text: str, name: str, values: dict[str, str]
) -> None:
    """What Slack knows as a word after one command is a subcommand of another here."""
    command, [subcommand] = read(text, COMMANDS)

    assert command is OTHERS
    assert (subcommand["name"], subcommand["type"]) == (name, 1)
    assert {one["name"]: one["value"] for one in subcommand["options"]} == values


@pytest.mark.parametrize(
    ("kind", "typed", "value"), [(3, "5", "5"), (4, "5", 5), (10, "0.5", 0.5), (5, "True", True)]
)
def test_values_have_their_kinds(kind: int, typed: str, value: object) -> None:
    """Numbers and switches arrive as such."""
    _, [only] = read(f"/x {typed}", [{"name": "x", "options": [option("value", kind)]}])

    assert only == {"name": "value", "type": kind, "value": value}


CHOICES = [{"name": "Production", "value": "production"}]


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("/nothing", [], "unknown_command"),
        ("/x word", [], "unknown_option"),
        ("/x", [option("value", required=True)], "missing_option"),
        ("/x 5.5", [option("value", 4)], "wrong_kind"),
        ("/x abc", [option("value", max_length=2)], "wrong_length"),
        ("/x staging", [option("value", choices=CHOICES)], "unknown_choice"),
        ("/x", [option("status", 1)], "unknown_command"),
    ],
)
def test_what_cannot_be_sent_is_refused(text: str, options: list[Any], code: str) -> None:
    """Discord's own program holds back what the app did not register."""
    with pytest.raises(CannotDo) as no:
        read(text, [{"name": "x", "options": options}])

    assert str(no.value) == code


def test_a_choice_is_its_value() -> None:
    """A choice may be typed by its name."""
    _, [only] = read("/x Production", [{"name": "x", "options": [option("v", choices=CHOICES)]}])

    assert only["value"] == "production"
