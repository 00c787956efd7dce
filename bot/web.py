"""The HTTP server's routes; each hands its request on and carries the answer back."""

from prometheus_client import CONTENT_TYPE_LATEST
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from bot.wiring import Parts

BODY_AT_MOST = 1024 * 1024


async def _read(request: Request) -> Request | None:
    """The request with its body read; None: it is over the limit, whatever its length header said."""
    size = request.headers.get("content-length", "0")
    if not size.isdecimal() or int(size) > BODY_AT_MOST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_AT_MOST:
            return None

    async def again() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return Request(request.scope, again)


def web_app(parts: Parts) -> Starlette:
    slack = AsyncSlackRequestHandler(parts.slack)

    async def slack_events(request: Request) -> Response:
        stamp = request.headers.get("x-slack-request-timestamp", "0")
        if not stamp.isdecimal():  # Slack's verifier would raise on it
            return PlainTextResponse("the timestamp is not a number", 401)
        read = await _read(request)
        if read is None:
            return PlainTextResponse("too large", 413)
        return await slack.handle(read)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("alive")

    async def readyz(_request: Request) -> Response:
        try:
            async with parts.store.reading() as session:
                await session.execute(text("SELECT 1 FROM workspace LIMIT 1"))
        except (SQLAlchemyError, OSError):
            return PlainTextResponse("the database does not answer", 503)
        refused = await parts.metrics.look()
        if refused is not None:  # no reason to be taken out of service: commands still come in
            return PlainTextResponse(f"ready, but Slack has not taken our token since {refused:%m-%d %H:%M}"
                                     " UTC; `groundcrew check` says what to do")
        return PlainTextResponse("ready")

    async def metrics(_request: Request) -> Response:
        return Response(await parts.metrics.page(), media_type=CONTENT_TYPE_LATEST)

    async def alerts(request: Request) -> Response:
        read = await _read(request)
        if read is None:
            return PlainTextResponse("The body is over 1 MiB; send fewer alerts at once.", 413)
        answer = await parts.hooks.received(
            request.path_params["source"], request.method, dict(request.headers), dict(request.query_params),
            await read.body(), str(request.url))
        return Response(answer.body, answer.status, dict(answer.headers), media_type=answer.media_type)

    async def pushed(request: Request) -> Response:
        read = await _read(request)
        if read is None:
            return PlainTextResponse("The body is over 1 MiB.", 413)
        answer = await parts.pushes.received(request.path_params["source"], dict(request.headers),
                                             await read.body())
        return PlainTextResponse(answer.text, answer.status)

    async def shifts(request: Request) -> Response:
        calendar = await parts.oncall.calendar(request.path_params["key"])
        if calendar is None:
            return PlainTextResponse("There is no such calendar. Its address may have been renewed: "
                                     "“Calendar feed” in /oncall gives the present one.", 404)
        return Response(calendar, media_type="text/calendar",
                        headers={"cache-control": "private, max-age=300"})

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    for path in ("/alerts/{source}", "/alerts/{source}/api/v2/alerts"):
        routes.append(Route(path, alerts, methods=["POST", "PUT", "OPTIONS"]))  # Grafana may be told to put
    routes.append(Route("/oncall/{key}.ics", shifts))
    routes.append(Route("/runbooks/{source}", pushed, methods=["POST"]))
    if parts.settings.slack_mode == "http":
        routes.append(Route("/slack/events", slack_events, methods=["POST"]))
    return Starlette(routes=routes)
