"""A small complete configuration, and actions that it can name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from bot.config import ConfigError, Role, Settings, SlackAccess, load
from bot.domain.plan import Evidence, Preview, Receipt
from bot.domain.target import Effect, Risk
from bot.ports import Action, ActionTypes, Assertion, AssertionTypes, Tools


class Window(BaseModel):
    """A part of an action's parameters that has keys of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: str = ""


class ShopRollback(Action):
    """Put the shop back."""

    use: ClassVar[str] = "shop.rollback"
    effect: ClassVar[Effect] = Effect.IDEMPOTENT
    secrets: ClassVar[tuple[str, ...]] = ("SHOP_TOKEN",)

    project: str
    count: Annotated[int, Field(ge=1)] = 1
    share: float = 0.5
    fast: bool = False
    parts: tuple[str, ...] = ()
    either: int | tuple[int, ...] = 0
    windows: tuple[Window, ...] = ()

    async def preview(self, tools: Tools) -> Preview:
        raise NotImplementedError

    async def execute(self, tools: Tools, preview: Preview) -> Receipt:
        raise NotImplementedError

    async def verify(
        self, tools: Tools, preview: Preview, receipt: Receipt
    ) -> tuple[Evidence, ...]:
        raise NotImplementedError


class ShopRestore(ShopRollback):
    """Put the shop's data back."""

    use: ClassVar[str] = "shop.restore"
    risk: ClassVar[Risk] = Risk.DESTRUCTIVE


class PageCheck(Assertion):
    """Look at a page."""

    use: ClassVar[str] = "look.page"

    url: str

    async def observe(self, tools: Tools, name: str) -> Evidence:
        raise NotImplementedError

    async def confirm(self, tools: Tools, name: str) -> Evidence:
        raise NotImplementedError


ACTIONS: ActionTypes = {"shop.rollback": ShopRollback, "shop.restore": ShopRestore}
ASSERTIONS: AssertionTypes = {"look.page": PageCheck}

ENVIRON = {
    "SLACK_BOT_TOKEN": "bot-0123456789",
    "SLACK_APP_TOKEN": "app-0123456789",
    "SHOP_TOKEN": "shop-0123456789",
}

GOOD = """\
version: 1
slack: {team: T0123ABCD, bot_token: env:SLACK_BOT_TOKEN, app_token: env:SLACK_APP_TOKEN}
people:
  responder: {name: Responder, accounts: [slack:T0123ABCD/U0RESPOND]}
  manager-one: {name: Manager One, accounts: [slack:T0123ABCD/U0MANAGE1]}
  manager-two: {name: Manager Two, accounts: [slack:T0123ABCD/W0MANAGE2]}
targets:
  - name: backend
    environment: production
    affected: Backend
    channels: [slack:T0123ABCD/C0DEPLOYS]
    approvers: [responder, manager-one, manager-two]
    steps:
      - name: api
        use: shop.rollback
        project: shop
    checks:
      - name: the page
        use: look.page
        url: https://shop.example.com/health
"""


def slack_of(settings: Settings) -> SlackAccess:
    """Return the way into Slack that these settings hold."""
    assert settings.slack
    return settings.slack


def changed(*changes: tuple[str, str]) -> str:
    """Return the good file with words replaced, each of which stands there once."""
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
        text = text.replace(old, new)
    return text


def read(
    folder: Path,
    content: str | bytes = GOOD,
    *,
    environ: Mapping[str, str] | None = ENVIRON,
    role: Role = "all",
) -> Settings:
    """Write a file and load it."""
    path = folder / "twokey.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load(path, actions=ACTIONS, assertions=ASSERTIONS, environ=environ, role=role)


def complaints(
    folder: Path,
    content: str | bytes,
    *,
    environ: Mapping[str, str] = ENVIRON,
    role: Role = "all",
) -> list[str]:
    """Write a file and return what is said about it: ``line:column key: sentence``."""
    try:
        read(folder, content, environ=environ, role=role)
    except ConfigError as error:
        return str(error).replace(f"{folder / 'twokey.yaml'}:", "").splitlines()
    return []
