"""The installations that were made by a link: kept sealed, opened at the start, taken back."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from bot.chat.slack.seal import Installation, Seal
from bot.chat.slack.team import Team, log
from bot.chat.slack.teams import Teams
from bot.ports import Store

Reach = Callable[[Installation], Team]


class Installations:
    """Keeps the store and the teams that are served in step."""

    def __init__(
        self, store: Store, seal: Seal, teams: Teams, *, reach: Reach, allowed: Iterable[str]
    ) -> None:
        """Serve nobody yet; ``reach`` makes the way into a team out of what it left."""
        self._store = store
        self._seal = seal
        self._teams = teams
        self._reach = reach
        self._allowed = frozenset(allowed)

    async def load(self) -> None:
        """Serve each team that is installed and still named in the configuration."""
        kept = await self._store.read(lambda tx: dict(tx.installations()))
        for team in sorted(self._allowed & kept.keys()):
            self._teams.admit(self._reach(self._seal.open(team, kept[team])))
        for team in sorted(self._allowed - kept.keys()):
            log.warning("Twokey is not installed in the Slack team %s yet.", team)

    def is_allowed(self, team: str) -> bool:
        """Tell whether the configuration names this team."""
        return team in self._allowed

    async def add(self, installation: Installation) -> None:
        """Keep an installation, then serve its team."""
        sealed = self._seal.close(installation)
        await self._store.write(lambda tx: tx.install(installation.team, sealed))
        self._teams.admit(self._reach(installation))
        log.info("Twokey was installed in the Slack team %s.", installation.team)

    async def remove(self, team: str, at: int) -> None:
        """Forget a team that took the app out at this second, unless it is back since."""
        before = datetime.fromtimestamp(at, UTC)
        if await self._store.write(lambda tx: tx.uninstall(team, before=before)):
            self._teams.dismiss(team)
            log.warning("Twokey was taken out of the Slack team %s.", team)

    async def is_new(self, state: str) -> bool:
        """Remember a state for good; False if it was used before."""
        return await self._store.write(lambda tx: tx.is_new_delivery(f"slack:oauth:{state}"))
