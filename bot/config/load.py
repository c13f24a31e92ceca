"""From a file to settings, or to everything that is wrong with the file."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bot.config.document import entries, parse
from bot.config.problems import ConfigError, Problem
from bot.config.report import Report
from bot.config.rules import Rules
from bot.config.settings import Listen, Role, Settings
from bot.config.shape import (
    CheckSection,
    FileSection,
    PersonSection,
    PolicySection,
    StepSection,
    TargetSection,
    policy,
)
from bot.config.sources import Sources
from bot.domain.allowance import Allowance
from bot.domain.people import Account, People, Person
from bot.domain.target import Place, StepSpec, Target
from bot.ports import Action, ActionTypes, Assertion, AssertionTypes

Kinds = Mapping[str, type[Action] | type[Assertion]]

LONGEST: Final = 1024 * 1024  # bytes


def load(
    path: Path,
    *,
    actions: ActionTypes,
    assertions: AssertionTypes,
    environ: Mapping[str, str] | None = None,
    role: Role = "all",
    reads_only: bool = False,
) -> Settings:
    """Return the settings of this file, or raise ``ConfigError`` with all of its problems.

    Who only reads what was written down needs the database and its key, and no other secret.
    """
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
        reads_only=reads_only,
    )
    kinds: Kinds = {**actions, **assertions}
    secrets = {} if role == "chat" or reads_only else sources.provider_secrets(kinds)
    slack, discord = sources.slack(role), sources.discord()
    database_url = sources.database_url()
    if role != "all" and database_url.startswith("sqlite"):
        why = f"is one file for one process; the role {role} needs postgresql://…"
        report.at(("database",), why)
    audit_key = sources.audit_key(database_url)
    if file is None or report.problems:
        raise ConfigError(report.problems, path=path)
    return Settings(
        path=path,
        people=People(_person(key, section) for key, section in file.people.items()),
        targets=tuple(_target(target, file.policy, kinds) for target in file.targets),
        slack=slack,
        discord=discord,
        listen=Listen(file.listen.host, file.listen.port) if file.listen else None,
        database_url=database_url,
        audit_key=audit_key,
        allowance=Allowance(**file.limits.model_dump()),
        endpoints=MappingProxyType(dict(file.endpoints)),
        secrets=MappingProxyType(secrets),
        role=role,
    )


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except FileNotFoundError:
        why = "there is no such file; name it with --config, or start from docs/examples/shop.yaml"
    except IsADirectoryError:
        why = "this is a folder; name the file in it"
    except OSError as error:
        why = f"the file can't be read: {error.strerror}"
    else:
        if len(content) <= LONGEST:
            return _decoded(content, path)
        why = f"the file is larger than {LONGEST} bytes; that is no configuration"
    raise ConfigError([Problem(0, 0, "", why)], path=path)


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        why = f"the byte {content[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise ConfigError([Problem(line, column, "", why)], path=path) from error


def _person(key: str, section: PersonSection) -> Person:
    accounts = tuple(Account(*re.split("[:/]", account)) for account in section.accounts)
    return Person(key=key, name=section.name, accounts=accounts)


def _target(section: TargetSection, defaults: PolicySection, kinds: Kinds) -> Target:
    return Target(
        name=section.name,
        environment=section.environment,
        affected=section.affected,
        channels=tuple(Place(*re.split("[:/]", channel)) for channel in section.channels),
        approvers=section.approvers,
        steps=tuple(_spec(step, kinds, needs=step.needs) for step in section.steps),
        checks=tuple(_spec(check, kinds) for check in section.checks),
        policy=policy(defaults, section.policy),
    )


def _spec(
    section: StepSection | CheckSection, kinds: Kinds, *, needs: tuple[str, ...] = ()
) -> StepSpec:
    parameters = kinds[section.use].model_validate(section.model_extra, strict=False)
    return StepSpec(
        name=section.name,
        use=section.use,
        params=parameters.model_dump(mode="json"),
        needs=needs,
    )
