#!/usr/bin/env python3
"""Loopback fake chat endpoint that records when each post arrives (stdlib only).

Accepts Slack incoming webhooks (POST /services/...), the Slack Web API
(POST /api/chat.postMessage, /api/chat.update, ...) and any other POST (a Teams
workflow URL, an Alertmanager webhook receiver), so one listener can stand
behind any relay being compared.

Of the Web API it also answers auth.test, conversations.history (with what was posted) and file uploads, so that
a bot can be started against it and look up what it posted; chat.update is noted with "edit": true.

Every POST becomes one JSON line in --log:
  {"t": wall, "m": monotonic, "path":, "status":, "n_bytes":, "uids": [...], "tags":[...]}
where uids are all "u-000123" tokens in the body (the load generator puts one in
each alert) with "!" appended when the template marks it resolved.
With --bodies DIR each body is also kept as DIR/NNNNNN.json.

Control (GET, answers JSON):
  /_ctl?mode=ok
  /_ctl?mode=429&retry_after=5[&for=60]     answer 429 (for N s, then ok)
  /_ctl?mode=500[&for=60]
  /_ctl?mode=timeout[&for=60]               accept, never answer
  /_ctl?mode=lost[&for=60]                  record the post, then cut the connection (lost ack)
  /_ctl?mode=ratelimit&rate=1&burst=4       Slack's own limit: token bucket, 429 + Retry-After: 1
  /_ctl?down=60                             close the listening socket for 60 s
  /_stats                                   counts so far
"""
import argparse
import asyncio
import json
import os
import re
import time
from urllib.parse import parse_qs, urlsplit

UID = re.compile(rb"u-\d{6}!?")
MESSAGES = []  # what chat.postMessage showed, for conversations.history: dicts with ts, metadata
WHO = {"ok": True, "team_id": "T0BENCH", "team": "bench", "user_id": "U0BOT", "bot_id": "B0BOT"}
S = {"mode": "ok", "until": 0.0, "retry_after": 1, "rate": 1.0, "burst": 4.0, "tokens": 4.0, "last": 0.0}
N = {"posts": 0, "by_status": {}}
CONNS = set()


def marked(body):
    """The uids in a body; with a "!" where the message, or its line, says that they are over."""
    if body.startswith(b"\xef\xbb\xbfid,"):  # the list of a storm: a row says itself whether it is over
        rows = [(row, UID.findall(row)) for row in body.splitlines()]
        return [x.decode().rstrip("!") + "!" * (b",resolved," in row) for row, found in rows for x in found]
    over = re.compile(rb"\\u2713 |\xe2\x9c\x93 ")
    if re.search(rb'"text":\s*"(\\u2713|\xe2\x9c\x93) (Resolved|Over|Storm over)', body):
        return [x.decode().rstrip("!") + "!" for x in UID.findall(body)]
    parts, found = over.split(body), []
    for n, part in enumerate(parts):
        for k, x in enumerate(UID.findall(part)):
            found.append(x.decode() + ("!" if n and not k and not x.endswith(b"!") else ""))
    return found


def remember(body, t):
    asked = json.loads(body) if body[:1] == b"{" else {k: v[0] for k, v in parse_qs(body.decode()).items()}
    told = asked.get("metadata") or {}
    MESSAGES.append({"ts": f"{t:.6f}", "metadata": json.loads(told) if isinstance(told, str) else told})


def decide():
    now = time.monotonic()
    if S["until"] and now > S["until"]:
        S["mode"], S["until"] = "ok", 0.0
    m = S["mode"]
    if m == "429":
        return 429, S["retry_after"]
    if m == "500":
        return 500, None
    if m in ("timeout", "lost"):
        return m, None
    if m == "ratelimit":
        S["tokens"] = min(S["burst"], S["tokens"] + (now - S["last"]) * S["rate"])
        S["last"] = now
        if S["tokens"] < 1:
            return 429, 1
        S["tokens"] -= 1
    return 200, None


