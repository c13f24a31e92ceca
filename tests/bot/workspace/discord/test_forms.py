"""What is refused in messages, dialogs and commands: each mistake with its place and code."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.discord.commands import Registry
from bot.workspace.discord.forms import dialog
from bot.workspace.discord.messages import rewritten, written
from bot.workspace.discord.refusals import DiscordError
from bot.workspace.discord.world import V2
from bot.workspace.wire import Json


def text(content: str = "x", **more: object) -> Json:
    return {"type": 10, "content": content, **more}


def button(custom_id: str | None = "go", **more: object) -> Json:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": custom_id, **more}


def row(*parts: Json) -> Json:
    return {"type": 1, "components": list(parts)}


def box(*parts: Json, **more: object) -> Json:
    return {"type": 17, "components": list(parts), **more}


def card(*parts: Json) -> Json:
    return {"flags": V2, "components": list(parts)}


def codes(errors: Any, at: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Every place in a refusal, with its code."""
    found = [("/".join(at), one["code"]) for one in errors.get("_errors", ())]
    for key, inner in errors.items():
        if key != "_errors":
            found += codes(inner, (*at, key))
    return found


LINK: Json = {"type": 2, "style": 5, "label": "Open", "url": "https://a.example"}


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2000},
        {"components": [row(*[button(f"{r}{n}") for n in range(5)]) for r in range(5)]},
        card(text("x" * 4000)),
        card(*[text(str(n)) for n in range(40)]),
        card(box(text(), {"type": 14}, row(button(), LINK), accent_color=0xFFFFFF)),
        card({"type": 9, "components": [text()], "accessory": button()}),
        {"content": "x", "embeds": [], "attachments": [], "allowed_mentions": {"parse": []}},
    ],
)
def test_good_messages_pass(body: Json) -> None:
    """What Discord accepts at its very limits is kept."""
    kept = written(body)

    assert kept["content"] or kept["components"]


def test_every_component_has_an_id() -> None:
    """Ids that the app chose stay, and the others are the next free numbers."""
    [kept] = written(card(box(text(id=2), row(button()))))["components"]

    inner = kept["components"]
    assert (kept["id"], inner[0]["id"], inner[1]["id"]) == (1, 2, 3)
    assert inner[1]["components"][0]["id"] == 4


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"content": 5}, "content", "STRING_TYPE_CONVERT"),
        ({"content": "x", "flags": "loud"}, "flags", "NUMBER_TYPE_COERCE"),
        ({"content": "x", "embeds": [{"title": "x"}]}, "embeds", "NOT_IN_THIS_GUILD"),
        ({"content": "x", "allowed_mentions": 5}, "allowed_mentions", "MODEL_TYPE_CONVERT"),
        ({"components": "x"}, "components", "LIST_TYPE_CONVERT"),
        ({"components": ["x"]}, "components/0", "MODEL_TYPE_CONVERT"),
        ({"components": [text()]}, "components/0/type", "UNION_TYPE_CHOICES"),
        ({"components": [row(button())] * 6}, "components", "BASE_TYPE_BAD_LENGTH"),
        (
            {"components": [row(*[button(str(n)) for n in range(6)])]},
            "components/0/components",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (card(row()), "components/0/components", "BASE_TYPE_BAD_LENGTH"),
        (card(text("")), "components/0/content", "BASE_TYPE_BAD_LENGTH"),
        (card(text("x" * 4001)), "components/0/content", "BASE_TYPE_BAD_LENGTH"),
        (
            card(text("x" * 2001), box(text("x" * 2000))),
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
        ),
        (
            card(box(*[text()] * 20), box(*[text()] * 19)),
            "components",
            "COMPONENT_MAX_TOTAL_COMPONENTS",
        ),
        (card(text()) | {"content": "x"}, "content",
         "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"),
        (card(box(box(text()))), "components/0/components/0/type", "UNION_TYPE_CHOICES"),
        (card(text(id=5), text(id=5)), "components/1/id", "COMPONENT_ID_DUPLICATED"),
        (card(text(id=2**31)), "components/0/id", "NUMBER_TYPE_RANGE"),
        (card(box(text(), accent_color=2**24)), "components/0/accent_color", "NUMBER_TYPE_RANGE"),
        *[
            (card(row(part)), f"components/0/components/0/{place}".strip("/"), code)
            for part, place, code in [
                (button(label="x" * 81), "label", "BASE_TYPE_MAX_LENGTH"),
                (button(label=None), "", "BUTTON_COMPONENT_INVALID_LABEL_OR_EMOJI"),
                (button(style=7), "style", "NUMBER_TYPE_RANGE"),
                (button(""), "custom_id", "BASE_TYPE_BAD_LENGTH"),
                (button("x" * 101), "custom_id", "BASE_TYPE_BAD_LENGTH"),
                (button(custom_id=None), "custom_id", "BASE_TYPE_REQUIRED"),
                (LINK | {"url": None}, "url", "BASE_TYPE_REQUIRED"),
                (text(), "type", "UNION_TYPE_CHOICES"),
            ]
        ],
        (
            card(row(button()), row(button())),
            "components/1/components/0/custom_id",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
    ],
)  # fmt: skip
def test_bad_messages_are_named(body: Json, place: str, code: str) -> None:
    """Each mistake is refused at its place, with Discord's code."""
    with pytest.raises(DiscordError) as refusal:
        written(body)

    assert refusal.value.code == 50035
    assert (place, code) in codes(refusal.value.errors)


