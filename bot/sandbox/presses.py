"""What people do with elements: press, pick, fill in, submit, close."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox import elements
from bot.sandbox.deliver import Deliveries
from bot.sandbox.elements import STATE, State
from bot.sandbox.humans import Humans
from bot.sandbox.model import Message, View
from bot.sandbox.payloads import Payloads
from bot.sandbox.strict import check_suggestions
from bot.sandbox.views import Views
from bot.sandbox.wire import JSON, Answer, ApiError, SandboxError
from bot.sandbox.workspace import Workspace

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
TROUBLE = "We had some trouble connecting. Try again?"


class Presses:
    def __init__(
        self, workspace: Workspace, views: Views, payloads: Payloads, deliver: Deliveries, humans: Humans
    ) -> None:
        self._ws = workspace
        self._views = views
        self._payloads = payloads
        self._deliver = deliver
        self._humans = humans

    # -- finding -------------------------------------------------------------------------------
    def message(self, user: str, channel: str, ts: str | None, label: str | None) -> Message:
        """A message this person sees; without ts the newest that shows the label."""
        room = self._humans.room(user, channel)
        seen = self._ws.visible(room, user)
        if ts is not None:
            for message in seen:
                if message.ts == ts:
                    return message
        else:
            for message in reversed(seen):
                if label is None or any(
                    label in _labels(b, e) for b, e in elements.elements(message.all_blocks)
                ):
                    return message
        raise SandboxError("message_not_found", f"Nothing to press there ({label or ts})")

    def view(self, user: str, view_id: str | None) -> View:
        """One of this person's modals, the top one unless named; or their Home tab by its id or "home"."""
        home = self._ws.homes.get(user)
        if home is not None and view_id in {home.id, "home"}:
            return home
        stack = self._ws.stacks.get(user, [])
        for view in reversed(stack):
            if view_id in {None, view.id}:
                return view
        raise SandboxError("not_found", "There is no such view open")

    # -- pressing ------------------------------------------------------------------------------
    async def press(
        self, user: str, place: Message | View, *, label: str | None, action_id: str | None,
        block_id: str | None, pick: Any, state: Mapping[str, Any] | None,
    ) -> Answer:  # fmt: skip
        """Use one element: block_actions."""
        self._check_interactive()
        blocks = place.blocks if isinstance(place, View) else place.all_blocks
        block, element = _find(user, blocks, label, action_id, block_id)
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise SandboxError("no_such_element", "That input tells the app only when it is submitted")
        known = place.state if isinstance(place, View) else place.picks.setdefault(user, {})
        if state is not None:
            self._take_over(blocks, known, state)
        action: JSON = {
            "type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"],
        }  # fmt: skip
        if element["type"] in STATE:
            if pick is None and label is not None and elements.option_named(element, label):
                pick = label
            if element["type"] in elements.EXTERNAL and isinstance(pick, str):
                pick = await self._suggested(user, place, block["block_id"], element, pick)
            picked = elements.pick(element, pick, self._name)
            known.setdefault(block["block_id"], {})[element["action_id"]] = picked
            action |= picked
        elif element["type"] == "overflow":
            option = elements.option_named(element, pick if pick is not None else label)
            if option is None:
                raise SandboxError("no_such_option", f"{pick or label!r} is not in that menu")
            action["selected_option"] = option
        else:
            action |= {key: element[key] for key in ("text", "value", "style") if key in element}
        action["action_ts"] = self._ws.new_ts()
        answer = await self._deliver.interactive(self._payload(user, place, action, known))
        if answer.error is not None:
            raise SandboxError(answer.error, "The app did not answer in time or failed", answer)
        return answer

    def _check_interactive(self) -> None:
        settings = self._ws.manifest.get("settings", {})
        if not settings.get("interactivity", {}).get("is_enabled"):
            raise SandboxError("not_configured", "This app is not configured to handle interactive responses")

    def _payload(self, user: str, place: Message | View, action: JSON, known: State) -> JSON:
        ws = self._ws
        if isinstance(place, View):
            place.state = elements.state_of(place.blocks, known)
            trigger = ws.new_trigger(user, view_id=place.id, channel=place.channel)
            return self._payloads.on_view(user, place, action, trigger)
        room = ws.channels[place.channel]
        state = elements.state_of(place.all_blocks, known)
        trigger = ws.new_trigger(user, channel=room.id)
        url = ws.new_response_url("actions", room.id, user, place.ts, place.thread_ts)
        return self._payloads.on_message(user, room, place, action, state, trigger, url)

    async def suggest(
        self, user: str, place: Message | View, block_id: str, action_id: str, typed: str
    ) -> JSON:
        """What an external select offers for what was typed."""
        blocks = place.blocks if isinstance(place, View) else place.all_blocks
        _, element = _find(user, blocks, None, action_id, block_id)
        if element["type"] not in elements.EXTERNAL:
            raise SandboxError("no_such_element", "Only external selects ask the app for options")
        if len(typed) < element.get("min_query_length", 3):
            return {"options": []}
        payload = self._payloads.suggestion(user, place, block_id, element, typed)
        answer = await self._deliver.interactive(payload)
        if answer.error is not None:
            raise SandboxError(answer.error, "The options could not be loaded", answer)
        offered = answer.body if isinstance(answer.body, dict) else {}
        faults = check_suggestions(offered)
        if faults:
            raise SandboxError("invalid_options", "; ".join(faults), answer)
        return {key: offered[key] for key in ("options", "option_groups") if key in offered}

    async def _suggested(
        self, user: str, place: Message | View, block_id: str, element: JSON, wanted: str
    ) -> JSON:
        asked = wanted if len(wanted) >= element.get("min_query_length", 3) else wanted.ljust(3)
        offered = await self.suggest(user, place, block_id, element["action_id"], asked)
        found = elements.option_named(offered, wanted)
        if found is None:
            raise SandboxError("no_such_option", f"{wanted!r} was not suggested")
        return found

    # -- modals --------------------------------------------------------------------------------
    async def fill(self, user: str, view: View, fields: Mapping[str, Any]) -> None:
        """Put values into inputs by block_id, as typing and picking would."""
        by_block = {block["block_id"]: element for block, element in elements.elements(view.blocks)}
        for block_id, choice in fields.items():
            element = by_block.get(block_id)
            if element is None or element["type"] not in STATE:
                raise SandboxError("no_such_element", f"No input {block_id!r}; there is {list(by_block)}")
            if element["type"] in elements.EXTERNAL and isinstance(choice, str):
                choice = await self._suggested(user, view, block_id, element, choice)
            picked = elements.pick(element, choice, self._name)
            view.state.setdefault(block_id, {})[element["action_id"]] = picked

    async def submit(self, user: str, view: View, state: Mapping[str, Any] | None = None) -> Answer:
        """Press the modal's submit button. What Slack's client catches itself is shown without a delivery."""
        if view.type != "modal" or view not in self._ws.stacks.get(user, []):
            raise SandboxError("not_found", "That view is not an open modal")
        self._check_interactive()
        if view.busy:
            raise SandboxError("busy", "It is being sent")
        if state is not None:
            self._take_over(view.blocks, view.state, state)
        view.state = elements.state_of(view.blocks, view.state)
        view.errors = _client_side(view) or None
        if view.errors:
            self._ws.on_change(f"modals:{user}")
            return Answer(0, None, 0, "invalid_input")
        view.busy = True
        self._ws.on_change(f"modals:{user}")
        trigger = self._ws.new_trigger(user, view_id=view.id, channel=view.channel)
        payload = self._payloads.submission(user, view, trigger, self._response_urls(user, view))
        answer = await self._deliver.interactive(payload)
        view.busy = False
        self._ws.on_change(f"modals:{user}")
        if answer.error is not None:
            raise SandboxError(answer.error, TROUBLE, answer)
        try:
            await self._obey(user, view, answer.body)
        except ApiError as refused:
            detail = f"{TROUBLE} ({refused.code}: {refused.more.get('errors', '')})"
            raise SandboxError("invalid_response_action", detail, answer) from refused
        return answer

    async def _obey(self, user: str, view: View, body: Any) -> None:
        if body in ("", None, {}):
            self._views.close(view)
            return
        if not isinstance(body, dict):
            raise ApiError("invalid_response_action")
        match body.get("response_action"):
            case "errors":
                self._show_errors(view, body.get("errors"))
            case "update":
                self._views.update(view, _dict(body.get("view")))
            case "push":
                self._views.push_by_answer(view, _dict(body.get("view")))
            case "clear":
                for gone in self._views.clear(user):
                    if gone is not view:
                        await self._tell_closed(user, gone, is_cleared=True)
            case other:
                raise ApiError(f"unknown response_action {other!r}")

    def _show_errors(self, view: View, errors: Any) -> None:
        inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            raise ApiError("errors for blocks that are not inputs")
        view.errors = {block_id: str(text) for block_id, text in errors.items()}
        self._ws.on_change(f"modals:{view.user}")

    async def close(self, user: str, view: View) -> Answer:
        """X or Cancel. The app hears of it where it asked to (notify_on_close)."""
        cleared = bool(view.body.get("clear_on_close"))
        answer = Answer(0, None, 0)
        for gone in self._views.close(view):
            told = await self._tell_closed(user, gone, is_cleared=cleared)
            answer = told if gone is view and told is not None else answer
        return answer

    async def _tell_closed(self, user: str, view: View, *, is_cleared: bool) -> Answer | None:
        if not view.body.get("notify_on_close"):
            return None
        return await self._deliver.interactive(self._payloads.closed(user, view, is_cleared=is_cleared))

    # ------------------------------------------------------------------------------------------
    def _name(self, kind: str, text: str) -> str:
        return self._ws.user_id(text) if kind == "user" else self._ws.channel_id(text)

    def _take_over(self, blocks: list[JSON], known: State, state: Mapping[str, Any]) -> None:
        """The page's state, as far as the surface has such elements and such options."""
        values = state.get("values", state)
        for block, element in elements.elements(blocks):
            sent = values.get(block["block_id"], {}).get(element.get("action_id"))
            if element["type"] in STATE and isinstance(sent, Mapping):
                picked = elements.pick(element, sent.get(STATE[element["type"]][0]), self._name)
                known.setdefault(block["block_id"], {})[element["action_id"]] = picked

    def _response_urls(self, user: str, view: View) -> list[JSON]:
        urls = []
        for block, element in elements.elements(view.blocks):
            if element.get("response_url_enabled"):
                value = view.state[block["block_id"]][element["action_id"]]
                channel = value.get("selected_conversation") or value.get("selected_channel")
                if channel:
                    url = self._ws.new_response_url("app", channel, user)
                    urls.append({
                        "block_id": block["block_id"], "action_id": element["action_id"],
                        "channel_id": channel, "response_url": self._ws.url + url.path,
                    })  # fmt: skip
        return urls


