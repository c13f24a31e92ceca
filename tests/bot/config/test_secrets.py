"""Secrets come from the environment or from files, and are never repeated."""

from pathlib import Path

import pytest

from bot.config import Secret
from tests.bot.config.samples import ENVIRON, GOOD, changed, complaints, read

FROM_FILE = changed(("people:", "secrets: {SHOP_TOKEN: file:shop.token}\npeople:"))


def token_file(folder: Path, content: bytes = b"shop-0123456789\n", *, mode: int = 0o600) -> Path:
    """Write the file that the configuration names."""
    path = folder / "shop.token"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_secret_hides_its_value() -> None:
    """A secret shows its value to nobody who did not ask for it by name."""
    secret = Secret("hunter2")

    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.value == "hunter2"


def test_settings_hide_secrets(tmp_path: Path) -> None:
    """Printing the settings prints no secret, and all of them are known to whoever hides them."""
    settings = read(tmp_path)

    assert set(settings.secret_values()) == set(ENVIRON.values())
    assert not any(value in repr(settings) for value in ENVIRON.values())


def test_a_secret_from_a_file(tmp_path: Path) -> None:
    """A file beside the configuration may hold a secret, with a line end behind it."""
    token_file(tmp_path)
    environ = {name: value for name, value in ENVIRON.items() if name != "SHOP_TOKEN"}

    assert read(tmp_path, FROM_FILE, environ=environ).provider_secrets() == {
        "SHOP_TOKEN": "shop-0123456789"
    }


def test_an_open_file(tmp_path: Path) -> None:
    """A secret that everybody on the machine can read is refused with the way to close it."""
    path = token_file(tmp_path, mode=0o644)

    assert complaints(tmp_path, FROM_FILE) == [
        (
            f"3:23 secrets.SHOP_TOKEN: the secret file {path} is open to everybody (mode 0644); "
            f"close it: chmod 600 {path}"
        )
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b" \n", "is empty; write the secret into it"),
        (b"one\ntwo\n", "holds more than one line; it must hold the secret alone"),
        (b"\xff\xfe", "is not a text"),
        (None, "can't be read: No such file or directory"),
    ],
)
def test_a_file_without_a_secret(tmp_path: Path, content: bytes | None, said: str) -> None:
    """A secret file that holds no usable secret is told what is wrong with it."""
    if content is not None:
        token_file(tmp_path, content)

    (complaint,) = complaints(tmp_path, FROM_FILE)

    assert complaint.startswith(f"3:23 secrets.SHOP_TOKEN: the secret file {tmp_path}/shop.token")
    assert complaint.endswith(said)


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "is not set"), ("", "is empty"), ("  \n", "is empty")],
)
def test_an_environment_without_it(tmp_path: Path, value: str | None, said: str) -> None:
    """A variable that is missing or blank is named."""
    environ = {name: known for name, known in ENVIRON.items() if name != "SLACK_BOT_TOKEN"}
    if value is not None:
        environ["SLACK_BOT_TOKEN"] = value

    assert complaints(tmp_path, GOOD, environ=environ) == [
        (
            f"2:37 slack.bot_token: the environment variable SLACK_BOT_TOKEN {said}; "
            "set it where Twokey starts"
        )
    ]


@pytest.mark.parametrize(
    "written",
    [
        "people: hunter2-in-the-clear",
        "secrets: {SHOP_TOKEN: hunter2-in-the-clear}\npeople:",
        "audit_key: hunter2-in-the-clear\npeople:",
        "audit_key: [hunter2-in-the-clear]\npeople:",
        "database: postgresql://me:hunter2-in-the-clear@db.example.com/twokey\npeople:",
        "database: postgresql://db.example.com/twokey?password=hunter2-in-the-clear\npeople:",
        "endpoints: {shop: 'https://hunter2-in-the-clear@x.example.com'}\npeople:",
        "endpoints: {shop: xoxb-hunter2-in-the-clear}\npeople:",
        "xoxb-hunter2-in-the-clear: 1\npeople:",
        "policy: {xapp-hunter2-in-the-clear: 1, xapp-hunter2-in-the-clear: 2}\npeople:",
        "policy: {approvals: hunter2-in-the-clear}\npeople:",
        "policy: *xoxb-hunter2-in-the-clear\npeople:",
    ],
)
def test_a_secret_in_the_file_is_not_repeated(tmp_path: Path, written: str) -> None:
    """What somebody wrote where a secret can't stand is refused without being shown."""
    said = complaints(tmp_path, GOOD.replace("people:", written, 1))

    assert said
    assert "hunter2" not in "\n".join(said)


def test_names_that_look_like_secrets_are_not_repeated(tmp_path: Path) -> None:
    """Words that are shown to help somebody find them are hidden when they look like tokens."""
    said = complaints(
        tmp_path,
        changed(
            ("[responder, manager-one, manager-two]", "[responder, xoxb-hunter2-a, manager-two]"),
            ("use: shop.rollback", "use: ghp_hunter2hunter2hunter2"),
            ("use: look.page", "use: https://me:hunter2@shop.example.com"),
            ("url: https://shop.example.com/health", "url: https://me:hunter2@shop.example.com"),
        ),
    )

    assert len(said) > 4
    assert "hunter2" not in "\n".join(said)


def test_a_missing_secret_is_named_once(tmp_path: Path) -> None:
    """A secret that several steps need is asked for at the first of them."""
    another = "      - {name: site, use: shop.restore, project: shop}\n    checks:"
    environ = {name: value for name, value in ENVIRON.items() if name != "SHOP_TOKEN"}

    said = complaints(tmp_path, changed(("    checks:", another)), environ=environ)

    assert [each.partition(" ")[0] for each in said] == ["15:14"]
