"""What a good file comes to."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Role, Secret
from bot.domain.people import Account
from bot.domain.target import Place, Policy
from tests.bot.config.samples import ENVIRON, GOOD, changed, complaints, read, slack_of

POSTGRESQL = "postgresql+psycopg://twokey@db.example.com/twokey"


def with_step(lines: str) -> str:
    """Return the good file with more parameters for its step."""
    return changed(("        project: shop\n", f"        project: shop\n        {lines}\n"))


def with_head(lines: str) -> str:
    """Return the good file with more lines at its top."""
    return changed(("version: 1\n", f"version: 1\n{lines}\n"))


def test_people_and_targets(tmp_path: Path) -> None:
    """People and targets arrive in the domain's own types."""
    settings = read(tmp_path)

    assert settings.people.behind(Account("slack", "T0123ABCD", "W0MANAGE2")).key == "manager-two"
    (target,) = settings.targets
    assert (target.name, target.environment, target.affected) == (
        "backend",
        "production",
        "Backend",
    )
    assert target.channels == (Place("slack", "T0123ABCD", "C0DEPLOYS"),)
    assert target.approvers == ("responder", "manager-one", "manager-two")
    assert target.policy == Policy()
    assert (target.steps[0].name, target.steps[0].use) == ("api", "shop.rollback")
    assert target.checks[0].params == {"url": "https://shop.example.com/health"}


@pytest.mark.parametrize("word", ["0123", "1.10", "no", "2026-01-01", "0x10", "1e3", "True"])
def test_a_text_stays_as_it_was_written(tmp_path: Path, word: str) -> None:
    """What other readers of YAML take for numbers, dates or booleans stays a text where a text is
    wanted.
    """
    settings = read(tmp_path, changed(("project: shop", f"project: {word}")))

    assert settings.targets[0].steps[0].params["project"] == word


def test_the_type_of_a_parameter_decides(tmp_path: Path) -> None:
    """Numbers, booleans and lists are read where the action's own field says so."""
    settings = read(
        tmp_path,
        with_step("count: 3\n        share: 1.5\n        fast: yes\n        parts: [1.10, no]"),
    )

    params = settings.targets[0].steps[0].params
    assert (params["count"], params["share"], params["fast"]) == (3, 1.5, True)
    assert params["parts"] == ["1.10", "no"]


def test_the_rules_digest_ignores_the_way_of_writing(tmp_path: Path) -> None:
    """The same rules written in another style have the same fingerprint."""
    written = read(tmp_path).targets[0].rules_digest
    rewritten = changed(
        ("    approvers: [responder, manager-one, manager-two]\n", ""),
        (
            "    affected: Backend\n",
            (
                "    affected: 'Backend'\n    approvers:\n"
                '    - responder\n    - manager-one\n    - "manager-two"\n'
            ),
        ),
        ("project: shop", "project: shop\n        count: 1"),
    )

    assert read(tmp_path, rewritten).targets[0].rules_digest == written


def test_a_policy_overrides_key_by_key(tmp_path: Path) -> None:
    """A target's policy replaces only the keys that it writes."""
    settings = read(
        tmp_path,
        changed(
            ("people:", "policy: {approvals: 1, approve_ttl: 1h30m}\npeople:"),
            ("    steps:", "    policy: {approvals: 2, start_delay: 0s}\n    steps:"),
        ),
    )

    assert settings.targets[0].policy == Policy(
        approvals=2, approve_ttl=timedelta(minutes=90), start_delay=timedelta()
    )


def test_a_step_can_be_repeated_by_alias(tmp_path: Path) -> None:
    """Two targets can share one step that is written once."""
    text = changed(("      - name: api", "      - &api\n        name: api"))
    second = GOOD.partition("targets:\n")[2].replace("name: backend", "name: full")
    start, end = second.index("      - name: api"), second.index("    checks:")

    settings = read(tmp_path, text + second[:start] + "      - *api\n" + second[end:])

    assert settings.targets[1].steps == settings.targets[0].steps