def _dict(value: Any) -> JSON:
    if not isinstance(value, dict):
        raise ApiError("invalid_arguments")
    return value


def _labels(block: JSON, element: JSON) -> list[str]:
    """What a person would call this element."""
    texts = [element.get("text"), element.get("placeholder"), block.get("label")]
    if element["type"] in {"overflow", "radio_buttons", "checkboxes"}:
        texts += [option["text"] for option in elements.all_options(element)]
    if element["type"] == "icon_button":
        texts.append({"text": element.get("icon", "")})
    return [str(t["text"]) for t in texts if isinstance(t, dict)]


def _find(
    user: str, blocks: list[JSON], label: str | None, action_id: str | None, block_id: str | None
) -> tuple[JSON, JSON]:
    there = [
        (block, element)
        for block, element in elements.elements(blocks)
        if user in element.get("visible_to_user_ids", [user])
    ]
    found = [
        (b, e)
        for b, e in there
        if (label is None or label in _labels(b, e))
        and (action_id is None or e.get("action_id") == action_id)
        and (block_id is None or b.get("block_id") == block_id)
    ]
    wanted = ", ".join(str(w) for w in (label, action_id, block_id) if w is not None)
    if not found:
        offered = [_labels(b, e)[:1] or e.get("action_id") for b, e in there]
        raise SandboxError("no_such_element", f"Nothing here is {wanted!r}; there is {offered}")
    if len(found) > 1:
        ids = [(b["block_id"], e.get("action_id")) for b, e in found]
        raise SandboxError("ambiguous", f"{wanted!r} is there {len(found)} times: {ids}")
    return found[0]


