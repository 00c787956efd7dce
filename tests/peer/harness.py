#!/usr/bin/env python3
"""Alert -> chat relay benchmark, side by side (stdlib only, loopback only).

Peer      : Alertmanager, started here (its slack_configs api_url points at fake_slack.py).
Our relay : anything that takes alerts over HTTP and posts to the fake Slack:
            --relay-cmd 'python -m ourbot ...' --ingest-url URL --ingest-format am-v2|am-webhook
            (the command is started with FAKE_SLACK_URL in its environment, and is
            kill -9'ed and restarted by the kill scenarios exactly as Alertmanager is).

  bench.py --am-bin /usr/bin/prometheus-alertmanager latency storm ratelimit http429 http500 down hang lostack kill flap semantics ha
  bench.py ... --out results.json

Every alert carries uid="u-000123"; the message template must print it (followed
by "!" when resolved), so loss, duplication and latency are counted per alert.
"""
import argparse
import atexit
import http.client
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))
CLK = os.sysconf("SC_CLK_TCK")


CHILDREN = []


@atexit.register
def _reap():
    for p in CHILDREN:
        if p.poll() is None:
            p.kill()


def iso(t):
    return datetime.fromtimestamp(t, UTC).isoformat().replace("+00:00", "Z")


def http_json(method, url, body=None, timeout=10):
    u = urlsplit(url)
    c = http.client.HTTPConnection(u.hostname, u.port, timeout=timeout)
    try:
        c.request(method, u.path + ("?" + u.query if u.query else ""),
                  body=None if body is None else json.dumps(body), headers={"Content-Type": "application/json"})
        r = c.getresponse()
        d = r.read()
        return r.status, d
    finally:
        c.close()


def wait_http(url, secs=20):
    end = time.time() + secs
    while time.time() < end:
        try:
            if http_json("GET", url, timeout=1)[0] < 500:
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} did not come up")