@pytest.mark.parametrize("content", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_files_from_other_systems(tmp_path: Path, content: str) -> None:
    """Windows line ends and a byte order mark change nothing."""
    expected = read(tmp_path).targets

    assert read(tmp_path, content).targets == expected


def test_defaults_beside_the_file(tmp_path: Path) -> None:
    """Without a word about it, the database and its key lie beside the configuration."""
    settings = read(tmp_path)

    assert settings.database_url == f"sqlite:///{tmp_path}/twokey.db"
    assert settings.audit_key == tmp_path / "twokey.db.key"
    assert settings.state_folder == tmp_path
    assert slack_of(settings).api_base == "https://slack.com/api/"
    assert slack_of(settings).oauth_authorize_url == "https://slack.com/oauth/v2/authorize"
    assert dict(settings.endpoints) == {}


def test_a_named_database_file(tmp_path: Path) -> None:
    """A database elsewhere takes its key and the state folder along; a named key stays where it
    was named.
    """
    moved = read(tmp_path, with_head("database: sqlite:////var/lib/twokey/a.db"))
    named = read(tmp_path, with_head("audit_key: file:keys/twokey.key"))

    assert moved.database_url == "sqlite:////var/lib/twokey/a.db"
    assert moved.audit_key == Path("/var/lib/twokey/a.db.key")
    assert moved.state_folder == Path("/var/lib/twokey")
    assert named.audit_key == tmp_path / "keys/twokey.key"


def test_a_database_server(tmp_path: Path) -> None:
    """A database server's address may come from the environment with its password, which counts
    as a secret then.
    """
    address = POSTGRESQL.replace("twokey@", "twokey:pass%2Fword@")
    environ = ENVIRON | {"DATABASE_URL": address, "AUDIT_KEY": "0a" * 32}

    settings = read(
        tmp_path, with_head("database: env:DATABASE_URL\naudit_key: env:AUDIT_KEY"), environ=environ
    )

    assert settings.database_url == address
    assert settings.audit_key == Secret("0a" * 32)
    assert settings.state_folder == tmp_path
    assert {"pass%2Fword", "pass/word", "0a" * 32} < set(settings.secret_values())
    assert "pass" not in repr(settings)


def test_a_database_server_needs_a_key_from_elsewhere(tmp_path: Path) -> None:
    """Several processes share a database server, so none of them may make up a key."""
    said = complaints(tmp_path, with_head(f"database: {POSTGRESQL}"))
    wrong = complaints(
        tmp_path,
        with_head(f"database: {POSTGRESQL}\naudit_key: env:AUDIT_KEY"),
        environ=ENVIRON | {"AUDIT_KEY": "short"},
    )

    assert said == [
        "1:1 audit_key: is missing; a database of its own server needs env:NAME or file:PATH"
    ]
    assert wrong == ["3:12 audit_key: must point to 64 hex digits; openssl rand -hex 32 makes some"]


def test_endpoints_and_addresses_of_slack(tmp_path: Path) -> None:
    """Addresses lead elsewhere where settings say so, always without a doubled slash."""
    settings = read(
        tmp_path,
        with_head("endpoints: {shop: 'http://127.0.0.1:8080/'}"),
        environ=ENVIRON
        | {
            "SLACK_API_BASE": "http://localhost:9/api/",
            "SLACK_OAUTH_AUTHORIZE_URL": "https://login.example.com/authorize",
        },
    )

    assert settings.endpoints["shop"] == "http://127.0.0.1:8080"
    assert slack_of(settings).api_base == "http://localhost:9/api/"
    assert slack_of(settings).oauth_authorize_url == "https://login.example.com/authorize"


def test_only_the_executor_holds_provider_secrets(tmp_path: Path) -> None:
    """The chat role starts without any provider's secret, and never looks for one."""
    file = with_head(f"database: {POSTGRESQL}\naudit_key: env:AUDIT_KEY")
    both = ENVIRON | {"AUDIT_KEY": "0a" * 32}
    without = {name: value for name, value in both.items() if name != "SHOP_TOKEN"}

    chat = read(tmp_path, file, environ=without, role="chat")
    executor = read(tmp_path, file, environ=both, role="executor")

    assert (chat.role, dict(chat.secrets)) == ("chat", {})
    assert executor.provider_secrets() == {"SHOP_TOKEN": "shop-0123456789"}
    assert complaints(tmp_path, file, environ=without, role="executor") == [
        (
            "17:14 targets[0].steps[0].use: the environment variable SHOP_TOKEN is not set; "
            "set it where Twokey starts"
        )
    ]


def test_the_executor_needs_no_way_to_hear_people(tmp_path: Path) -> None:
    """Nothing is delivered to the executor role, so it starts without the app's token."""
    file = with_head(f"database: {POSTGRESQL}\naudit_key: env:AUDIT_KEY")
    environ = ENVIRON | {"AUDIT_KEY": "0a" * 32}
    del environ["SLACK_APP_TOKEN"]

    assert slack_of(read(tmp_path, file, environ=environ, role="executor")).app_token == Secret("")
    assert complaints(tmp_path, file, environ=environ, role="chat")


@pytest.mark.parametrize("role", ["chat", "executor"])
def test_a_file_serves_one_process(tmp_path: Path, role: Role) -> None:
    """Roles are for several processes, which can't share a SQLite file."""
    said = complaints(tmp_path, with_head("database: sqlite:///twokey.db"), role=role)

    assert said == [
        f"2:11 database: is one file for one process; the role {role} needs postgresql://…"
    ]


def test_the_environment_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an environment as argument, the one of the process is read."""
    for name in ENVIRON:
        monkeypatch.setenv(name, "from-the-process")

    settings = read(tmp_path, environ=None)

    assert slack_of(settings).bot_token.value == "from-the-process"