def test_an_edit_changes_what_it_names() -> None:
    """What an edit does not name stays, and nothing at all is no message."""
    before = written({"content": "x", "components": [row(button())]})

    after = rewritten(before, {"components": []})
    with pytest.raises(DiscordError) as refusal:
        rewritten(after, {"content": None})

    assert (after["content"], after["components"]) == ("x", [])
    assert refusal.value.code == 50006


INPUT: Json = {"type": 4, "custom_id": "words", "style": 2, "label": "Why?"}
DIALOG: Json = {"title": "Add reason", "custom_id": "reason", "components": [row(INPUT)]}
LABEL: Json = {
    "type": 18, "label": "Why?", "component": {"type": 4, "custom_id": "more", "style": 1},
}  # fmt: skip


def test_good_dialogs_pass() -> None:
    """Both forms of an input are taken, and every component gets an id."""
    kept = dialog(DIALOG | {"components": [text(), row(INPUT), LABEL]})

    assert [part["id"] for part in kept["components"]] == [1, 2, 4]
    assert kept["components"][2]["component"]["id"] == 5


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"title": "x" * 46}, "data/title", "BASE_TYPE_BAD_LENGTH"),
        ({"title": None}, "data/title", "BASE_TYPE_REQUIRED"),
        ({"custom_id": "x" * 101}, "data/custom_id", "BASE_TYPE_BAD_LENGTH"),
        ({"components": []}, "data/components", "BASE_TYPE_BAD_LENGTH"),
        ({"components": [text()] * 6}, "data/components", "BASE_TYPE_BAD_LENGTH"),
        ({"components": [row(button())]}, "data/components/0/components/0/type",
         "UNION_TYPE_CHOICES"),
        ({"components": [row(INPUT, INPUT)]}, "data/components/0/components",
         "BASE_TYPE_BAD_LENGTH"),
        ({"components": [row(INPUT), row(INPUT)]}, "data/components/1/components/0/custom_id",
         "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ({"components": [LABEL | {"label": "x" * 46}]}, "data/components/0/label",
         "BASE_TYPE_BAD_LENGTH"),
    ],
)  # fmt: skip
def test_bad_dialogs_are_named(change: Json, place: str, code: str) -> None:
    """Each mistake in a dialog is refused at its place, with Discord's code."""
    with pytest.raises(DiscordError) as refusal:
        dialog(DIALOG | change)

    assert (place, code) in codes(refusal.value.errors)


OPTION: Json = {"type": 3, "name": "target", "description": "What"}
COMMAND: Json = {"name": "rollback", "description": "Ask for a rollback", "options": [OPTION]}


