"""Seals what an installation leaves, so that a copy of the database opens no workspace."""

import base64
import json
from dataclasses import asdict, dataclass, field

from bot.domain.errors import TwokeyError


@dataclass(frozen=True, slots=True)
class Installation:
    """What Slack hands over when somebody installs the app in a team."""

    team: str
    app: str
    bot_token: str = field(repr=False)


class Seal:
    """Encrypts and authenticates installations with one key of 64 hex digits."""

    def __init__(self, key: str) -> None:
        """Take the key."""
        from cryptography.fernet import Fernet  # noqa: PLC0415 - megabytes, only for this

        self._fernet = Fernet(base64.urlsafe_b64encode(bytes.fromhex(key)))

    def close(self, installation: Installation) -> str:
        """Return the installation as a text that nobody can read or change without the key."""
        return self._fernet.encrypt(json.dumps(asdict(installation)).encode()).decode()

    def open(self, team: str, sealed: str) -> Installation:
        """Return the installation of this team; one that was kept for another is refused."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - see above

        try:
            installation = Installation(**json.loads(self._fernet.decrypt(sealed)))
        except InvalidToken as error:
            raise TwokeyError(
                f"The installation of the Slack team {team} can't be opened: installation_key is "
                "not the one that sealed it, or the database was changed. Nothing was started. "
                "Put the right key back, or delete the team's row in the table installations and "
                "install the app again."
            ) from error
        if installation.team != team:
            raise TwokeyError(
                f"The installation of the Slack team {installation.team} was kept as that of "
                f"{team}: the database was changed. Nothing was started."
            )
        return installation
