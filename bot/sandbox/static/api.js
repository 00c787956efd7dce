// The page's HTTP API: every call goes through here and never throws at the person.

const SILENT = "The sandbox does not answer. Is it still running?";

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch {
    return { ok: false, error: "offline", detail: SILENT };
  }
  let data = null;
  try {
    data = await response.json();
  } catch { /* an empty or foreign body; the status says enough */ }
  if (!response.ok) {
    const detail = (data && (data.detail || data.error)) || `The sandbox answered ${response.status}.`;
    return { ...(data || {}), ok: false, error: data?.error || `http_${response.status}`, detail };
  }
  return data && typeof data === "object" ? { ok: true, ...data } : { ok: true };
}

const query = (params) => {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value !== null && value !== undefined && value !== "") out.set(name, value);
  const text = out.toString();
  return text ? `?${text}` : "";
};

export const get = (name, params = {}) => call(`/sandbox/api/${name}${query(params)}`);

export const post = (name, body) => call(`/sandbox/api/${name}`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** Server-sent events with our own reconnect, so the page can say that it is cut off. */
export function stream({ onChanged, onTraffic, onLink }) {
  let source = null;
  let wait = 500;
  const open = () => {
    source = new EventSource("/sandbox/api/stream");
    source.addEventListener("open", () => { wait = 500; onLink(true); });
    source.addEventListener("changed", (event) => onChanged(read(event).what || []));
    source.addEventListener("traffic", (event) => onTraffic(read(event).n));
    source.addEventListener("error", () => {
      onLink(false);
      source.close();
      setTimeout(open, wait);
      wait = Math.min(wait * 2, 5000);
    });
  };
  const read = (event) => {
    try { return JSON.parse(event.data) || {}; } catch { return {}; }
  };
  open();
  addEventListener("pagehide", () => source?.close());
}
