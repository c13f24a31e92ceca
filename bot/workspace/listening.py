"""How every server of the workspace runs: for this machine only, in a process that says where."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

HOST = "127.0.0.1"


@asynccontextmanager
async def listening(app: web.Application, port: int = 0) -> AsyncGenerator[str]:
    """Serve as long as the block lasts, at the address that it gets; port 0 is a free one."""
    app.middlewares.insert(0, local_only)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def until_stopped(addresses: Mapping[str, str]) -> None:
    """Say in one line of JSON where a process listens, and wait until somebody says stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sys.stdout.write(json.dumps(addresses) + "\n")
    sys.stdout.flush()
    await stop.wait()


@web.middleware
async def local_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer this machine's programs and own pages: no other site may reach in by a trick."""
    _, port = request.get_extra_info("sockname")
    origin = request.headers.get("Origin", f"http://{request.host}")
    is_own = f"http://{request.host}" == origin
    is_here = request.host in (f"{HOST}:{port}", f"localhost:{port}")
    site = request.headers.get("Sec-Fetch-Site", "none")
    # A link from elsewhere may open a page, as people follow links.
    is_opened = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.method == "GET"
    if is_own and is_here and (site in ("none", "same-origin") or is_opened):
        return await handler(request)
    raise web.HTTPForbidden(text="This server answers its own pages and this machine only.")
