"""What the file only points at: secrets, the database and its key, addresses in the environment."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.config.document import Entries, each, entries, items, text
from bot.config.fields import REFERENCE, address, database, gateway
from bot.config.problems import KeyPath
from bot.config.references import Secret, resolve
from bot.config.report import Report
from bot.config.settings import DiscordAccess, OAuthAccess, Role, SlackAccess
from bot.config.shape import DATABASE
from bot.ports import Action, Assertion

_EMBEDDED: Final = "sqlite:///"
_KEY: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Sources:
    """Looks up what one file points at; where nothing is, it complains and returns nothing."""

    file: Entries
    report: Report
    folder: Path
    environ: Mapping[str, str]
    reads_only: bool

    def slack(self, role: Role) -> SlackAccess | None:
        """Return the way into the Slack team; who only executes gets no deliveries."""
        if "slack" not in self.file:
            return None
        section = entries(self.file.get("slack"))
        oauth = entries(section.get("oauth"))
        more_teams = items(oauth.get("more_teams"))
        app_token, written = ("slack", "app_token"), text(section.get("app_token"))
        return SlackAccess(
            teams=(text(section.get("team")), *map(text, more_teams)),
            bot_token=self._secret(("slack", "bot_token"), text(section.get("bot_token"))),
            oauth=self._oauth(oauth) if oauth else None,
            app_token=Secret("") if role == "executor" else self._secret(app_token, written),
            signing_secrets=tuple(
                self._secret(path, text(reference))
                for path, reference in each(section, "signing_secrets", ("slack",))
                if role != "executor"
            ),
            api_base=self._address("SLACK_API_BASE", "https://slack.com/api", "slack") + "/",
            oauth_authorize_url=self._address(
                "SLACK_OAUTH_AUTHORIZE_URL", "https://slack.com/oauth/v2/authorize", "slack"
            ),
        )

    def discord(self) -> DiscordAccess | None:
        """Return the way into the Discord server."""
        if "discord" not in self.file:
            return None
        section = entries(self.file.get("discord"))
        path, written = ("discord", "bot_token"), text(section.get("bot_token"))
        elsewhere = self.environ.get("DISCORD_GATEWAY_URL", "").strip()
        return DiscordAccess(
            guild=text(section.get("guild")),
            bot_token=self._secret(path, written),
            api_base=self._address("DISCORD_API_BASE", "https://discord.com/api/v10", "discord"),
            gateway_url=self._checked("DISCORD_GATEWAY_URL", elsewhere, gateway, "discord"),
        )

    def _oauth(self, section: Entries) -> OAuthAccess:
        path = ("slack", "oauth", "installation_key")
        key = self._secret(path, text(section.get("installation_key")))
        if not self.reads_only:
            self._check_key(key, path)
        return OAuthAccess(
            client_id=text(section.get("client_id")),
            client_secret=self._secret(
                ("slack", "oauth", "client_secret"), text(section.get("client_secret"))
            ),
            installation_key=key,
            address=text(section.get("address")).rstrip("/"),
        )

    def database_url(self) -> str:
        """Return where the database is, with an absolute path if it is a file."""
        written = text(self.file.get("database")) or DATABASE
        if re.fullmatch(REFERENCE, written):
            written = self._secret(("database",), written).value
            try:
                database(written or DATABASE)
            except ValueError as error:
                self.report.at(("database",), f"what it points to {error}")
        if written.startswith(_EMBEDDED):
            return f"{_EMBEDDED}{self.folder / written.removeprefix(_EMBEDDED)}"
        return written

    def audit_key(self, database_url: str) -> Path | Secret:
        """Return the key of the audit chain; beside an embedded database it may be made later."""
        written = text(self.file.get("audit_key"))
        if database_url.startswith(_EMBEDDED) and not written.startswith("env:"):
            beside = f"{database_url.removeprefix(_EMBEDDED)}.key"
            return self.folder / (written.removeprefix("file:") or beside)
        if not written and database_url.startswith("postgresql"):
            why = "is missing; a database of its own server needs env:NAME or file:PATH"
            self.report.at_key(("audit_key",), why)
        key = self._secret(("audit_key",), written)
        self._check_key(key, ("audit_key",))
        return key

    def _check_key(self, key: Secret, path: KeyPath) -> None:
        if key.value and not _KEY.fullmatch(key.value):
            self.report.at(path, "must point to 64 hex digits; openssl rand -hex 32 makes some")

    def provider_secrets(
        self, kinds: Mapping[str, type[Action] | type[Assertion]]
    ) -> dict[str, Secret]:
        """Return every secret that a configured action or assertion declares."""
        written = entries(self.file.get("secrets"))
        found: dict[str, Secret] = {}
        for path, use in self._uses():
            for name in kinds[use].secrets if use in kinds else ():
                if name not in found:
                    where = ("secrets", name) if name in written else path
                    found[name] = self._secret(where, text(written.get(name, f"env:{name}")))
        return found

    def _uses(self) -> Iterator[tuple[KeyPath, str]]:
        for target_path, target in each(self.file, "targets", ()):
            for key in ("steps", "checks"):
                for path, step in each(entries(target), key, target_path):
                    yield (*path, "use"), text(entries(step).get("use"))

    def _secret(self, path: KeyPath, reference: str) -> Secret:
        is_needed = not self.reads_only or path[0] not in {"slack", "discord"}
        if is_needed and re.fullmatch(REFERENCE, reference):
            try:
                return resolve(reference, folder=self.folder, environ=self.environ)
            except ValueError as error:
                self.report.at(path, str(error))
        return Secret("")

    def _address(self, name: str, default: str, section: str) -> str:
        written = self.environ.get(name, "").strip() or default
        return self._checked(name, written, address, section)

    def _checked(self, name: str, written: str, check: Callable[[str], str], section: str) -> str:
        try:
            return check(written) if written else ""
        except ValueError as error:
            self.report.at((section,), f"the environment variable {name} {error}")
            return ""
