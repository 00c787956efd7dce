"""users.*, team.*, bots.*, dnd.*, usergroups.*, auth.test: who is who."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.api_conversations import channel_json, page
from bot.sandbox.model import Conversation, User
from bot.sandbox.web_api import Api, Call, Method
from bot.sandbox.wire import JSON, ApiError
from bot.sandbox.workspace import Workspace

_LABELS = {
    "CET": "Central European Time", "CEST": "Central European Summer Time", "GMT": "Greenwich Mean Time",
    "BST": "British Summer Time", "WET": "Western European Time", "WEST": "Western European Summer Time",
    "EST": "Eastern Standard Time", "EDT": "Eastern Daylight Time", "CST": "Central Standard Time",
    "CDT": "Central Daylight Time", "PST": "Pacific Standard Time", "PDT": "Pacific Daylight Time",
    "IST": "India Standard Time", "UTC": "Coordinated Universal Time",
}  # fmt: skip


def user_json(ws: Workspace, user: User, *, include_locale: bool = False) -> JSON:
    """A user object. Deactivated people have no time zone, strangers no address and no locale."""
    profile: JSON = {
        "title": user.title, "phone": "", "skype": "", "real_name": user.name,
        "real_name_normalized": user.name, "display_name": user.handle,
        "display_name_normalized": user.handle, "fields": {}, "status_text": "", "status_emoji": "",
        "status_expiration": 0, "avatar_hash": "", "team": user.team_id,
    }  # fmt: skip
    body: JSON = {
        "id": user.id, "team_id": user.team_id, "name": user.handle, "deleted": user.deleted,
        "profile": profile, "is_bot": user.is_bot, "is_app_user": False, "updated": user.updated,
    }  # fmt: skip
    if user.is_bot:
        profile |= {"bot_id": ws.cast.bot_id, "api_app_id": ws.cast.app_id}
    elif "users:read.email" in ws.scopes and not user.is_stranger:
        profile["email"] = user.email
    if user.deleted:
        return body
    body |= _zone(ws, user) | {
        "color": "9f69e7", "real_name": user.name,
        "is_admin": user.is_admin, "is_owner": user.is_owner, "is_primary_owner": user.is_owner,
        "is_restricted": user.is_restricted, "is_ultra_restricted": False, "is_email_confirmed": True,
        "who_can_share_contact_card": "EVERYONE",
    }  # fmt: skip
    if user.is_stranger:
        body["is_stranger"] = True
    elif include_locale:
        body["locale"] = user.locale
    return body


def _zone(ws: Workspace, user: User) -> JSON:
    """Their time zone; nothing for somebody who has none."""
    if not user.tz:
        return {}
    local = ws.now().astimezone(ZoneInfo(user.tz))
    offset = local.utcoffset() or timedelta()
    return {
        "tz": user.tz, "tz_label": _LABELS.get(local.tzname() or "", local.tzname()),
        "tz_offset": int(offset.total_seconds()),
    }  # fmt: skip


def _user(api: Api, id_: str) -> User:
    user = api.ws.users.get(id_)
    if user is None:
        raise ApiError("user_not_found")
    return user


def info(api: Api, call: Call) -> JSON:
    user = _user(api, call.required("user", "user_not_found"))
    return {"user": user_json(api.ws, user, include_locale=call.flag("include_locale"))}


def list_(api: Api, call: Call) -> JSON:
    users = [u for u in api.ws.users.values() if not u.is_stranger]
    shown, meta = page(call, users, default=1000)
    locale = call.flag("include_locale")
    return {
        "members": [user_json(api.ws, u, include_locale=locale) for u in shown],
        "cache_ts": api.ws.epoch(),
        **meta,
    }


def lookup_by_email(api: Api, call: Call) -> JSON:
    wanted = call.required("email", "users_not_found").lower()
    for user in api.ws.users.values():
        if user.email and user.email.lower() == wanted and not user.deleted and not user.is_stranger:
            return {"user": user_json(api.ws, user)}
    raise ApiError("users_not_found")


def conversations(api: Api, call: Call) -> JSON:
    ws = api.ws
    user = _user(api, call.text("user") or ws.bot)
    types = set((call.text("types") or "public_channel").split(","))
    scopes = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read"}
    for type_ in sorted(types & set(scopes)):
        api.need(scopes[type_])

    def wanted(room: Conversation) -> bool:
        kind = "im" if room.is_im else "private_channel" if room.is_private else "public_channel"
        both = user.id in room.members and (not room.is_private or ws.bot in room.members)
        return kind in types and both and not (call.flag("exclude_archived") and room.is_archived)

    shown, meta = page(call, [r for r in ws.channels.values() if wanted(r)], default=100)
    return {"channels": [channel_json(ws, r) for r in shown], **meta}


def team_info(api: Api, call: Call) -> JSON:
    cast = api.ws.cast
    domain = cast.team_domain
    team = {"id": cast.team_id, "name": cast.team_name, "domain": domain, "email_domain": "", "icon": {}}
    return {"team": {**team, "url": f"https://{domain}.slack.com/"}}


def bots_info(api: Api, call: Call) -> JSON:
    ws = api.ws
    if call.text("bot") != ws.cast.bot_id:
        raise ApiError("bot_not_found")
    bot = {"id": ws.cast.bot_id, "deleted": False, "name": ws.app_name, "updated": ws.users[ws.bot].updated}
    return {"bot": {**bot, "app_id": ws.cast.app_id, "user_id": ws.bot, "icons": {}}}


def _dnd(api: Api, user: User) -> JSON:
    if user.dnd is None:
        return {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}
    since, until = user.dnd
    return {
        "dnd_enabled": True,
        "next_dnd_start_ts": int(since.timestamp()),
        "next_dnd_end_ts": int(until.timestamp()),
    }


def dnd_info(api: Api, call: Call) -> JSON:
    return _dnd(api, _user(api, call.text("user") or api.ws.bot))


def dnd_team_info(api: Api, call: Call) -> JSON:
    ids = [u for u in call.text("users").split(",") if u]
    if len(ids) > 50:
        raise ApiError("too_many_users")
    return {"users": {i: _dnd(api, api.ws.users[i]) for i in ids if i in api.ws.users}, "cached": False}


def _group(api: Api, id_: str) -> JSON:
    group = api.ws.usergroups.get(id_)
    if group is None:
        raise ApiError("no_such_subteam")
    return group


def usergroups_list(api: Api, call: Call) -> JSON:
    with_users = call.flag("include_users")
    return {
        "usergroups": [
            {k: v for k, v in group.items() if with_users or k != "users"}
            for group in api.ws.usergroups.values()
            if call.flag("include_disabled") or not group.get("date_delete")
        ]
    }


def usergroups_users_list(api: Api, call: Call) -> JSON:
    return {"users": list(_group(api, call.required("usergroup"))["users"])}


def usergroups_users_update(api: Api, call: Call) -> JSON:
    group = _group(api, call.required("usergroup"))
    sent: Any = call.args.get("users")
    ids = sent if isinstance(sent, list) else [u for u in call.text("users").split(",") if u]
    if not ids:
        raise ApiError("no_users_provided")
    for id_ in ids:
        user = api.ws.users.get(id_)
        if user is None or user.is_bot or user.deleted or user.is_restricted or user.is_stranger:
            raise ApiError("invalid_users")
    group["users"], group["user_count"] = list(ids), len(ids)
    return {"usergroup": group}


def auth_test(api: Api, call: Call) -> JSON:
    cast = api.ws.cast
    return {
        "url": f"https://{cast.team_domain}.slack.com/", "team": cast.team_name, "user": cast.bot_handle,
        "team_id": cast.team_id, "user_id": cast.bot_user_id, "bot_id": cast.bot_id,
        "is_enterprise_install": False,
    }  # fmt: skip


def api_test(api: Api, call: Call) -> JSON:
    if call.text("error"):
        raise ApiError(call.text("error"), args=call.args)
    return {"args": call.args}


def connections_open(api: Api, call: Call) -> JSON:
    url = api.url().replace("http", "ws", 1)
    return {"url": f"{url}/sandbox/socket?ticket={api.socket_ticket()}&app_id={api.ws.cast.app_id}"}


METHODS = {
    "auth.test": Method(auth_test),
    "api.test": Method(api_test, token="none"),  # noqa: S106 - a kind of token, not one
    "apps.connections.open": Method(connections_open, token="app"),  # noqa: S106
    "users.info": Method(info, ("users:read",)),
    "users.list": Method(list_, ("users:read",)),
    "users.lookupByEmail": Method(lookup_by_email, ("users:read.email",)),
    "users.conversations": Method(conversations),
    "team.info": Method(team_info, ("team:read",)),
    "bots.info": Method(bots_info, ("users:read",)),
    "dnd.info": Method(dnd_info, ("dnd:read",)),
    "dnd.teamInfo": Method(dnd_team_info, ("dnd:read",)),
    "usergroups.list": Method(usergroups_list, ("usergroups:read",)),
    "usergroups.users.list": Method(usergroups_users_list, ("usergroups:read",)),
    "usergroups.users.update": Method(usergroups_users_update, ("usergroups:write",)),
}
