"""Words from outside are made harmless and short, and stay readable."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.chat.clean import clean
from bot.chat.cut import units
from bot.chat.discord.text import code, inert, line, plain
from tests.bot.chat.discord.markdown import Node, read, shown

UNSEEN = {ord(char): None for char in "\u2060\u2068\u2069"}
PIECES = [
    *("*", "**", "***", "_", "__", "~", "~~", "|", "||", "`", "``", "```", "\\", "\\\\"),
    *("#", "##", "-#", ">", ">>>", "-", "+", "1.", "12)", "<", ">", "@", "&", "!", ":", "//", "/"),
    *("everyone", "here", "https", "http:", "www.", "discord.gg/x", "discord.com/invite/x"),
    *("<@1>", "<@!1>", "<@&1>", "<#1>", "<t:1:R>", "<:a:1>", "<a:b:1>", "</x:1>", "<id:guide>"),
    *(":tada:", "[", "](", ")", "[a](https://b.c)", "mailto:a@b.c", "a@b.c", "+49 123"),
    *(" ", "\n", "a", "b", "1", "é", "ש", "👩‍👩‍👧‍👦", "\u200b", "\u202e", "\ud83d", "\t"),
]
hostile = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.text(alphabet=st.one_of(st.sampled_from("*_~|`\\#->+<@:/[]() \n1a."), st.characters())),
)
EXAMPLES = [
    "**bold** *it* _it_ __u__ ~~s~~ ||spoiler|| `code` ```block```",
    "# head\n## head\n-# small\n> quote\n>>> all\n- a\n* b\n+ c\n1. d\n12) e",
    "@everyone @here @EVERYONE <@1> <@!1> <@&1> <#1> </rollback:1> <id:customize> <:a:1> <a:b:1>",
    "https://evil.example www.evil.example discord.gg/x discordapp.com/invite/x <x@y.z> <+4912345>",
    "[safe](https://evil.example) [safe\\](https://evil.example) <https://evil.example>",
    "<t:1:R> :tada: :+1: \\*x* \\\\*x* _a_b_ __init__ snake_case_name",
    "deploy_prod_api_v2 fails since 12:30:45 with ~5 % of 2 * 3 | a < b > c #42 -5 a->b",
]


@example("<\n<@1>", 10)  # an address may go over lines
@settings(deadline=None, max_examples=300)
@given(hostile, st.integers(4, 300))
def test_nothing_typed_means_anything(text: str, most: int) -> None:
    """Whatever somebody typed, Discord shows it letter by letter, and it fits."""
    written = inert(text, most)

    assert units(written) <= most
    assert [node.kind for node in read(written)] in ([], ["words"])
    seen = shown(written).translate(UNSEEN)
    whole = clean(text).translate(UNSEEN)
    assert seen == whole or (seen.endswith("…") and whole.startswith(seen[:-1]))


@given(st.text(alphabet="_~|*a ", max_size=12))
def test_no_pair_of_signs_stands_side_by_side(text: str) -> None:
    """A reader that looks for pairs before it looks for backslashes finds none, either."""
    written = inert(text, 300)

    assert not any(pair in written for pair in ("__", "~~", "||", "**"))


@pytest.mark.parametrize("text", EXAMPLES)
def test_each_of_discords_meanings_is_taken_away(text: str) -> None:
    """The examples that mean something as they are mean nothing once they are written."""
    assert [node for node in read(text) if node.kind != "words"]

    written = inert(text, 1_000)

    assert read(written) == [Node("words", shown(written))]
    assert shown(written).translate(UNSEEN) == text


@settings(deadline=None)
@given(hostile)
@example("a` b")
@example("``")
def test_code_is_code_or_words(text: str) -> None:
    """An id to be copied is shown as it is, in one piece."""
    written = code(text, 300)

    nodes = read(written, inline=True)
    assert [node.kind for node in nodes] in ([], ["code"], ["words"])
    seen = "".join(node.words for node in nodes).translate(UNSEEN)
    assert seen == " ".join(clean(" ".join(text.split())).split(" ")).translate(UNSEEN).strip()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("backend (production), asked by Responder", "backend (production), asked by Responder"),
        ("api_v2 is at ~5 %, 12 of 40 | a -> b #42", "api_v2 is at ~5 %, 12 of 40 | a -> b #42"),
        ("-5 degrees", "-5 degrees"),
    ],
)
def test_what_means_nothing_is_left_alone(text: str, written: str) -> None:
    """Most sentences are shown on a locked phone, where a backslash would be seen."""
    assert inert(text, 300) == written


def test_a_cut_never_splits_a_character_or_what_is_written_for_it() -> None:
    """What does not fit as a whole is left out as a whole."""
    family = "👩‍👩‍👧‍👦"

    assert inert(f"ab{family}cd" * 3, 10) == "ab…"
    assert inert("******", 6) == "\\*…"


def test_a_line_is_one_line() -> None:
    """Titles and labels have no second line that could look like another part of the card."""
    assert line("a\n# b\n\nc", 50) == "a # b c"
    assert plain(" *a*\n_b_ ", 50) == "*a* _b_"


def test_text_from_right_to_left_stays_in_its_place() -> None:
    """Such a text is isolated, so that the words around it keep their order."""
    assert inert("שלום", 100) == "\u2068שלום\u2069"
