"""``status``: one rollback if it is named, and otherwise what is open."""

from dataclasses import replace
from pathlib import Path

import pytest

from commands.status import handle
from tests.bot.engine.world import world


@pytest.mark.parametrize(("text", "id_"), [("", " "), ("", "\u2003"), (" ", ""), ("", "")])
async def test_a_blank_id_means_all_that_is_open(tmp_path: Path, text: str, id_: str) -> None:
    """Discord sends what was filled in, and a space is easily typed."""
    async with world(tmp_path) as here:
        asked = replace(here.invocation("responder", text=text), fields={"id": id_})
        answer = await handle(here.engine, asked)

    assert answer.message is not None
    assert answer.message.text == "Nothing is being rolled back."


@pytest.mark.parametrize("id_", ["rb-none", "  rb-none ", "rb-none please"])
async def test_the_first_word_is_the_id(tmp_path: Path, id_: str) -> None:
    """What is not there is named as it was meant."""
    async with world(tmp_path) as here:
        asked = replace(here.invocation("responder"), fields={"id": id_})
        answer = await handle(here.engine, asked)

    assert answer.message is not None
    assert answer.message.text == "There is no rollback rb-none in this channel."
