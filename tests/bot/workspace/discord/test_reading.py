"""What people read in a message, and what they can press."""

import pytest

from bot.workspace.discord.reading import buttons, lines
from bot.workspace.wire import Json


def message(*parts: Json, content: str = "") -> Json:
    return {"content": content, "components": list(parts)}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain", "plain"),
        ("# Title", "Title"),
        ("-# small print", "small print"),
        ("> quoted", "quoted"),
        ("**strong** and `code * x`", "strong and code * x"),
        ("`` a`b ``", "a`b"),
        (r"1 \* 2 \_ \`x\`", "1 * 2 _ `x`"),
        (r"\\**strong**", "\\strong"),
        ("<@400000000000000002> <@1>", "@Manager One @1"),
        ("<#500000000000000001> <#1>", "#deploys #1"),
        ("<t:1795895951:f> · <t:1795895951:R>", "2026-11-28 19:59 UTC"),
        ("it starts <t:1795895951:R>", "it starts 2026-11-28 19:59 UTC"),
        ("[**the** plan](https://a.example/x)", "the plan"),
        ("@\u2060everyone", "@everyone"),
    ],
)
def test_marks_are_not_read(written: str, read: str) -> None:
    """Discord's marks become what they stand for, and escaped ones stay."""
    assert lines(message(content=written)) == [read]
    assert lines(message({"type": 10, "content": written})) == [read]


def test_a_card_is_read_from_top_to_bottom() -> None:
    """Texts come line by line, and the buttons of a row side by side."""
    approve = {"type": 2, "style": 3, "label": "Approve", "custom_id": "approve"}
    link = {"type": 2, "style": 5, "label": "Open", "url": "https://a.example"}
    text = {"type": 10, "content": "## Roll back?\n\nAPI answers 500"}
    section = {"type": 9, "components": [{"type": 10, "content": "More"}], "accessory": link}
    row = {"type": 1, "components": [approve, link]}
    card = message({"type": 17, "components": [text, {"type": 14}, section, row]})

    assert lines(card) == [
        "Roll back?", "API answers 500", "More", "[ Open ]", "[ Approve ] [ Open ]",
    ]  # fmt: skip
    assert buttons(card) == {"Approve": "approve"}