class FakeSlack:
    def __init__(self, d, port):
        self.port, self.log = port, os.path.join(d, f"slack{port}.jsonl")
        self.p = subprocess.Popen([sys.executable, os.path.join(HERE, "fake_slack.py"), "--port", str(port), "--log", self.log])
        CHILDREN.append(self.p)
        wait_http(f"http://127.0.0.1:{port}/_stats")
        self.url = f"http://127.0.0.1:{port}/services/T0/B0/X0"

    def ctl(self, q):
        return json.loads(http_json("GET", f"http://127.0.0.1:{self.port}/_ctl?{q}")[1])

    def recs(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as f:
            return [json.loads(x) for x in f if x.endswith("\n")]

    def stop(self):
        self.p.terminate()
        self.p.wait()


AM_YML = """\
global:
  resolve_timeout: 5m
route:
  receiver: slack
  group_by: {group_by}
  group_wait: {group_wait}
  group_interval: {group_interval}
  repeat_interval: {repeat_interval}
receivers:
- name: slack
  slack_configs:
  - api_url: {slack}
    channel: '#ops'
    send_resolved: true
    text: '{{{{ range .Alerts }}}}{{{{ .Labels.uid }}}}{{{{ if eq .Status "resolved" }}}}!{{{{ end }}}} {{{{ end }}}}'
"""


class Alertmanager:
    fmt = "am-v2"

    def __init__(self, binary, d, port, slack, group_by="['...']", group_wait="0s", group_interval="1s",
                 repeat_interval="4h", cluster=None, peers=()):
        self.binary, self.port, self.d = binary, port, os.path.join(d, f"am{port}")
        os.makedirs(self.d, exist_ok=True)
        self.cfg = os.path.join(self.d, "am.yml")
        with open(self.cfg, "w") as f:
            f.write(AM_YML.format(group_by=group_by, group_wait=group_wait, group_interval=group_interval,
                                  repeat_interval=repeat_interval, slack=slack))
        self.args = [binary, f"--config.file={self.cfg}", f"--storage.path={self.d}/data",
                     f"--web.listen-address=127.0.0.1:{port}", f"--cluster.listen-address={cluster or ''}"]
        self.args += [f"--cluster.peer={p}" for p in peers]
        self.ingest = f"http://127.0.0.1:{port}/api/v2/alerts"
        self.start()

    def start(self):
        self.errlog = open(os.path.join(self.d, "log"), "a")
        self.p = subprocess.Popen(self.args, stdout=self.errlog, stderr=self.errlog)
        CHILDREN.append(self.p)
        wait_http(f"http://127.0.0.1:{self.port}/-/ready")

    def kill9(self):
        os.kill(self.p.pid, signal.SIGKILL)
        self.p.wait()

    def stop(self):
        if self.p.poll() is None:
            self.p.terminate()
            self.p.wait()

    def usage(self):
        try:
            with open(f"/proc/{self.p.pid}/status") as f:
                s = f.read()
            with open(f"/proc/{self.p.pid}/stat") as f:
                st = f.read().rsplit(")", 1)[1].split()
            return {"rss_mb": round(int(re.search(r"VmRSS:\s+(\d+)", s)[1]) / 1024, 1),
                        "peak_mb": round(int(re.search(r"VmHWM:\s+(\d+)", s)[1]) / 1024, 1),
                        "cpu_s": round((int(st[11]) + int(st[12])) / CLK, 2)}
        except (OSError, TypeError):
            return {}


class Relay(Alertmanager):
    """Our own relay under the same scenarios."""

    def __init__(self, cmd, ingest, fmt, d, slack, **grouping):
        self.cmd, self.ingest, self.fmt, self.d, self.slack = cmd, ingest, fmt, d, slack
        self.grouping = grouping
        self.start()

    def start(self):
        env = dict(os.environ, FAKE_SLACK_URL=self.slack, BENCH_STATE_DIR=self.d,
                   **{"BENCH_" + k.upper(): str(v) for k, v in self.grouping.items()})
        self.p = subprocess.Popen(shlex.split(self.cmd), env=env)
        CHILDREN.append(self.p)
        u = urlsplit(self.ingest)
        wait_http(f"http://{u.hostname}:{u.port}/", 90)  # several may start at once


class Sender:
    """Keeps one connection; POSTs alerts in batches (Prometheus sends at most 64 a batch)."""

    def __init__(self, url, fmt="am-v2", batch=64):
        self.u, self.fmt, self.batch, self.c = urlsplit(url), fmt, batch, None
        self.sent = {}
        self.ack = {}

    def alert(self, i, resolved=False, services=10, startsAt=None, extra=None):
        now = time.time()
        a = {"labels": {"alertname": "FeatureDrift", "severity": "warning", "service": f"svc-{i % services}",
                        "instance": f"model-{i}", "uid": f"u-{i:06d}", **(extra or {})},
             "annotations": {"summary": f"PSI 0.31 > 0.25 on feature f{i}", "runbook_url": "https://runbooks.example.org/drift"},
             "startsAt": iso(startsAt or now), "generatorURL": "http://prom.example.org/graph"}
        if resolved:
            a["endsAt"] = iso(now)
        return a

    def post(self, alerts):
        if self.fmt == "am-webhook":
            for a in alerts:
                a["status"] = "resolved" if "endsAt" in a else "firing"
                a["fingerprint"] = a["labels"]["uid"].replace("u-", "f" * 10)
            body = {"version": "4", "groupKey": '{}:{alertname="FeatureDrift"}', "truncatedAlerts": 0,
                    "status": "firing" if any(a["status"] == "firing" for a in alerts) else "resolved",
                    "receiver": "bot", "groupLabels": {"alertname": "FeatureDrift"},
                    "commonLabels": {"alertname": "FeatureDrift", "severity": "warning"}, "commonAnnotations": {},
                    "externalURL": "http://am.example.org", "alerts": alerts}
        else:
            body = alerts
        data = json.dumps(body)
        for _attempt in (0, 1):
            try:
                if self.c is None:
                    self.c = http.client.HTTPConnection(self.u.hostname, self.u.port, timeout=30)
                t0 = time.monotonic()
                path = self.u.path + ("?" + self.u.query if self.u.query else "")
                self.c.request("POST", path, body=data, headers={"Content-Type": "application/json"})
                r = self.c.getresponse()
                r.read()
                for a in alerts:
                    k = a["labels"].get("uid", "none") + ("!" if "endsAt" in a else "")
                    self.sent.setdefault(k, t0)
                    if r.status < 300:
                        self.ack.setdefault(k, time.monotonic())
                return r.status
            except (OSError, http.client.HTTPException):
                self.c = None
        return None

    def storm(self, ids, **kw):
        t0 = time.monotonic()
        ids = list(ids)
        bad = 0
        for j in range(0, len(ids), self.batch):
            st = self.post([self.alert(i, **kw) for i in ids[j:j + self.batch]])
            bad += st is None or st >= 300
        return {"t0": t0, "took_s": round(time.monotonic() - t0, 3), "bad_batches": bad}


def q(v, p):
    v = sorted(v)
    return round(v[min(len(v) - 1, int(len(v) * p))] * 1000, 1) if v else None


def tally(recs, sent, t0=None, marks=""):
    """Per alert: delivered, duplicated, lost, latency (only answers 200 count as delivered)."""
    ok = [r for r in recs if r["status"] in (200, "lost")]
    first, times = {}, {}
    for r in ok:
        for x in set(r["uids"]):
            first.setdefault(x, r["m"])
            if not r.get("edit"):  # an edited message shows nobody anything twice
                times[x] = times.get(x, 0) + 1
    want = set(sent)
    got = want & set(first)
    lat = [first[x] - sent[x] for x in got]
    d = {"sent": len(want), "delivered": len(got), "lost": len(want - got),
             "shown_more_than_once": sum(1 for x in got if times.get(x, 0) > 1),
             "posts": len(recs), "edits": len([r for r in recs if r.get("edit")]), "posts_ok": len([r for r in recs if r["status"] == 200]),
             "posts_refused": len([r for r in recs if r["status"] not in (200, "lost")]),
             "p50_ms": q(lat, .5), "p95_ms": q(lat, .95), "p99_ms": q(lat, .99), "max_ms": q(lat, 1),
             "max_post_bytes": max([r["n_bytes"] for r in recs] or [0])}
    if t0 is not None and recs:
        d["last_new_alert_s"] = round(max([first[x] for x in got] or [t0]) - t0, 2)
        d["last_post_s"] = round(recs[-1]["m"] - t0, 2)
    return d


class Bench:
    def __init__(self, a):
        self.a = a
        self.port = a.base_port
        self.results = {}

    def quiet(self):
        """--wait-quiet N: before a CPU-bound scenario wait up to N s for an idle machine (others may share it)"""
        end = time.time() + self.a.wait_quiet
        while time.time() < end:
            def busy():
                with open("/proc/stat") as f:
                    v = [int(x) for x in f.readline().split()[1:]]
                return sum(v) - v[3] - v[4], sum(v)
            b0, t0 = busy()
            time.sleep(3)
            b1, t1 = busy()
            if (b1 - b0) / max(1, t1 - t0) < 0.15:
                return

    def rig(self, **kw):
        self.port += 10
        d = tempfile.mkdtemp(prefix="bench-", dir=self.a.tmp)
        fs = FakeSlack(d, self.port)
        if self.a.relay_cmd:
            am = Relay(self.a.relay_cmd, self.a.ingest_url, self.a.ingest_format, d, fs.url, **kw)
        else:
            am = Alertmanager(self.a.am_bin, d, self.port + 1, fs.url, **kw)
        return fs, am, Sender(am.ingest, am.fmt)

    def done(self, name, fs, am, res):
        res["relay_usage"] = am.usage()
        res["load1"] = os.getloadavg()[0]
        am.stop()
        fs.stop()
        self.results[name] = res
        print(name, json.dumps(res), flush=True)
        if self.a.out:
            with open(self.a.out, "w") as f:
                json.dump(self.results, f, indent=1)

    def until(self, fs, n, secs):
        """wait until n distinct firing uids were accepted (u-9xxxxx, the short-lived ones, not counted), at most secs"""
        end = time.monotonic() + secs
        while time.monotonic() < end:
            seen = set()
            for r in fs.recs():
                if r["status"] in (200, "lost"):
                    seen.update(x for x in r["uids"] if not x.startswith("u-9") and not x.endswith("!"))
            if len(seen) >= n:
                return True
            time.sleep(0.25)
        return False

    # -- scenarios ---------------------------------------------------------------------
    def latency(self):
        for gw in ("0s", "1s"):
            self.quiet()
            fs, am, s = self.rig(group_by="['...']", group_wait=gw)
            for i in range(200):
                s.post([s.alert(i)])
                time.sleep(0.05)
            self.until(fs, 200, 10)
            self.done(f"latency_single_20ps_group_wait_{gw}", fs, am, tally(fs.recs(), s.sent))

    def storm(self):
        self.quiet()
        combos = [(n, g) for n in (1000, 10000) for g in ("ungrouped", "10_groups", "one_group")]
        gb = {"ungrouped": "['...']", "10_groups": "['alertname','service']", "one_group": "['alertname']"}
        for gw, gi in (("0s", "1s"), ("5s", "5s")):
            for n, g in combos:
                self.quiet()
                fs, am, s = self.rig(group_by=gb[g], group_wait=gw, group_interval=gi)
                idle = am.usage()
                st = s.storm(range(n))
                full = self.until(fs, n, 120)
                time.sleep(2)
                r = tally(fs.recs(), s.sent, st["t0"])
                r.update(all_within_120s=full, ingest_s=st["took_s"], bad_batches=st["bad_batches"], idle=idle)
                self.done(f"storm_{n}_{g}_gw{gw}_gi{gi}", fs, am, r)

    def ratelimit(self):
        """Slack's published limit: ~1 message a second a webhook, short bursts; 429 + Retry-After beyond."""
        for n, g, gi in ((1000, "['...']", "1s"), (1000, "['...']", "30s"), (1000, "['alertname','service']", "1s"),
                         (60, "['...']", "30s")):
            fs, am, s = self.rig(group_by=g, group_wait="0s", group_interval=gi)
            fs.ctl("mode=ratelimit&rate=1&burst=4")
            st = s.storm(range(n))
            full = self.until(fs, n, 120)
            r = tally(fs.recs(), s.sent, st["t0"])
            r.update(all_within_120s=full)
            self.done(f"ratelimit1ps_{n}_{'ungrouped' if '...' in g else '10_groups'}_gi{gi}", fs, am, r)

    def ratelimit_default(self):
        """Alertmanager's shipped defaults (group_wait 30s, group_interval 5m), 10 groups of 100 at once, Slack's own limit."""
        fs, am, s = self.rig(group_by="['alertname','service']", group_wait="30s", group_interval="5m")
        fs.ctl("mode=ratelimit&rate=1&burst=4")
        starts = time.time()
        st = s.storm(range(1000), startsAt=starts)
        end = time.monotonic() + 360
        while time.monotonic() < end and not self.until(fs, 1000, 30):
            s.storm(range(1000), startsAt=starts)
        r = tally(fs.recs(), s.sent, st["t0"])
        r["delivered_at_s"] = [round(x["m"] - st["t0"], 1) for x in fs.recs() if x["status"] == 200]
        self.done("ratelimit1ps_1000_in_10_groups_default_30s_5m", fs, am, r)

    def _outage(self, name, ctl, secs, n=20, gi="30s", extra_wait=90, gb="['...']"):
        """n alerts fire during a chat outage and are re-sent every 20 s (Prometheus re-sends at least every minute);
        one more alert fires and resolves within the outage."""
        fs, am, s = self.rig(group_by=gb, group_wait="0s", group_interval=gi)
        t_up = time.monotonic() + secs
        fs.ctl(ctl)
        time.sleep(0.2)
        starts = time.time()
        st = s.storm(range(n), startsAt=starts)
        stop = threading.Event()

        def resend():
            s2 = Sender(am.ingest, am.fmt)
            while not stop.wait(20):
                s2.storm(range(n), startsAt=starts)
        th = threading.Thread(target=resend, daemon=True)
        th.start()
        time.sleep(2)
        s3 = Sender(am.ingest, am.fmt)
        s3.storm([900000])
        time.sleep(2 if secs < 8 else 3)
        t_res = time.monotonic()
        s3.storm([900000], resolved=True)
        full = self.until(fs, n, secs + extra_wait)
        time.sleep(2 if gi != "5m" else 10)
        stop.set()
        th.join(30)
        recs = fs.recs()
        short = [{"state": "resolved" if "!" in "".join(r["uids"]) else "firing", "s_after_its_resolve": round(r["m"] - t_res, 1)}
                 for r in recs if r["status"] in (200, "lost") and any(x.startswith("u-900000") for x in r["uids"])]
        r = tally(recs, s.sent, st["t0"])
        after = [x["m"] for x in recs if x["m"] >= t_up - .3 and x["status"] == 200]
        r.update(all_delivered=full, outage_s=secs, first_post_after_recovery_s=round(min(after) - t_up, 2) if after else None,
                 last_alert_after_recovery_s=round(r.get("last_new_alert_s", 0) - (t_up - st["t0"]), 2) if r["delivered"] else None,
                 short_lived_alert=short)
        self.done(name, fs, am, r)

    def http429(self):
        self._outage("http429_10s_gi30s", "mode=429&retry_after=10&for=10", 10)
        self._outage("http429_60s_gi30s", "mode=429&retry_after=60&for=60", 60)

    def http429_default(self):
        self._outage("http429_10s_gi5m", "mode=429&retry_after=10&for=10", 10, gi="5m", extra_wait=330)

    def http500(self):
        self._outage("http500_60s_gi30s", "mode=500&for=60", 60)

    def http500_default(self):
        self._outage("http500_60s_gi5m", "mode=500&for=60", 60, gi="5m", extra_wait=330)

    def down(self):
        self._outage("down_60s_gi30s", "down=60", 60)

    def down_default(self):
        self._outage("down_60s_gi5m", "down=60", 60, gi="5m", extra_wait=330)

    def hang(self):
        self._outage("hang_60s_gi30s", "mode=timeout&for=60", 60)

    def lostack(self):
        """Slack took the message, the connection died before the answer."""
        self._outage("lostack_5s_gi30s", "mode=lost&for=5", 5, extra_wait=60)

    def kill(self):
        for name, gb, resend in (("kill9_no_resend_ungrouped", "['...']", False),
                                 ("kill9_resend_ungrouped", "['...']", True),
                                 ("kill9_resend_10_groups", "['alertname','service']", True)):
            n = 1000
            fs, am, s = self.rig(group_by=gb, group_wait="2s" if "10_groups" in name else "0s", group_interval="5s")
            starts = time.time()
            fs.ctl("mode=ratelimit&rate=150&burst=1" if "ungrouped" in name else "mode=ok")
            st = s.storm(range(n), startsAt=starts)
            time.sleep(1.0 if "ungrouped" in name else 3.0)
            am.kill9()
            at_kill = tally(fs.recs(), s.sent)["delivered"]
            fs.ctl("mode=ok")
            time.sleep(2)
            t_re = time.monotonic()
            am.start()
            up = round(time.monotonic() - t_re, 2)
            if resend:
                time.sleep(3)
                s.storm(range(n), startsAt=starts)
            self.until(fs, n, 45)
            time.sleep(8)
            r = tally(fs.recs(), s.sent, st["t0"])
            r.update(delivered_before_kill=at_kill, restart_ready_s=up)
            self.done(name, fs, am, r)

    def killmid(self):
        """kill -9 while posts are in flight, chat healthy but slow to take 10,000."""
        n = 10000
        fs, am, s = self.rig(group_by="['...']", group_wait="0s", group_interval="5s")
        starts = time.time()
        th = threading.Thread(target=lambda: s.storm(range(n), startsAt=starts))
        th.start()
        # a storm is one card here, so that so many posts never come: half way through what it takes in, then
        while len(fs.recs()) < 2000 and not (isinstance(am, Relay) and len(s.ack) >= n // 2):
            time.sleep(0.02)
        am.kill9()
        th.join()
        time.sleep(1)
        acked = set(s.ack)
        got = {x for r in fs.recs() if r["status"] == 200 for x in r["uids"]}
        res = {"acked_before_kill": len(acked), "shown": len(acked & got), "acked_but_never_shown": len(acked - got)}
        am.start()
        time.sleep(10)
        got2 = {x for r in fs.recs() if r["status"] == 200 for x in r["uids"]}
        res["shown_10s_after_restart_without_resend"] = len(acked & got2)
        s2 = Sender(am.ingest, am.fmt)
        s2.storm(range(n), startsAt=starts)
        self.until(fs, n, 60)
        time.sleep(3)
        res.update(tally(fs.recs(), {f"u-{i:06d}": 0 for i in range(n)}))
        for k in ("p50_ms", "p95_ms", "p99_ms", "max_ms"):
            res.pop(k)
        self.done("kill9_mid_storm_10000", fs, am, res)

    def flap(self):
        for gi in ("1s", "30s"):
            fs, am, s = self.rig(group_by="['alertname']", group_wait="0s", group_interval=gi)
            time.monotonic()
            for _k in range(15):
                s.storm([1])
                time.sleep(2)
                s.storm([1], resolved=True)
                time.sleep(2)
            time.sleep(32 if gi == "30s" else 3)
            recs = fs.recs()
            self.done(f"flap_15_cycles_60s_gi{gi}", fs, am, {
                "transitions": 30, "posts": len(recs), "sequence": [x for r in recs for x in r["uids"]]})

    def semantics(self):
        fs, am, s = self.rig(group_by="['...']", group_wait="0s", group_interval="1s")
        now = time.time()
        out = {}

        def case(name, i, alerts, wait=4):
            n0 = len(fs.recs())
            sts = []
            for x in alerts:
                if callable(x):
                    x()
                else:
                    sts.append(s.post([x]))
            time.sleep(wait)
            out[name] = {"http": sts, "posted": [u for r in fs.recs()[n0:] for u in r["uids"]]}
        a = s.alert
        case("resolved_without_firing", 1, [a(1, resolved=True)])
        case("same_firing_sent_5_times", 2, [a(2, startsAt=now) for _ in range(5)])
        x = a(3); x["startsAt"] = iso(time.time() + 600)
        case("startsAt_10min_in_future_no_endsAt", 3, [x])
        x = a(10); x["startsAt"] = iso(time.time() + 120)
        case("startsAt_2min_in_future_no_endsAt", 10, [x])
        x = a(4); x["startsAt"] = iso(time.time() - 600); x["endsAt"] = iso(time.time() - 300)
        case("endsAt_in_past_never_seen_firing", 4, [x])
        x = a(5); x["endsAt"] = iso(time.time() + 6)
        case("endsAt_6s_ahead_no_refresh", 5, [x], wait=10)
        x = a(6); x["startsAt"] = iso(time.time()); x["endsAt"] = iso(time.time() - 60)
        case("endsAt_before_startsAt", 6, [x])
        now = time.time()
        case("changed_annotation_while_firing", 7, [a(7, startsAt=now), lambda: time.sleep(2), dict(a(7, startsAt=now), annotations={"summary": "PSI now 0.62"})])
        case("label_churn_value_in_label", 8, [a(8, startsAt=now, extra={"value": v}) for v in ("0.31", "0.32", "0.33")])
        case("empty_labels", 9, [{"labels": {}, "annotations": {}}])
        self.done("semantics", fs, am, out)

    def ha(self):
        if self.a.relay_cmd:
            return
        for name, peered in (("ha_pair_peered", True), ("ha_pair_partitioned", False)):
            self.port += 10
            d = tempfile.mkdtemp(prefix="bench-", dir=self.a.tmp)
            fs = FakeSlack(d, self.port)
            kw = {"group_by": "['...']", "group_wait": "0s", "group_interval": "20s"}
            c1, c2 = f"127.0.0.1:{self.port + 5}", f"127.0.0.1:{self.port + 6}"
            a1 = Alertmanager(self.a.am_bin, d, self.port + 1, fs.url, cluster=c1, peers=[c2] if peered else [], **kw)
            a2 = Alertmanager(self.a.am_bin, d, self.port + 2, fs.url, cluster=c2, peers=[c1] if peered else [], **kw)
            time.sleep(15)
            s1, s2 = Sender(a1.ingest), Sender(a2.ingest)
            starts = time.time()
            t1 = threading.Thread(target=lambda: s1.storm(range(200), startsAt=starts))
            t2 = threading.Thread(target=lambda: s2.storm(range(200), startsAt=starts))
            t1.start(); t2.start(); t1.join(); t2.join()
            time.sleep(25)
            r = tally(fs.recs(), s1.sent)
            if peered:
                # kill the peer that is first in line; the other waits its place (peer_timeout 15 s)
                a1.kill9()
                s3 = Sender(a2.ingest)
                s3.storm(range(500, 520))
                time.sleep(40)
                r["one_peer_killed"] = {k: v for k, v in tally(fs.recs(), s3.sent).items() if k in ("sent", "delivered", "p50_ms", "max_ms", "shown_more_than_once")}
            a1.stop()
            self.done(name, fs, a2, r)


def _ha500(self):
    """two peered Alertmanagers, both fed (as Prometheus does), chat answers 500 for 40 s"""
    if self.a.relay_cmd:
        return
    self.port += 10
    d = tempfile.mkdtemp(prefix="bench-", dir=self.a.tmp)
    fs = FakeSlack(d, self.port)
    kw = {"group_by": "['...']", "group_wait": "0s", "group_interval": "60s"}
    c1, c2 = f"127.0.0.1:{self.port + 5}", f"127.0.0.1:{self.port + 6}"
    a1 = Alertmanager(self.a.am_bin, d, self.port + 1, fs.url, cluster=c1, peers=[c2], **kw)
    a2 = Alertmanager(self.a.am_bin, d, self.port + 2, fs.url, cluster=c2, peers=[c1], **kw)
    time.sleep(15)
    fs.ctl("mode=500&for=40")
    s1, s2 = Sender(a1.ingest), Sender(a2.ingest)
    starts = time.time()
    s1.storm(range(20), startsAt=starts)
    s2.storm(range(20), startsAt=starts)
    time.sleep(100)
    r = tally(fs.recs(), s1.sent)
    a1.stop()
    self.done("ha_pair_peered_chat_500_for_40s", fs, a2, r)


Bench.ha500 = _ha500


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that atexit ends our children
    p = argparse.ArgumentParser()
    p.add_argument("--am-bin", default="/usr/bin/prometheus-alertmanager")
    p.add_argument("--relay-cmd")
    p.add_argument("--ingest-url")
    p.add_argument("--ingest-format", default="am-v2", choices=["am-v2", "am-webhook"])
    p.add_argument("--base-port", type=int, default=21000)
    p.add_argument("--tmp", default=tempfile.gettempdir())
    p.add_argument("--wait-quiet", type=float, default=0)
    p.add_argument("--out")
    p.add_argument("scenario", nargs="+")
    a = p.parse_args()
    b = Bench(a)
    for sc in a.scenario:
        getattr(b, sc)()


if __name__ == "__main__":
    main()
