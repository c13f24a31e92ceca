"""How Slack's deliveries arrive: over Socket Mode, or over HTTP where somebody listens."""

from pathlib import Path

import pytest

from bot.config import Listen, Secret
from tests.bot.config.samples import ENVIRON, changed, complaints, read, slack_of

SOCKET = "app_token: env:SLACK_APP_TOKEN}"
HTTP = "receive: http, signing_secrets: [env:SLACK_SIGNING_SECRET]}\nlisten: {port: 8080}"
SIGNS = {"SLACK_SIGNING_SECRET": "signs-0123456789", "SLACK_NEXT_SECRET": "next-0123456789"}


def test_socket_mode_needs_nothing_else(tmp_path: Path) -> None:
    """Left alone, nothing listens anywhere and no signing secret is looked for."""
    settings = read(tmp_path)

    assert slack_of(settings).app_token == Secret("app-0123456789")
    assert slack_of(settings).signing_secrets == ()
    assert settings.listen is None


def test_http_needs_no_app_token(tmp_path: Path) -> None:
    """Over HTTP the signing secret takes the token's place, and this machine alone can call."""
    environ = {**ENVIRON, **SIGNS}
    del environ["SLACK_APP_TOKEN"]

    settings = read(tmp_path, changed((SOCKET, HTTP)), environ=environ)

    assert slack_of(settings).signing_secrets == (Secret("signs-0123456789"),)
    assert settings.listen == Listen("127.0.0.1", 8080)
    assert "signs-0123456789" in settings.secret_values()
    assert "" not in settings.secret_values()


def test_two_signing_secrets_during_a_rotation(tmp_path: Path) -> None:
    """While Slack changes its secret, both are read."""
    both = HTTP.replace("SIGNING_SECRET]", "SIGNING_SECRET, env:SLACK_NEXT_SECRET]")

    settings = read(tmp_path, changed((SOCKET, both)), environ={**ENVIRON, **SIGNS})

    assert [one.value for one in slack_of(settings).signing_secrets] == list(SIGNS.values())


def test_socket_mode_can_listen_for_health(tmp_path: Path) -> None:
    """A supervisor can ask for the health over HTTP whatever delivers."""
    listening = "app_token: env:SLACK_APP_TOKEN}\nlisten: {host: 0.0.0.0, port: 9000}"

    assert read(tmp_path, changed((SOCKET, listening))).listen == Listen("0.0.0.0", 9000)  # noqa: S104


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            SOCKET.replace("}", ", receive: carrier}"),
            "2:99 slack.receive: must be 'socket' or 'http'",
        ),
        ("receive: socket}", "2:8 slack.app_token: is missing; Socket Mode needs it"),
        (
            HTTP.replace(", signing_secrets: [env:SLACK_SIGNING_SECRET]", ""),
            "2:8 slack.signing_secrets: is missing; receive: http needs it",
        ),
        (
            HTTP.replace("[env:SLACK_SIGNING_SECRET]", "[]"),
            "2:73 slack.signing_secrets: is missing; receive: http needs it",
        ),
        (
            HTTP.replace("}\nlisten", ", app_token: env:SLACK_APP_TOKEN}\nlisten"),
            "2:118 slack.app_token: is not used with receive: http; take one of them away",
        ),
        (
            SOCKET.replace("}", ", signing_secrets: [env:SLACK_SIGNING_SECRET]}"),
            "2:90 slack.signing_secrets: is not used with Socket Mode; take one of them away",
        ),
        (
            HTTP.partition("\n")[0],
            "1:1 listen: is missing; receive: http needs it, such as listen: {port: 8080}",
        ),
        (
            HTTP.replace("[env:", "[env:SLACK_NEXT_SECRET, env:SLACK_NEXT_SECRET, env:"),
            "2:90 slack.signing_secrets: has too many entries; it may have 2",
        ),
        (
            HTTP.replace("env:SLACK_SIGNING_SECRET", "8f742231b10e8888abcd99yyyzzz85a5"),
            (
                "2:91 slack.signing_secrets[0]: must be env:NAME or file:PATH, "
                "never the secret itself"
            ),
        ),
        (HTTP.replace("8080", "0"), "3:16 listen.port: must be a whole number from 1 to 65535"),
        (HTTP.replace("8080", "65536"), "3:16 listen.port: must be a whole number from 1 to 65535"),
        (HTTP.replace("port: 8080", ""), "3:9 listen.port: is missing"),
        (
            HTTP.replace("port:", "host: example.com, port:"),
            (
                "3:16 listen.host: must be an IP address, such as 127.0.0.1, "
                "or 0.0.0.0 for all addresses of this machine"
            ),
        ),
    ],
)
def test_what_does_not_fit_together(tmp_path: Path, written: str, said: str) -> None:
    """What is missing, too much or of the other way is named with its place."""
    found = complaints(tmp_path, changed((SOCKET, written)), environ={**ENVIRON, **SIGNS})

    assert said in found
    assert len(found) <= 2


