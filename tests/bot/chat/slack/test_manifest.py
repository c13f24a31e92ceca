"""The manifest is what Slack takes, and asks for what is used."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from bot.chat.slack.team import METHODS

ROOT = Path(__file__).parents[4]


def manifest() -> Any:
    """The manifest as it stands."""
    return yaml.safe_load((ROOT / "manifest.yml").read_text())


def test_slack_takes_the_manifest(specs: Path) -> None:
    """The manifest is valid in Slack's own schema."""
    schema = json.loads((specs / "slack-manifest.schema.2.0.0.json").read_text())

    jsonschema.validate(manifest(), schema)


def test_the_manifest_asks_for_the_scopes_that_are_used() -> None:
    """No scope is missing, and none is asked for in vain."""
    used = {scope for scopes in METHODS.values() for scope in scopes}

    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == used | {"commands"}


def test_every_scope_is_one_that_slack_wants_for_what_is_called(specs: Path) -> None:
    """Slack's own description of each method knows the scopes that we ask for it."""
    paths = json.loads((specs / "slack-web-openapi2.no-examples.json").read_text())["paths"]
    wanted = {
        method: {
            scope.replace("chat:write:bot", "chat:write")
            for operation in paths[f"/{method}"].values()
            for one in operation["security"]
            for scopes in one.values()
            for scope in scopes
        }
        for method in METHODS
    }

    in_vain = {method: set(scopes) - wanted[method] for method, scopes in METHODS.items()}
    for_nothing = [m for m, scopes in METHODS.items() if not scopes and wanted[m] - {"none"}]
    assert {method: scopes for method, scopes in in_vain.items() if scopes} == {}
    assert for_nothing == []


def test_every_scope_has_its_reason_beside_it() -> None:
    """Whoever installs the app reads what each scope is for, in the manifest itself."""
    lines = (ROOT / "manifest.yml").read_text().splitlines()
    scopes = [line for line in lines if re.match(r"      - [a-z]+(:[a-z]+)?\b", line)]

    assert len(scopes) == len(manifest()["oauth_config"]["scopes"]["bot"])
    assert [line for line in scopes if not re.search(r"#\s+\S.{8,}", line)] == []


def test_the_manifest_connects_by_socket_and_listens_to_nothing_else() -> None:
    """Buttons and one command arrive over Socket Mode, and no event is subscribed to."""
    given = manifest()

    assert given["settings"]["socket_mode_enabled"] is True
    assert given["settings"]["interactivity"] == {"is_enabled": True}
    assert "event_subscriptions" not in given["settings"]
    assert [one["command"] for one in given["features"]["slash_commands"]] == ["/rollback"]


def test_the_documents_give_each_scope_its_reason() -> None:
    """Every scope of the manifest is explained in docs/slack.md."""
    explained = (ROOT / "docs" / "slack.md").read_text()

    assert [
        scope
        for scope in manifest()["oauth_config"]["scopes"]["bot"]
        if f"`{scope}`" not in explained
    ] == []
