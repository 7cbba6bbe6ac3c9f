// The outbox as a page: every entry with what keeps it, and a way out for each.
import { ask, badge, h, icon, note } from "./dom.js";
import { drop, hurry, keepMine, WAITING } from "./outbox.js";
import { unpressed } from "./press.js";
import { choicesOf, shown } from "./view.js";
import { clock, t } from "./words.js";

const LOOK = { saved: ["neutral", "save"], sending: ["info", "sync"], conflict: ["warn", "call_split"], error: ["bad", "error"] };

function partsOf(app, op) {
  const run = app.runs.find((each) => each.number === op.run);
  const item = run?.items.find((each) => each.id === op.payload.item);
  const target = run?.targets.find((each) => each.id === op.payload.target);
  return { run, item, target };
}

function valueOf(item, value) {
  if (!value) return "";
  if (!item) return String(value.value ?? "");
  return [shown({ ...item, choices: choicesOf(item) }, String(value.value ?? ""), value.is_na, t), value.comment].filter(Boolean).join(" · ");
}

function titleOf(app, op) {
  const { item, target } = partsOf(app, op);
  const what = { submit: t("submit"), photo: `${t("photo")}: ${item?.label ?? ""}`, withdraw: `${t("photo_drop")}: ${item?.label ?? ""}`, target: t(op.payload.result ?? "result"), all_good: t("all_good", { n: op.payload.items?.length ?? 0 }) };
  return [target?.ci.name, what[op.kind] ?? item?.label ?? op.slot].filter(Boolean).join(" · ");
}

/** Everything there is about an entry, as text that somebody can send by other ways. */
export function asJson(app, ops) {
  return JSON.stringify(ops.map((op) => {
    const { item, target } = partsOf(app, op);
    return { idempotency_key: op.key, kind: op.kind, run: op.run, ci: target?.ci.name, item: item?.key, label: item?.label, payload: op.payload, made_at: op.made_at, attempts: op.attempts, status: op.status, http: op.http, error: op.error, refusals: op.refusals };
  }), null, 2);
}

/** Into the clipboard; shown to be copied by hand where there is none (plain http). */
async function copy(app, ops) {
  const text = asJson(app, ops);
  try {
    await navigator.clipboard.writeText(text);
    app.say(t("copied"));
  } catch {
    const area = h("textarea", { class: "input mono", rows: 12, readonly: true, "aria-label": t("copy_json"), value: text });
    const answered = ask({ title: t("copy_json"), text: t("copy_by_hand"), body: area, yes: t("close") });
    area.select();
    await answered;
  }
}

