"""A Discord that answers each call exactly as a test says."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.chat.discord.guild import DiscordSettings, Guild
from bot.workspace.discord import seed

SHOP = seed.GUILD["id"]
Answers = dict[str, Callable[[], web.Response]]
Odd = tuple[Guild, Answers]


def refused(code: int, status: int = 400) -> Callable[[], web.Response]:
    """An answer that refuses with one of Discord's codes."""
    return lambda: web.json_response({"code": code, "message": "No."}, status=status)


@asynccontextmanager
async def answering(
    answers: Answers, asked: list[web.Request] | None = None
) -> AsyncIterator[DiscordSettings]:
    """A server that answers as a test says, by method and the last word of the path."""

    async def answer(request: web.Request) -> web.Response:
        if asked is not None:
            asked.append(request)
        name = request.path.rstrip("0123456789").rstrip("/").rsplit("/", 1)[-1]
        whole = f"{request.method} {name}"
        given = answers.get(whole, lambda: web.json_response({"id": "1", "channel_id": "1"}))()
        if given.content_type == "application/json":
            given.headers["Content-Type"] = "application/json"  # Discord names no charset
        return given

    about = {"username": "twokey", "discriminator": "0", "avatar": None, "id": seed.BOT}
    owner = {"owner": about, "summary": "", "verify_key": "", "bot_public": False}
    owner["bot_require_code_grant"] = False
    app = {"id": seed.APP, "name": "Twokey", "icon": None, "description": "", **owner}
    answers.setdefault("GET @me", lambda: web.json_response(app | about | {"id": seed.BOT}))
    application = web.Application()
    application.router.add_route("*", "/api/v10/{rest:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    try:
        yield DiscordSettings(SHOP, "fake.token.x", base)
    finally:
        await runner.cleanup()
