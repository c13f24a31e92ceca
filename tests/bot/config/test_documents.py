"""The example, the schema for editors and the documentation agree with what is loaded."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

import adapters
from bot.config import Settings, json_schema, load
from bot.config.shape import (
    DiscordSection,
    FileSection,
    PersonSection,
    PolicySection,
    SlackSection,
    StepSection,
    TargetSection,
)
from tests.bot.config.samples import ACTIONS, ASSERTIONS, GOOD, changed, complaints

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "docs/examples").glob("*.yaml"))
DOCUMENT = ROOT / "docs/configuration.md"

REAL_ACTIONS = {action.use: action for action in adapters.ACTIONS}
REAL_ASSERTIONS = {assertion.use: assertion for assertion in adapters.ASSERTIONS}
TOKENS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "VERCEL_TOKEN", "RAILWAY_TOKEN")


def with_real_adapters(path: Path) -> Settings:
    """Load a file with everything that Twokey brings along."""
    return load(
        path,
        actions=REAL_ACTIONS,
        assertions=REAL_ASSERTIONS,
        environ=dict.fromkeys(TOKENS, "a-token-0123456789"),
    )


def as_an_editor_reads(text: str) -> Any:
    """Read YAML the usual way, in which scalars have types of their own."""
    reader: Any = YAML(typ="safe", pure=True)
    return reader.load(text)


def blocks(document: Path) -> Iterable[str]:
    """Find the pieces of YAML in a document."""
    return [part.partition("```")[0] for part in document.read_text().split("```yaml\n")[1:]]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_load(path: Path) -> None:
    """Every shipped example loads with the real adapters."""
    settings = with_real_adapters(path)

    assert settings.targets


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_fit_the_schema(path: Path) -> None:
    """An editor finds nothing wrong with a shipped example."""
    schema = json_schema(REAL_ACTIONS, REAL_ASSERTIONS)

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(as_an_editor_reads(path.read_text()), schema)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "verson: 1"),
        ("use: shop.rollback", "use: shop.rolback"),
        ("use: shop.rollback", "use: look.page"),
        ("project: shop", "projct: shop"),
        ("project: shop", "project: shop\n        count: 0"),
        ("people:", "policy: {approve_ttl: 5 minuts}\npeople:"),
        ("people:", "policy: {approvals: 11}\npeople:"),
        ("slack:T0123ABCD/C0DEPLOYS", "'#deploys'"),
        ("env:SLACK_BOT_TOKEN", "xoxb-1"),
    ],
)
def test_an_editor_sees_mistakes(tmp_path: Path, old: str, new: str) -> None:
    """What is wrong with the shape of a file is wrong for an editor, too."""
    schema = json_schema(ACTIONS, ASSERTIONS)
    wrong = changed((old, new))

    jsonschema.validate(as_an_editor_reads(GOOD), schema)
    assert complaints(tmp_path, wrong)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(as_an_editor_reads(wrong), schema)


def test_the_document_loads(tmp_path: Path) -> None:
    """The whole file that the documentation starts with is a good one."""
    path = tmp_path / "twokey.yaml"
    path.write_text(next(iter(blocks(DOCUMENT))))

    assert with_real_adapters(path).targets


@pytest.mark.parametrize(
    "section",
    [
        FileSection,
        SlackSection,
        DiscordSection,
        PersonSection,
        PolicySection,
        TargetSection,
        StepSection,
    ],
)
def test_the_document_knows_every_key(section: type[BaseModel]) -> None:
    """Every key that a file may hold is explained in the documentation."""
    text = DOCUMENT.read_text()

    assert [key for key in section.model_fields if f"`{key}`" not in text] == []


def test_the_document_knows_what_can_be_used() -> None:
    """Every action and every assertion is named in the documentation."""
    text = DOCUMENT.read_text()

    assert [use for use in (*REAL_ACTIONS, *REAL_ASSERTIONS) if f"`{use}`" not in text] == []