class App:
    def __init__(self, a):
        self.a = a
        self.log = open(a.log, "a", buffering=1)
        self.server = None

    async def start(self):
        self.server = await asyncio.start_server(self.client, "127.0.0.1", self.a.port, backlog=4096)

    async def outage(self, secs):
        self.server.close()
        for w in list(CONNS):
            w.close()
        await asyncio.sleep(secs)
        await self.start()

    async def client(self, r, w):
        CONNS.add(w)
        try:
            while True:
                line = await r.readline()
                if not line:
                    return
                method, target, _ = line.decode("latin1").split(" ", 2)
                hdr = {}
                while True:
                    h = await r.readline()
                    if h in (b"\r\n", b"\n", b""):
                        break
                    k, _, v = h.decode("latin1").partition(":")
                    hdr[k.strip().lower()] = v.strip()
                if hdr.get("transfer-encoding", "").lower() == "chunked":
                    body = b""
                    while True:
                        n = int((await r.readline()).split(b";")[0], 16)
                        body += await r.readexactly(n)
                        await r.readline()
                        if n == 0:
                            break
                else:
                    body = await r.readexactly(int(hdr.get("content-length", 0)))
                u = urlsplit(target)
                if method == "GET":
                    out = self.ctl(u)
                    await self.reply(w, 200, out, None)
                    continue
                t, m = time.time(), time.monotonic()
                st, ra = decide()
                method = u.path.rpartition("/")[2] if u.path.startswith("/api/") else ""
                if method in ("auth.test", "users.info", "dnd.teamInfo") and st == 200:
                    await self.reply(w, 200, WHO, None, {"x-oauth-scopes": "chat:write,channels:history,files:write"})
                    continue
                if method in ("conversations.history", "conversations.replies") and st == 200:
                    asked = json.loads(body) if body[:1] == b"{" else {k: v[0] for k, v in parse_qs(body.decode()).items()}
                    since = float(asked.get("oldest") or 0)
                    found = [x for x in reversed(MESSAGES) if float(x["ts"]) >= since]
                    await self.reply(w, 200, {"ok": True, "messages": found[:200]}, None)
                    continue
                if method == "files.getUploadURLExternal" and st == 200:
                    await self.reply(w, 200, {"ok": True, "file_id": f"F{N['posts']}",
                                              "upload_url": f"http://127.0.0.1:{self.a.port}/upload"}, None)
                    continue
                N["posts"] += 1
                N["by_status"][str(st)] = N["by_status"].get(str(st), 0) + 1
                i = N["posts"]
                rec = {"i": i, "t": t, "m": m, "path": u.path, "status": st, "n_bytes": len(body),
                           "uids": marked(body), "edit": method == "chat.update", "storm": b"Storm: " in body}
                if method == "chat.postMessage" and st in (200, "lost"):
                    remember(body, t)
                if self.a.headers:
                    rec["headers"] = hdr
                self.log.write(json.dumps(rec) + "\n")
                if self.a.bodies:
                    with open(os.path.join(self.a.bodies, f"{i:06d}.json"), "wb") as f:
                        f.write(body)
                if st == "timeout":
                    await asyncio.sleep(3600)
                    return
                if st == "lost":
                    return
                if u.path == "/upload":
                    await self.reply(w, 200 if st == 200 else st, "ok", ra)
                elif u.path.startswith("/api/"):
                    if st == 200:
                        out = {"ok": True, "channel": "C0FAKE", "ts": f"{t:.6f}", "message": {"ts": f"{t:.6f}"}}
                    else:
                        out = {"ok": False, "error": "ratelimited" if st == 429 else "internal_error"}
                    await self.reply(w, st, out, ra)
                else:
                    await self.reply(w, st, {200: "ok", 429: "rate_limited"}.get(st, "error"), ra)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            CONNS.discard(w)
            w.close()

    def ctl(self, u):
        q = {k: v[0] for k, v in parse_qs(u.query).items()}
        if u.path == "/_ctl":
            if "down" in q:
                asyncio.get_running_loop().call_later(
                    0.05, lambda: asyncio.ensure_future(self.outage(float(q["down"]))))
            if "mode" in q:
                S["mode"] = q["mode"]
                S["until"] = time.monotonic() + float(q["for"]) if "for" in q else 0.0
                for k in ("retry_after", "rate", "burst"):
                    if k in q:
                        S[k] = float(q[k]) if k != "retry_after" else int(q[k])
                S["tokens"], S["last"] = S["burst"], time.monotonic()
        return dict(N, mode=S["mode"])

    async def reply(self, w, st, out, ra, more=None):
        b = out.encode() if isinstance(out, str) else json.dumps(out).encode()
        ct = "text/plain" if isinstance(out, str) else "application/json"
        w.write((f"HTTP/1.1 {st} X\r\nContent-Type: {ct}\r\nContent-Length: {len(b)}\r\n"
                 + (f"Retry-After: {ra}\r\n" if ra is not None else "")
                 + "".join(f"{k}: {v}\r\n" for k, v in (more or {}).items()) + "\r\n").encode() + b)
        await w.drain()


async def main():
    p = argparse.ArgumentParser()
    p.add_argument("--port", type=int, default=19999)
    p.add_argument("--log", required=True)
    p.add_argument("--bodies")
    p.add_argument("--headers", action="store_true")
    a = p.parse_args()
    if a.bodies:
        os.makedirs(a.bodies, exist_ok=True)
    app = App(a)
    await app.start()
    await asyncio.Event().wait()


asyncio.run(main())
