"""What an app sent to a chat, and was answered: a line of JSON for each request, in one file."""

import json
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_APPS: Final = ("/api/", "/hooks/")  # everything else is asked by people's pages


def recording(file: Path) -> Middleware:
    """Return what writes down every request of an app, without its token."""

    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if request.path.startswith(_APPS):
            body = answer.body if isinstance(answer, web.Response) else None
            line = {
                "method": request.method,
                "url": str(request.rel_url),
                "type": request.content_type,
                "body": (await request.read()).decode(errors="replace"),
                "status": answer.status,
                "answer": body.decode(errors="replace") if isinstance(body, bytes) else "",
            }
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(line) + "\n")
        return answer

    return record
