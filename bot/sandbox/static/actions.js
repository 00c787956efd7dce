// Extra buttons: what the host registered (alerts and the like), and people leaving the workspace.

import { el, clear, toast } from "./dom.js";
import { post } from "./api.js";
import { confirmDialog } from "./popup.js";
import { combobox } from "./combobox.js";
import { store, act, refreshState, refreshOpen } from "./store.js";

export function actionsTab(host) {
  let drawn = "";

  async function fire(button, node) {
    node.classList.add("busy");
    node.disabled = true;
    const answer = await post("panel", { id: button.id });
    await Promise.all([refreshState(), refreshOpen()]);
    node.classList.remove("busy");
    node.disabled = false;
    if (answer.ok === false) toast(answer.detail || answer.error, "error");
    else toast(answer.detail || `Done: ${button.label}`);
  }

  function group(name, buttons) {
    return el("section", { class: "action-group" }, el("h3", { text: name }), buttons.map((b) => {
      const node = el("button", { type: "button", class: "action", "data-testid": `panel-${b.id}`, on: { click: () => fire(b, node) } }, el("span", { class: "strong", text: b.label }), b.description ? el("span", { class: "small muted", text: b.description }) : null);
      return node;
    }));
  }

  async function leave(id) {
    const user = store.users.get(id);
    const sure = await confirmDialog({ title: { text: `${user.real_name} leaves?` }, text: { text: "The account is deactivated, as when somebody leaves the company. Their duties need a new owner." }, confirm: { text: "Deactivate" }, deny: { text: "Cancel" }, style: "danger" });
    if (!sure) return false;
    const answer = await act("remove_user", { user: id });
    if (answer.ok === false) toast(answer.detail || answer.error, "error");
    else toast(`${user.real_name} has left the workspace`);
    drawn = "";
    update();
    return true;
  }

  function update() {
    const state = store.state;
    if (!state) return;
    const people = [...store.users.values()].filter((u) => !u.is_bot && !u.deleted && u.id !== store.as);
    const signature = JSON.stringify([state.panel, people.map((u) => u.id)]);
    if (signature === drawn) return;
    drawn = signature;
    const groups = new Map();
    for (const button of state.panel || []) groups.set(button.group || "Actions", [...(groups.get(button.group || "Actions") || []), button]);
    clear(host, [...groups].map(([name, buttons]) => group(name, buttons)),
      el("section", { class: "action-group" }, el("h3", { text: "Workspace" }), el("p", { class: "small muted", text: "Somebody leaves the company:" }),
        combobox({ label: "Person who leaves", placeholder: "Choose a person", options: people.map((u) => ({ key: u.id, label: u.real_name || u.name, description: u.title })), onChange: (keys) => (keys[0] ? leave(keys[0]) : true) })));
  }
  return { update };
}
