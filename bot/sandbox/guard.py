"""Who may talk to the server: only this machine, by its own name, and no page from elsewhere."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Middleware: refuses a foreign Host (DNS rebinding), a foreign Origin, and simple cross-site posts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refused = _refusal(scope)
        if refused is not None:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await PlainTextResponse(refused[1], refused[0])(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start" and not scope["path"].startswith("/api/"):
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", CSP)
            await send(message)

        await self._app(scope, receive, guarded)


def _refusal(scope: Scope) -> tuple[int, str] | None:
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    server = scope.get("server") or ("127.0.0.1", 0)
    if host not in {f"127.0.0.1:{server[1]}", f"localhost:{server[1]}", f"{server[0]}:{server[1]}"}:
        return 403, "This server answers to 127.0.0.1 and localhost only."
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return 403, "Pages from elsewhere may not talk to this server."
    if scope["type"] == "http" and scope["path"].startswith("/sandbox/"):
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
            return 403, "Pages from elsewhere may not talk to this server."
        content_type = headers.get("content-type", "").partition(";")[0].strip()
        if scope["method"] == "POST" and content_type != "application/json":
            return 415, "POST needs content-type application/json."
    return None
