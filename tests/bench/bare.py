"""The references, as processes of their own: `python -m tests.bench.bare starlette|bolt PORT`.

starlette: an empty Starlette application under uvicorn. bolt: the same with one Bolt listener that only acks,
connected as the bot connects its own: signatures checked, nobody asked who the bot is.
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

SECRET = "0123456789abcdef0123456789abcdef"


async def ready(_request: Request) -> Response:
    return PlainTextResponse("ready")


def bolt_routes() -> list[Route]:
    from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
    from slack_bolt.async_app import AsyncAck, AsyncApp
    from slack_bolt.authorization import AuthorizeResult
    from slack_sdk.web.async_client import AsyncWebClient

    me = AuthorizeResult(enterprise_id=None, team_id="T0BENCH00", bot_id="B0BENCH", bot_user_id="U0BENCH",
                         bot_token="xoxb-bench")

    async def authorize(**_context: object) -> AuthorizeResult:
        return me

    app = AsyncApp(client=AsyncWebClient(retry_handlers=[]), authorize=authorize, signing_secret=SECRET)

    @app.command("/pilot")
    async def only_acks(ack: AsyncAck) -> None:
        await ack("")

    handler = AsyncSlackRequestHandler(app)
    return [Route("/slack/events", handler.handle, methods=["POST"])]


if __name__ == "__main__":
    kind, port = sys.argv[1:3]
    uvicorn.run(Starlette(routes=[Route("/readyz", ready), *(bolt_routes() if kind == "bolt" else [])]),
                host="127.0.0.1", port=int(port), log_level="warning", access_log=False, lifespan="off")
