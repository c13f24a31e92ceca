"""From a file to settings, or to everything that is wrong with the file."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, NoReturn

from bot.config.document import Entries, entries, parse
from bot.config.problems import ConfigError, Problem
from bot.config.report import Report
from bot.config.rules import Rules
from bot.config.settings import Settings
from bot.config.shape import CheckSection, FileSection, StepSection, TargetSection, policy
from bot.config.sources import Sources
from bot.domain.people import Account, People, Person
from bot.domain.target import Place, StepSpec, Target
from bot.ports import Action, ActionTypes, Assertion, AssertionTypes

Role = Literal["all", "chat", "executor"]
Kinds = Mapping[str, type[Action] | type[Assertion]]

LONGEST: Final = 1024 * 1024  # bytes


def load(
    path: Path,
    *,
    actions: ActionTypes,
    assertions: AssertionTypes,
    environ: Mapping[str, str] | None = None,
    role: Role = "all",
) -> Settings:
    """Return the settings of this file, or raise ``ConfigError`` with all of its problems."""
    root, problems = parse(_content(path))
    if root is None:
        raise ConfigError(problems, path=path)
    plain, report = root.plain(), Report(root, problems)
    file = report.read(FileSection, plain)
    Rules(entries(plain), report, actions=actions, assertions=assertions).check()
    sources = Sources(
        file=entries(plain),
        report=report,
        folder=path.absolute().parent,
        environ=os.environ if environ is None else environ,
    )
    kinds: Kinds = {**actions, **assertions}
    secrets = {} if role == "chat" else sources.provider_secrets(kinds)
    slack, database_url = sources.slack(), sources.database_url()
    audit_key = sources.audit_key(database_url)
    if file is None or report.problems:
        raise ConfigError(report.problems, path=path)
    return Settings(
        path=path,
        people=People(_person(key, section) for key, section in file.people.items()),
        targets=tuple(_target(target, file.policy, kinds) for target in file.targets),
        slack=slack,
        database_url=database_url,
        audit_key=audit_key,
        endpoints=MappingProxyType(dict(file.endpoints)),
        secrets=MappingProxyType(secrets),
        state_folder=...
    )


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except FileNotFoundError:
        _refuse(path, "there is no such file; docs/examples/shop.yaml is one to start from")
    except IsADirectoryError:
        _refuse(path, "this is a folder; name the file in it with --config")
    except OSError as error:
        _refuse(path, f"it can't be read: {error.strerror}")
    if len(content) > LONGEST:
        _refuse(path, f"it is larger than {LONGEST} bytes, so it is no configuration")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        ...
