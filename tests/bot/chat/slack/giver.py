"""Slack's side of an installation by a link."""

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.chat.slack.oauth import SCOPES

HOME = "T0HOME"


@dataclass
class FakeSlack:
    """Slack's side of an installation: hands out what a code stands for, once."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    issued: int = 0

    def code(self, team: str = HOME, **changes: object) -> str:
        """A code for one installation."""
        code = f"code-{self.issued}"
        self.issued += 1
        self.answers[code] = {
            "ok": True,
            "token_type": "bot",
            "access_token": f"xoxb-{team}-{code}",
            "app_id": "A0TWOKEY",
            "scope": ",".join(SCOPES),
            "team": {"id": team, "name": "A team"},
            "is_enterprise_install": False,
        } | changes
        return code

    async def access(self, request: web.Request) -> web.Response:
        """Answer oauth.v2.access."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.asked.append(form)
        answer = self.answers.pop(form["code"], {"ok": False, "error": "invalid_code"})
        return web.json_response(answer)