async function saveAs(app, op) {
  const photo = await app.store.get("photos", op.key);
  if (!photo) return;
  const url = URL.createObjectURL(new Blob([photo.bytes], { type: photo.type }));
  h("a", { href: url, download: photo.name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function card(app, op, deeds) {
  const [tone, name] = LOOK[op.status] ?? LOOK.saved;
  const { item } = partsOf(app, op);
  const isWaiting = WAITING.includes(op.status);
  const mine = op.kind === "answer" ? valueOf(item, op.payload) : op.kind === "target" ? op.payload.reason : (op.payload.name ?? "");
  const state = { saved: app.connection === "login" ? t("saved_here_login") : t("saved_here"), sending: app.isSending ? t("sending") : t("saved_here"), conflict: t("conflict"), error: t("not_sent") };
  const later = op.next_at > Date.now() ? t("next_try", { at: clock(op.next_at) }) : "";
  const why = [op.error, ...(op.refusals ?? []).map((each) => `${each.message} ${each.fix ?? ""}`.trim())].filter((text, place, all) => text && all.indexOf(text) === place);
  return h("li", { class: "entry", "data-op": op.key, "data-status": op.status },
    h("div", { class: "entry-head" }, h("strong", {}, titleOf(app, op)), badge(tone, name, state[op.status])),
    h("p", { class: "muted" }, `${op.run} · ${t("made_at", { at: clock(op.made_at) })}${op.attempts ? ` · ${t("attempts", { n: op.attempts })}` : ""}${later ? ` · ${later}` : ""}`),
    op.status === "conflict" ? both(item, op, mine) : mine ? h("p", { class: "wrap-anywhere" }, mine) : null,
    why.length ? h("p", { class: "trouble" }, why.join(" ")) : null,
    h("div", { class: "row entry-deeds" },
      op.status === "conflict" ? [h("button", { type: "button", class: "btn btn-primary tall", onclick: () => deeds.keep(op), "data-keep-mine": true }, icon("check"), t("keep_mine")), h("button", { type: "button", class: "btn tall", onclick: () => deeds.drop(op, true), "data-take-theirs": true }, t("take_theirs"))] : null,
      isWaiting || op.status === "error" ? h("button", { type: "button", class: "btn tall", onclick: () => deeds.retry(op), "data-retry": true }, icon("refresh"), t("retry")) : null,
      h("button", { type: "button", class: "btn tall", onclick: () => copy(app, [op]), "data-copy-json": true }, icon("content_copy"), t("copy_json")),
      op.kind === "photo" ? h("button", { type: "button", class: "btn tall", onclick: () => saveAs(app, op) }, icon("download"), t("save_photo")) : null,
      op.status === "sending" && app.isSending ? null : h("button", { type: "button", class: "btn btn-quiet tall", onclick: () => deeds.drop(op, false), "data-drop": true }, icon("delete"), t("drop"))));
}

function both(item, op, mine) {
  const theirs = op.theirs;
  return h("dl", { class: "both" },
    h("div", { class: "tone-info" }, h("dt", {}, t("mine_value")), h("dd", {}, mine), h("dd", { class: "muted" }, clock(op.made_at))),
    h("div", { class: "tone-warn" }, h("dt", {}, t("theirs_value")), h("dd", {}, valueOf(item, theirs) || "—"), h("dd", { class: "muted" }, theirs ? [theirs.by, clock(theirs.observed_at ?? theirs.received_at)].filter(Boolean).join(" · ") : "")));
}

function arrivedList(app) {
  const last = [...app.arrived].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, 20);
  if (!last.length) return null;
  return h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, t("arrived_lately"))),
    h("ul", { class: "list" }, last.map((each) => h("li", {}, h("div", { class: "item" }, h("span", {}, titleOf(app, each)), h("span", { class: "saved is-arrived" }, icon("cloud_done"), t("arrived_at", { at: clock(each.at) })))))));
}

/** Shows the outbox; returns refresh() and leave(). */
export function outboxPage(app, main) {
  const body = h("div", { class: "stack" });
  const deeds = {
    retry: async (op) => { await hurry(app.store, op.key); await app.changed(); app.send(); },
    keep: async (op) => { await keepMine(app.store, op); await app.changed(); app.send(); },
    drop: async (op, isTheirs) => {
      const question = isTheirs ? { title: t("take_theirs"), text: t("take_theirs_text"), yes: t("take_theirs") } : { title: t("drop_title"), text: t("drop_text"), yes: t("drop"), tone: "danger" };
      if (!(await ask({ ...question, no: t("cancel") }))) return;
      await drop(app.store, op);
      await app.changed();
      app.send();
    },
  };
  const all = h("div", { class: "row" });
  main.replaceChildren(h("div", { class: "list-head" }, h("h1", { tabindex: -1 }, t("outbox")), all), body);

  function draw() {
    const ops = app.ops;
    all.replaceChildren(...(ops.length ? [
      h("button", { type: "button", class: "btn btn-primary tall", onclick: async () => { await hurry(app.store); await app.changed(); app.send(); }, "data-send-all": true }, icon("send"), t("send_now")),
      h("button", { type: "button", class: "btn tall", onclick: () => copy(app, ops) }, icon("content_copy"), t("copy_all"))] : []));
    const groups = [["to_decide", ops.filter((op) => op.status === "conflict")], ["refused", ops.filter((op) => op.status === "error")], ["waits_title", ops.filter((op) => WAITING.includes(op.status))]];
    const cards = groups.filter(([, each]) => each.length).map(([key, each]) => h("section", { class: "card", "data-group": key }, h("div", { class: "card-head" }, h("h2", {}, t(key)), h("span", { class: "badge tone-neutral" }, String(each.length))), h("ul", { class: "entries" }, each.map((op) => card(app, op, deeds)))));
    const parts = cards.length ? cards : [h("div", { class: "empty" }, icon("cloud_done"), h("strong", {}, t("outbox_empty")), h("p", {}, t("outbox_empty_text")))];
    if (app.othersWaiting) parts.unshift(note("info", "person", t("others_waiting", { n: app.othersWaiting })));
    body.replaceChildren(...[...parts, arrivedList(app)].filter(Boolean));
  }
  draw();
  main.querySelector("h1").focus({ preventScroll: true });
  return { refresh: unpressed(draw), leave: async () => {} };
}
