"""Modals and Home tabs: opening, pushing, updating, and what a response_action may do."""

from __future__ import annotations

import copy
import json

from bot.sandbox import strict
from bot.sandbox.elements import state_of
from bot.sandbox.model import Trigger, View
from bot.sandbox.wire import JSON, ApiError
from bot.sandbox.workspace import Workspace

STACK = 3
LARGEST = 250_000


class Views:
    """The one place that changes stacks and homes. Everything refused is an ApiError with Slack's code."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def trigger(self, trigger_id: str) -> Trigger:
        """A trigger that may still be used. The caller marks it spent once the view is accepted."""
        found = self._ws.triggers.get(trigger_id)
        if found is None:
            raise ApiError("invalid_trigger_id" if trigger_id else "invalid_arguments")
        if found.spent:
            raise ApiError("exchanged_trigger_id")
        if self._ws.watch() > found.until:
            raise ApiError("expired_trigger_id")
        return found

    def open(self, trigger_id: str, body: JSON) -> View:
        trigger = self.trigger(trigger_id)
        body = self.checked(body, "modal")
        trigger.spent = True
        for old in self._ws.stacks.pop(trigger.user, []):
            self._ws.views.pop(old.id, None)
        return self._put_on_top(trigger.user, body, trigger.channel)

    def push(self, trigger_id: str, body: JSON) -> View:
        trigger = self.trigger(trigger_id)
        stack = self._ws.stacks.get(trigger.user, [])
        if trigger.view_id is None:
            raise ApiError("invalid_trigger_id")  # not from within a modal
        if not any(v.id == trigger.view_id for v in stack):
            raise ApiError("not_found")
        body = self.checked(body, "modal")
        if len(stack) >= STACK:
            raise ApiError("push_limit_reached")
        trigger.spent = True
        return self._put_on_top(trigger.user, body, trigger.channel)

    def push_by_answer(self, below: View, body: JSON) -> View:
        """response_action push: no trigger is needed, the stack's height still counts."""
        body = self.checked(body, "modal")
        if len(self._ws.stacks.get(below.user, [])) >= STACK:
            raise ApiError("push_limit_reached")
        return self._put_on_top(below.user, body, below.channel)

    def update(self, view: View | None, body: JSON, hash_: str | None = None) -> View:
        if view is None:
            raise ApiError("not_found")
        if hash_ is not None and hash_ != view.hash:
            raise ApiError("hash_conflict")
        body = self.checked(body, view.type, view)
        view.body = body
        view.hash = self._new_hash()
        view.state = state_of(view.blocks, view.state)
        view.errors = None
        if "external_id" in body:
            view.external_id = str(body["external_id"] or "")
        self._changed(view)
        return view

    def publish(self, user: str, body: JSON, hash_: str | None = None) -> View:
        if not self._ws.has_feature("app_home", "home_tab_enabled"):
            raise ApiError("not_enabled")
        found = self._ws.users.get(user)
        if found is None or found.is_bot or found.deleted:
            raise ApiError("user_not_found")
        home = self._ws.homes.get(user)
        if home is not None:
            return self.update(home, body, hash_)
        if hash_ is not None:
            raise ApiError("hash_conflict")
        home = self._new_view(user, self.checked(body, "home"))
        self._ws.homes[user] = home
        self._changed(home)
        return home

    def find(self, view_id: str | None, external_id: str | None = None) -> View | None:
        if view_id:
            return self._ws.views.get(view_id)
        if external_id:
            return next((v for v in self._ws.views.values() if v.external_id == external_id), None)
        return None

    def close(self, view: View) -> list[View]:
        """Take a modal off with all above it, or all (clear_on_close). Returns them, top first."""
        stack = self._ws.stacks.get(view.user, [])
        if view not in stack:
            return []
        at = 0 if view.body.get("clear_on_close") else stack.index(view)
        gone, stack[at:] = stack[at:][::-1], []
        for one in gone:
            self._ws.views.pop(one.id, None)
        self._changed(view)
        return gone

    def clear(self, user: str) -> list[View]:
        stack = self._ws.stacks.get(user, [])
        gone, stack[:] = stack[::-1], []
        for one in gone:
            self._ws.views.pop(one.id, None)
        self._ws.on_change(f"modals:{user}")
        return gone

    def checked(self, body: JSON, type_: str, replaces: View | None = None) -> JSON:
        """The view as Slack accepts it, a copy with ids filled in."""
        faults = strict.check_view(body, type_)
        if faults:
            raise ApiError.with_messages("invalid_arguments", faults)
        if len(json.dumps(body)) > LARGEST:
            raise ApiError("view_too_large")
        external = body.get("external_id")
        taken = self.find(None, external) if external else None
        if taken is not None and taken is not replaces:
            raise ApiError("duplicate_external_id")
        body = copy.deepcopy(body)
        self._ws.finished(body["blocks"])
        for key in ("title", "submit", "close"):
            if body.get(key):
                body[key].setdefault("emoji", True)
        return body

    def to_json(self, view: View) -> JSON:
        """The view object as the Web API and the payloads give it."""
        body = view.body
        return {
            "id": view.id,
            "team_id": self._ws.cast.team_id,
            "type": view.type,
            "blocks": view.blocks,
            "private_metadata": view.private_metadata,
            "callback_id": view.callback_id,
            "state": {"values": view.state},
            "hash": view.hash,
            "title": body.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
            "clear_on_close": bool(body.get("clear_on_close")),
            "notify_on_close": bool(body.get("notify_on_close")),
            "close": body.get("close"),
            "submit": body.get("submit"),
            "previous_view_id": view.previous_id,
            "root_view_id": view.root_id,
            "app_id": self._ws.cast.app_id,
            "external_id": view.external_id,
            "app_installed_team_id": self._ws.cast.team_id,
            "bot_id": self._ws.cast.bot_id,
        }

    def _put_on_top(self, user: str, body: JSON, channel: str | None) -> View:
        view = self._new_view(user, body)
        stack = self._ws.stacks.setdefault(user, [])
        if stack:
            view.previous_id, view.root_id = stack[-1].id, stack[0].id
        view.channel = channel
        stack.append(view)
        self._changed(view)
        return view

    def _new_view(self, user: str, body: JSON) -> View:
        id_ = self._ws.new_id("V0")
        view = View(
            id_, user, body, self._new_hash(), str(body.get("external_id") or ""), root_id=id_,
            state=state_of(body["blocks"], {}), _name_of=self._ws.name_of,
        )  # fmt: skip
        self._ws.views[id_] = view
        return view

    def _new_hash(self) -> str:
        return f"{self._ws.epoch()}.{self._ws.token(8)}"

    def _changed(self, view: View) -> None:
        self._ws.on_change(f"{'home' if view.type == 'home' else 'modals'}:{view.user}")
