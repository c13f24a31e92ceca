"""Slack, Discord, both, or none: what the file says about chats, accounts and channels."""

from pathlib import Path

import pytest

from bot.config.references import Secret
from bot.domain.people import Account
from bot.domain.target import Place
from tests.bot.config.samples import ENVIRON, changed, complaints, read

GUILD = "123456789012345678"
KEY = "key:ed25519/" + "ab" * 32
DISCORD = f'discord: {{guild: "{GUILD}", bot_token: env:DISCORD_BOT_TOKEN}}\npeople:'
HERE = ENVIRON | {"DISCORD_BOT_TOKEN": "discord-0123456789"}
SLACK = "slack: {team: T0123ABCD, bot_token: env:SLACK_BOT_TOKEN, app_token: env:SLACK_APP_TOKEN}\n"


def test_one_rollback_on_two_chats(tmp_path: Path) -> None:
    """A target may be shown on Slack and Discord, and a person may have accounts on both."""
    both = changed(
        ("people:", DISCORD),
        ("[slack:T0123ABCD/U0MANAGE1]", f"[slack:T0123ABCD/U0MANAGE1, discord:{GUILD}/{GUILD}]"),
        ("[slack:T0123ABCD/C0DEPLOYS]", f"[slack:T0123ABCD/C0DEPLOYS, discord:{GUILD}/{GUILD}]"),
    )

    settings = read(tmp_path, both, environ=HERE)

    assert settings.discord
    assert settings.discord.guild == GUILD
    assert settings.discord.api_base == "https://discord.com/api/v10"
    assert settings.targets[0].channels[1] == Place("discord", GUILD, GUILD)
    assert settings.people.behind(Account("discord", GUILD, GUILD)).key == "manager-one"
    assert "discord-0123456789" in settings.secret_values()


def test_no_chat_at_all(tmp_path: Path) -> None:
    """Without any chat, people are keys, and targets have no channel."""
    file = changed(
        (SLACK, ""),
        ("slack:T0123ABCD/U0RESPOND", KEY),
        ("slack:T0123ABCD/U0MANAGE1", KEY.replace("ab", "cd")),
        ("slack:T0123ABCD/W0MANAGE2", KEY.replace("ab", "ef")),
        ("    channels: [slack:T0123ABCD/C0DEPLOYS]\n", ""),
    )

    settings = read(tmp_path, file)

    assert (settings.slack, settings.discord) == (None, None)
    assert settings.targets[0].channels == ()
    assert settings.people.named("responder").accounts == (Account("key", "ed25519", "ab" * 32),)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "slack:T0123ABCD/C0DEPLOYS",
            f"discord:{GUILD}/{GUILD}",
            "targets[0].channels[0]: is on discord, and the section discord: is missing",
        ),
        (
            SLACK,
            "",
            "people.responder.accounts[0]: is on slack, and the section slack: is missing",
        ),
        (
            "slack:T0123ABCD/U0RESPOND",
            "discord:bob/bob",
            "people.responder.accounts[0]: must be the ids of the server and the user",
        ),
        (
            "slack:T0123ABCD/U0RESPOND",
            "key:ed25519/abc",
            "people.responder.accounts[0]: must be the public half of a key",
        ),
        (
            "slack:T0123ABCD/C0DEPLOYS",
            "slack:T0123ABCD/C0DEPLOYS, slack:T0123ABCD/C0OTHER",
            "targets[0].channels[1]: is in line 11 already; a target has one channel in each",
        ),
        (
            "people:",
            DISCORD.replace(GUILD, "the-shop"),
            "discord.guild: must be the id of the server, a number",
        ),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Every mistake about chats is named where it stands."""
    assert any(said in one for one in complaints(tmp_path, changed((old, new)), environ=HERE))


def test_accounts_of_another_server_are_refused(tmp_path: Path) -> None:
    """An account belongs to the one server that Twokey is in."""
    other = GUILD.replace("1", "2")
    file = changed(("people:", DISCORD), ("slack:T0123ABCD/U0RESPOND", f"discord:{other}/{other}"))

    (said,) = complaints(tmp_path, file, environ=HERE)

    assert f"is in the server {other}, and discord: connects to {GUILD}" in said


def test_discord_can_be_led_elsewhere(tmp_path: Path) -> None:
    """Two variables lead to a server of one's own, which has to be safe or on this machine."""
    led = {
        "DISCORD_API_BASE": "http://127.0.0.1:9/api/v10/",
        "DISCORD_GATEWAY_URL": "ws://127.0.0.1:9/gw",
    }
    file = changed(("people:", DISCORD))

    settings = read(tmp_path, file, environ=HERE | led)
    bad = complaints(tmp_path, file, environ=HERE | {"DISCORD_GATEWAY_URL": "ws://example.com"})

    assert settings.discord
    assert settings.discord.api_base == "http://127.0.0.1:9/api/v10"
    assert settings.discord.gateway_url == "ws://127.0.0.1:9/gw"
    assert settings.discord.bot_token == Secret("discord-0123456789")
    assert "environment variable DISCORD_GATEWAY_URL must start with https://" in bad[0]


@pytest.mark.parametrize(
    ("account", "is_enough"),
    [
        (f"discord:{GUILD}/{GUILD}", True),
        (KEY, True),
        ("slack:T0123ABCD/W0MANAGE2", False),
    ],
)
def test_approvers_have_an_account_where_it_is_decided(
    tmp_path: Path, account: str, is_enough: bool
) -> None:
    """Whoever has no account in a target's chats, and no key, is not counted as an approver."""
    file = changed(
        ("people:", DISCORD),
        ("slack:T0123ABCD/C0DEPLOYS", f"discord:{GUILD}/{GUILD}"),
        ("slack:T0123ABCD/U0RESPOND", KEY.replace("ab", "cd")),
        ("slack:T0123ABCD/U0MANAGE1", f"discord:{GUILD}/1{GUILD}"),
        ("slack:T0123ABCD/W0MANAGE2", account),
    )
    said = (
        "13:16 targets[0].approvers: if responder asks, only 1 of the 2 needed approvers are left; "
        "add approvers who can decide here, with an account where it has a channel, or a key: "
        "manager-two can't"
    )
    assert complaints(tmp_path, file, environ=HERE) == ([] if is_enough else [said])
