// What the page knows: the server's state, where the person is, and refetching only what changed.

import { get, post, stream } from "./api.js";

export const store = {
  state: null,        // GET /sandbox/api/state, as it came
  as: null,           // whom we act as
  place: null,        // {kind: "channel", id} or {kind: "app", tab: "home" | "messages"}
  thread: null,       // {channel, ts} of the open thread
  messages: new Map(),  // channel -> list, thread key -> list
  users: new Map(),
  channels: new Map(),
  linked: true,
};

const listeners = new Map();
export function on(topic, fn) {
  if (!listeners.has(topic)) listeners.set(topic, []);
  listeners.get(topic).push(fn);
}
export function emit(topic, value) {
  for (const fn of listeners.get(topic) || []) fn(value);
}

export const me = () => store.users.get(store.as);
export const tz = () => me()?.tz || "UTC";
export const now = () => new Date(store.state?.now || 0);
export const botId = () => store.state?.app?.user;
export const botDm = () => (store.state?.dms || []).find((dm) => dm.user === botId()) || null;
export const threadKey = (thread) => `${thread.channel}|${thread.ts}`;

/** The channel or DM on screen, or null on the Home tab. */
export function openChannelId() {
  if (store.place?.kind === "channel") return store.place.id;
  if (store.place?.kind === "app" && store.place.tab === "messages") return botDm()?.id || null;
  return null;
}

export function conversation(id) {
  const channel = store.channels.get(id);
  if (channel) return { ...channel, kind: "channel", label: channel.name };
  const dm = (store.state?.dms || []).find((d) => d.id === id);
  if (dm) return { ...dm, kind: "dm", label: store.users.get(dm.user)?.real_name || dm.user };
  return null;
}

/** Coalesces calls of one loader: while one runs, further calls make exactly one more run. */
function coalesced(load) {
  const running = new Map();
  return (key) => {
    const current = running.get(key);
    if (current) { current.again = true; return current.promise; }
    const entry = { again: false };
    entry.promise = (async () => {
      do { entry.again = false; await load(key); } while (entry.again);
      running.delete(key);
    })();
    running.set(key, entry);
    return entry.promise;
  };
}

const loadState = coalesced(async () => {
  const as = store.as;
  const answer = await get("state", { as });
  if (answer.ok === false || as !== store.as) {
    if (answer.ok === false && answer.error !== "offline") emit("problem", answer);
    return;
  }
  store.state = answer;
  store.users = new Map((answer.users || []).map((u) => [u.id, u]));
  store.channels = new Map((answer.channels || []).map((c) => [c.id, c]));
  if (!store.as) store.as = answer.me || firstPerson()?.id || null;
  emit("state");
});
export const refreshState = () => loadState("state");

const loadMessages = coalesced(async (key) => {
  const [channel, ts] = key.split("|");
  const as = store.as;
  const answer = await get("messages", { as, channel, thread_ts: ts });
  if (answer.ok === false || as !== store.as) {
    if (answer.ok === false && answer.error !== "offline") { store.messages.set(key, []); emit("messages", key); }
    return;
  }
  store.messages.set(key, answer.messages || []);
  emit("messages", key);
});

export async function refreshOpen() {
  const channel = openChannelId();
  const jobs = [];
  if (channel) jobs.push(loadMessages(channel));
  if (store.thread) jobs.push(loadMessages(threadKey(store.thread)));
  await Promise.all(jobs);
}

const firstPerson = () => [...store.users.values()].find((u) => !u.is_bot && !u.deleted && !u.is_stranger);

/** One act of a person. Always brings the page up to date before it answers. */
export async function act(type, body = {}) {
  const answer = await post("act", { as: store.as, type, ...body });
  await Promise.all([refreshState(), refreshOpen()]);
  return answer;
}

export const suggest = (body) => post("suggest", { as: store.as, ...body });

export async function markRead() {
  const id = openChannelId();
  if (!id || document.hidden) return;
  const unread = conversation(id)?.unread;
  if (unread) { await post("act", { as: store.as, type: "read", channel: id }); await refreshState(); }
}

/** Channel to show first: one where the bot can be met. */
function firstPlace() {
  const joined = [...(store.state?.channels || [])].sort((a, b) => a.name.localeCompare(b.name)).filter((c) => c.is_member && !c.is_archived);
  const pick = joined.find((c) => c.bot_is_member && c.name !== "general") || joined[0] || (store.state?.channels || [])[0];
  return pick ? { kind: "channel", id: pick.id } : { kind: "app", tab: "home" };
}

const visible = (place) => place && (place.kind === "app" || conversation(place.id));

export async function go(place) {
  const dm = botDm();
  if (place.kind === "channel" && dm && place.id === dm.id) place = { kind: "app", tab: "messages" };
  const moved = JSON.stringify(place) !== JSON.stringify(store.place);
  store.place = place;
  if (moved) store.thread = null;
  remember();
  emit("place");
  if (place.kind === "app" && place.tab === "home") await act("home");
  else { await refreshOpen(); await markRead(); }
}

export async function actAs(id) {
  store.as = id;
  store.thread = null;
  store.messages.clear();
  await refreshState();
  if (!visible(store.place)) store.place = firstPlace();
  emit("person");
  await go(store.place);
}

export function openThread(channel, ts) {
  store.thread = { channel, ts };
  emit("thread");
  return refreshOpen();
}
export function closeThread() {
  store.thread = null;
  emit("thread");
}

// The address keeps person and place, so a reload or a second tab comes back to the same view.
function remember() {
  const where = store.place.kind === "channel" ? store.place.id : `app-${store.place.tab}`;
  history.replaceState(null, "", `#as=${store.as}&at=${where}`);
}
function recalled() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const at = hash.get("at") || "";
  const place = at.startsWith("app-") ? { kind: "app", tab: at === "app-messages" ? "messages" : "home" } : at ? { kind: "channel", id: at } : null;
  return { as: hash.get("as"), place };
}

export async function begin() {
  const wanted = recalled();
  store.as = wanted.as;
  await refreshState();
  if (!store.state || !store.users.get(store.as)) { store.as = null; await refreshState(); }
  const known = store.users.get(store.as);
  if (!known || known.is_bot) { store.as = firstPerson()?.id || null; await refreshState(); }
  store.place = visible(wanted.place) ? wanted.place : firstPlace();
  emit("person");
  stream({ onChanged: changed, onTraffic: (n) => emit("traffic", n), onLink: linked });
  await go(store.place);
  // Clocks that run by themselves send no event each minute.
  setInterval(() => { if (!document.hidden && store.linked) refreshState(); }, 30000);
  addEventListener("hashchange", () => {
    const next = recalled();
    if (next.as && next.as !== store.as && store.users.has(next.as)) { if (next.place) store.place = next.place; actAs(next.as); }
    else if (visible(next.place)) go(next.place);
  });
}

function linked(up) {
  const was = store.linked;
  store.linked = up;
  if (was !== up) emit("link");
  if (up && !was) { refreshState(); refreshOpen(); }
}

async function changed(what) {
  const open = [openChannelId(), store.thread?.channel];
  let state = false;
  let messages = false;
  for (const item of what) {
    const [kind, id] = String(item).split(":");
    if (kind === "messages") { state = true; messages ||= open.includes(id); }
    else if (kind === "home" || kind === "modals") state ||= !id || id === store.as;
    else state = true;
  }
  await Promise.all([state && refreshState(), messages && refreshOpen()]);
  if (messages) await markRead();
}
document.addEventListener("visibilitychange", () => { if (!document.hidden && store.state) markRead(); });
