"""The words after /rollback."""

import pytest

from bot.domain.errors import Refusal, Refused
from bot.engine.propose import Wish
from commands.rollback import parse

TARGETS = frozenset({"backend", "frontend"})


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("backend", Wish("backend")),
        ("backend API answers 500", Wish("backend", reason="API answers 500")),
        ("backend in staging", Wish("backend", "staging")),
        ("backend to v41", Wish("backend", version="v41")),
        (
            "backend to v41 in staging it is slow",
            Wish("backend", "staging", "v41", "it is slow"),
        ),
        ("  backend \t  slow\nsince noon ", Wish("backend", reason="slow since noon")),
        ("backend “API answers 500”", Wish("backend", reason="API answers 500")),
        ("backend nothing goes in to it", Wish("backend", reason="nothing goes in to it")),
        ("backend <!channel> `id` $(id) 🔥", Wish("backend", reason="<!channel> `id` $(id) 🔥")),
        ("backend frontend users see 500", Wish("backend", reason="frontend users see 500")),
        ("backend && reboot", Wish("backend", reason="&& reboot")),
    ],
)
def test_words_are_understood(text: str, wish: Wish) -> None:
    """Target, environment and version are read in words; the rest is the reason, inertly."""
    assert parse(text, targets=TARGETS) == wish


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("backend; rm -rf /", "“;” at character 8"),
        ("backend in", "The environment is missing"),
        ("backend to", "The version is missing"),
        ("backend to ../../etc", "“.” at character 12"),
        ("backend to v1/../etc", "can't be part of a version"),
        ("backend --to latest", "there are none"),
        ("backend --approvals 1", "there are none"),
        ("--target=backend", "“-” at character 1"),
        ("backend frontend", "One target per request"),
        ("`id`", "“`” at character 1"),
        ("backend " + "x" * 4000, "longer than 4000 characters"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, sentence: str) -> None:
    """Each refusal names the place, says that nothing was changed, and what to say instead."""
    with pytest.raises(Refused) as refused:
        parse(text, targets=TARGETS)
    assert refused.value.code is Refusal.BAD_REQUEST
    assert sentence in str(refused.value)
    assert "Nothing was changed" in str(refused.value)