def _client_side(view: View) -> dict[str, str]:
    """What Slack's own client refuses before the app hears of a submission."""
    errors: dict[str, str] = {}
    for block in view.blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        state = view.state[block["block_id"]][element["action_id"]]
        if elements.is_empty(state):
            if not block.get("optional"):
                errors[block["block_id"]] = "This is a required field"
            continue
        fault = _fault(element, state)
        if fault:
            errors[block["block_id"]] = fault
    return errors


def _fault(element: JSON, state: JSON) -> str | None:
    kind, value = element["type"], str(state.get("value") or "")
    if kind == "plain_text_input":
        if len(value) < element.get("min_length", 0):
            return f"This must be at least {element['min_length']} characters"
        if len(value) > element.get("max_length", 3000):
            return f"This must be at most {element.get('max_length', 3000)} characters"
    if kind == "email_text_input" and not _EMAIL.fullmatch(value):
        return "Please enter a valid email address"
    if kind == "url_text_input" and not re.match(r"https?://\S+$", value):
        return "Please enter a valid URL"
    return _number_fault(element, value) if kind == "number_input" else None


def _number_fault(element: JSON, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "Please enter a number"
    if not element.get("is_decimal_allowed") and not re.fullmatch(r"-?\d+", value):
        return "Please enter a whole number"
    if "min_value" in element and number < float(element["min_value"]):
        return f"This must be at least {element['min_value']}"
    if "max_value" in element and number > float(element["max_value"]):
        return f"This must be at most {element['max_value']}"
    return None
