"""What the adapters offer as a whole."""

import re

import pytest

from adapters import ACTIONS, ASSERTIONS, ENDPOINTS
from bot.engine.registry import Registry
from bot.ports import Action, Assertion
from tests.architecture.source import ROOT

DOCUMENT = (ROOT / "docs/adapters.md").read_text()


def test_the_registry_takes_them_all() -> None:
    """Every action and assertion can be named in a configuration, each by one name."""
    registry = Registry(ACTIONS, ASSERTIONS)

    assert [*registry.actions] == ["vercel.rollback", "railway.rollback"]
    assert [*registry.assertions] == ["check.http"]


@pytest.mark.parametrize("kind", [*ACTIONS, *ASSERTIONS], ids=lambda kind: kind.use)
def test_the_document_knows_every_field(kind: type[Action | Assertion]) -> None:
    """The document lists exactly the fields and secrets that an action or assertion has."""
    section = DOCUMENT.partition(f"## `{kind.use}`")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)

    assert rows == [*kind.model_fields]
    assert all(f"`{secret}`" in section for secret in kind.secrets)


@pytest.mark.parametrize("system", ENDPOINTS)
def test_systems_are_spoken_to_over_tls(system: str) -> None:
    """Without a setting, every system is spoken to over TLS, and by a name that actions use."""
    assert ENDPOINTS[system].startswith("https://")
    assert any(kind.use.startswith(f"{system}.") for kind in ACTIONS)
