"""views.*: opening, pushing, updating and publishing over the Web API."""

from __future__ import annotations

from bot.sandbox.web_api import Api, Call, Method
from bot.sandbox.wire import JSON, ApiError


def _view(call: Call) -> JSON:
    view: JSON | None = call.structure("view", dict, "invalid_arguments")
    if view is None:
        raise ApiError.with_messages("invalid_arguments", ["[ERROR] missing required field: view"])
    return view


def _trigger(call: Call) -> str:
    return call.text("trigger_id") or call.text("interactivity_pointer")


def open_(api: Api, call: Call) -> JSON:
    return {"view": api.views.to_json(api.views.open(_trigger(call), _view(call)))}


def push(api: Api, call: Call) -> JSON:
    return {"view": api.views.to_json(api.views.push(_trigger(call), _view(call)))}


def update(api: Api, call: Call) -> JSON:
    if not call.text("view_id") and not call.text("external_id"):
        raise ApiError.with_messages("invalid_arguments", ["[ERROR] missing required field: view_id"])
    found = api.views.find(call.text("view_id"), call.text("external_id"))
    return {"view": api.views.to_json(api.views.update(found, _view(call), call.text("hash") or None))}


def publish(api: Api, call: Call) -> JSON:
    user = call.required("user_id")
    return {"view": api.views.to_json(api.views.publish(user, _view(call), call.text("hash") or None))}


METHODS = {
    "views.open": Method(open_),
    "views.push": Method(push),
    "views.update": Method(update),
    "views.publish": Method(publish),
}