def test_commands_are_replaced_at_once_and_keep_their_ids() -> None:
    """A command that stays keeps its id and gets a new version, and what is off is left out."""
    registry = Registry()

    [before] = registry.replace("", [COMMAND])
    options = [OPTION | {"required": False, "autocomplete": True}]
    after, _ = registry.replace("", [COMMAND | {"options": options}, COMMAND | {"name": "other"}])

    assert before["id"] == after["id"]
    assert before["version"] != after["version"]
    assert after["options"] == [OPTION | {"autocomplete": True}]
    assert [one["name"] for one in registry.all("")] == ["rollback", "other"]


@pytest.mark.parametrize(
    ("commands", "place", "code"),
    [
        ("x", "", "LIST_TYPE_CONVERT"),
        ([5], "0", "MODEL_TYPE_CONVERT"),
        ([COMMAND] * 2, "", "APPLICATION_COMMANDS_DUPLICATE_NAME"),
        ([COMMAND | {"name": f"c{n}"} for n in range(101)], "", "BASE_TYPE_BAD_LENGTH"),
        ([COMMAND | {"name": "Roll back"}], "0/name", "APPLICATION_COMMAND_INVALID_NAME"),
        ([COMMAND | {"description": "x" * 101}], "0/description", "BASE_TYPE_BAD_LENGTH"),
        ([COMMAND | {"description": ""}], "0/description", "BASE_TYPE_BAD_LENGTH"),
        ([COMMAND | {"options": [OPTION] * 26}], "0/options", "BASE_TYPE_BAD_LENGTH"),
        ([COMMAND | {"options": [OPTION | {"type": 99}]}], "0/options/0/type",
         "BASE_TYPE_CHOICES"),
        ([COMMAND | {"options": [OPTION, OPTION | {"required": True}]}], "0/options/1",
         "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"),
        ([COMMAND | {"options": [OPTION | {"choices": [{"name": "x", "value": "x"}] * 26}]}],
         "0/options/0/choices", "BASE_TYPE_BAD_LENGTH"),
        ([COMMAND | {"options": [
            {"type": 1, "name": f"s{n}", "description": "x" * 100, "options": [
                OPTION | {"name": f"o{m}", "description": "x" * 100} for m in range(25)
            ]} for n in range(4)]}], "0", "APPLICATION_COMMAND_TOO_LARGE"),
    ],
)  # fmt: skip
def test_bad_commands_are_named(commands: Any, place: str, code: str) -> None:
    """Each mistake in commands is refused at its place, and nothing is registered."""
    registry = Registry()

    with pytest.raises(DiscordError) as refusal:
        registry.replace("", commands)

    assert (place, code) in codes(refusal.value.errors)
    assert registry.all("") == []


def test_commands_are_not_created_without_end() -> None:
    """After two hundred new commands in a day no more are taken."""
    registry = Registry()
    for round_ in range(2):
        registry.replace("", [COMMAND | {"name": f"c{round_}-{n}"} for n in range(100)])

    with pytest.raises(DiscordError) as refusal:
        registry.replace("", [COMMAND])

    assert refusal.value.code == 30034


KEYS = ("content", "components", "component", "accessory", "custom_id", "label", "style", "flags",
        "id", "title", "name", "description", "options", "choices", "allowed_mentions")  # fmt: skip
leaves = st.one_of(st.sampled_from(["x", ""]), st.none(), st.booleans(), st.integers(-1, V2))
documents = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(
            lambda rest, kind: {**rest, "type": kind},
            st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
            st.sampled_from([1, 2, 3, 4, 9, 10, 14, 17, 18, "x"]),
        ),
    ),
    max_leaves=12,
)


@given(documents)
def test_nonsense_is_refused_and_breaks_nothing(document: Any) -> None:
    """Whatever arrives as message, dialog or command is taken or refused in Discord's form."""
    bodies = [{"components": document}, {"components": [document], "flags": V2}]
    for body in [*bodies, document] if isinstance(document, dict) else bodies:
        with suppress(DiscordError):
            written(body)
    for body in (document, DIALOG | {"components": [document]}):
        with suppress(DiscordError):
            dialog(body)
    for commands in (document, [document], [COMMAND | {"options": [document]}]):
        with suppress(DiscordError):
            Registry().replace("", commands)
