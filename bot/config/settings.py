"""What the configuration comes to: the rest of Twokey works with these types alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from bot.config.references import Secret
from bot.domain.allowance import Allowance
from bot.domain.people import People
from bot.domain.target import Target

# Who talks to people, who plans and runs, and who does both.
Role = Literal["all", "chat", "executor"]


@dataclass(frozen=True, slots=True)
class OAuthAccess:
    """How teams install the app by a link."""

    client_id: str
    client_secret: Secret
    installation_key: Secret  # 64 hex digits
    address: str  # where browsers reach this process


@dataclass(frozen=True, slots=True)
class SlackAccess:
    """The way into Slack."""

    teams: tuple[str, ...]  # more than one only with oauth
    bot_token: Secret  # empty with oauth
    oauth: OAuthAccess | None
    app_token: Secret  # empty unless Socket Mode delivers to this process
    signing_secrets: tuple[Secret, ...]  # none unless Slack delivers over HTTP
    api_base: str  # ends with a slash
    oauth_authorize_url: str


@dataclass(frozen=True, slots=True)
class DiscordAccess:
    """The way into Discord."""

    guild: str
    bot_token: Secret
    api_base: str  # without a slash at its end
    gateway_url: str  # empty: wherever Discord says


@dataclass(frozen=True, slots=True)
class Listen:
    """Where this process answers HTTP."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator decides."""

    path: Path
    people: People
    targets: tuple[Target, ...]
    slack: SlackAccess | None
    discord: DiscordAccess | None
    listen: Listen | None
    database_url: str = field(repr=False)  # it may hold a password
    audit_key: Path | Secret  # a file that is made when it is missing, or the key in hex digits
    allowance: Allowance
    endpoints: Mapping[str, str]  # by system; only those that the file names
    secrets: Mapping[str, Secret]  # the providers', by name; none in the chat role
    role: Role = "all"

    @property
    def state_folder(self) -> Path:
        """Return where this process may keep files of its own: beside a local database."""
        kind, _, database = self.database_url.partition(":///")
        return Path(database).parent if kind == "sqlite" else self.path.absolute().parent

    @property
    def durable_url(self) -> str:
        """Return where the durable engine has its tables: beside ours, or in a file of its own."""
        if self.database_url.startswith("sqlite"):
            return f"sqlite:///{self.state_folder / 'dbos.sqlite'}"
        return self.database_url

    def provider_secrets(self) -> dict[str, str]:
        """Return the providers' secrets in the clear, for what hands them to actions."""
        return {name: secret.value for name, secret in self.secrets.items()}

    def secret_values(self) -> tuple[str, ...]:
        """Return every secret in the clear, for what takes them out of texts."""
        held = [*self.secrets.values()]
        if (slack := self.slack) is not None:
            held += [slack.bot_token, slack.app_token, *slack.signing_secrets]
            if (oauth := slack.oauth) is not None:
                held += [oauth.client_secret, oauth.installation_key]
        if self.discord is not None:
            held.append(self.discord.bot_token)
        if isinstance(self.audit_key, Secret):
            held.append(self.audit_key)
        password = urlsplit(self.database_url).password
        written = (password, unquote(password)) if password else ()
        return (*(secret.value for secret in held if secret.value), *written)