def test_an_empty_signing_secret(tmp_path: Path) -> None:
    """A blank secret, with which anybody could sign, stops the start."""
    environ = {**ENVIRON, "SLACK_SIGNING_SECRET": " "}

    [said] = complaints(tmp_path, changed((SOCKET, HTTP)), environ=environ)

    assert said.startswith("2:91 slack.signing_secrets[0]: the environment variable")
    assert "SLACK_SIGNING_SECRET is empty" in said


LINK = """\
receive: http, signing_secrets: [env:SLACK_SIGNING_SECRET], oauth: {client_id: "12.34",
  client_secret: env:CLIENT_SECRET, installation_key: env:KEY,
  address: https://twokey.example.com/, more_teams: [T0OTHER]}}
listen: {port: 8080}"""
TOKEN = "bot_token: env:SLACK_BOT_TOKEN, app_token: env:SLACK_APP_TOKEN}"
BY_LINK = {
    **SIGNS,
    "SHOP_TOKEN": "shop-0123456789",
    "CLIENT_SECRET": "client-012",
    "KEY": "a1" * 32,
}


def test_installing_by_a_link(tmp_path: Path) -> None:
    """OAuth takes the token's place, and people of each of its teams may take part."""
    other = ("W0MANAGE2]", "W0MANAGE2, slack:T0OTHER/U0MANAGE2]")

    settings = read(tmp_path, changed((TOKEN, LINK), other), environ=BY_LINK)

    oauth = slack_of(settings).oauth
    assert oauth is not None
    assert slack_of(settings).teams == ("T0123ABCD", "T0OTHER")
    assert (oauth.client_id, oauth.address) == ("12.34", "https://twokey.example.com")
    assert {"client-012", "a1" * 32} <= set(settings.secret_values())


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("app_token: env:SLACK_APP_TOKEN}", "2:8 slack.bot_token: is missing; or write oauth"),
        (
            LINK.replace("}}", "}, bot_token: env:SLACK_BOT_TOKEN}"),
            (
                "4:65 slack.bot_token: is not used with oauth, which brings tokens of its own; "
                "take one of them away"
            ),
        ),
        (LINK.replace("receive: http, ", ""), "2:71 slack.oauth: needs receive: http"),
        (
            LINK.replace("env:KEY", "env:CLIENT_SECRET"),
            (
                "3:55 slack.oauth.installation_key: must point to 64 hex digits; "
                "openssl rand -hex 32 makes some"
            ),
        ),
        (
            LINK.replace("https:", "http:"),
            (
                "4:12 slack.oauth.address: must start with https://; only an address on this "
                "machine may use http"
            ),
        ),
        (
            LINK.replace('"12.34"', "app"),
            (
                "2:105 slack.oauth.client_id: must be the app's client id, such as "
                "1234567890.1234567890; Slack shows it under Basic Information"
            ),
        ),
        (
            LINK.replace("client_secret: env:CLIENT_SECRET, ", ""),
            "2:93 slack.oauth.client_secret: is missing",
        ),
    ],
)
def test_what_does_not_fit_with_a_link(tmp_path: Path, written: str, said: str) -> None:
    """Each mistake about OAuth is named with its place."""
    environ = {**ENVIRON, **BY_LINK}

    assert said in complaints(tmp_path, changed((TOKEN, written)), environ=environ)
