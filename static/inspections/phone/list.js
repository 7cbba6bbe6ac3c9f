// Today's runs: what is mine, what anybody may take, what has gone out.
import { h, icon, note } from "./dom.js";
import { unpressed } from "./press.js";
import { isTaking, TONE, viewOf } from "./view.js";
import { clock, t } from "./words.js";

const STATE = { scheduled: ["neutral", "schedule"], open: ["info", "assignment"], in_progress: ["info", "play_circle"], returned: ["warn", "undo"], submitted: ["serious", "rate_review"] };
const MANY = 8;

/** What can be done now before what opens later; the earliest deadline first. */
const byUrgency = (a, b) => Number(isTaking(b)) - Number(isTaking(a)) || new Date(a.due_at) - new Date(b.due_at);

function whenOf(view) {
  if (view.submission) return h("span", { class: "badge tone-info" }, icon("schedule_send"), t("submission_short"));
  if (!isTaking(view)) return h("span", { class: "muted" }, view.state === "scheduled" ? t("opens", { at: clock(view.opens_at) }) : view.state_word);
  if (new Date(view.due_at) < new Date()) return h("span", { class: "overdue" }, icon("timer"), t("was_due", { at: clock(view.due_at) }));
  return h("span", { class: "muted" }, t("due", { at: clock(view.due_at) }));
}

function row(view) {
  const [tone, name] = view.stuck.length ? ["bad", "error"] : (STATE[view.state] ?? ["neutral", "assignment"]);
  const words = view.stuck.length ? t("stuck", { n: view.stuck.length }) : t("waiting", { n: view.ops.length });
  const waits = view.ops.length ? h("span", { class: "waits" }, icon(view.stuck.length ? "error" : "save"), words) : null;
  const worst = ["warn", "crit"].includes(view.worst) ? h("span", { class: `badge tone-${TONE[view.worst]}` }, t(view.worst)) : null;
  return h("li", {}, h("a", { href: `#/run/${view.number}`, "data-run": view.number },
    h("span", { class: `run-icon tone-${tone}` }, icon(name)),
    h("span", { class: "run-what" }, h("strong", {}, view.group ? `${view.plan} · ${view.group}` : view.plan),
      h("span", { class: "muted" }, `${view.number} · ${view.state_word} · ${view.done}/${view.total}`), waits),
    h("span", { class: "run-when" }, whenOf(view), worst)));
}

function section(title, views) {
  if (!views.length) return null;
  return h("section", { class: "card", "aria-label": title }, h("div", { class: "card-head" }, h("h2", {}, title), h("span", { class: "badge tone-neutral" }, String(views.length))),
    h("ul", { class: "runs" }, views.map(row)));
}

function sentToday(app) {
  const sent = app.arrived.filter((each) => each.kind === "submit" && new Date(each.at).toDateString() === new Date().toDateString());
  if (!sent.length) return null;
  return h("section", { class: "card", "aria-label": t("sent_today") }, h("div", { class: "card-head" }, h("h2", {}, t("sent_today"))),
    h("ul", { class: "list" }, sent.map((each) => h("li", {}, h("a", { href: `/inspections/runs/${each.run}/` },
      h("span", {}, each.run), h("span", { class: "saved is-arrived" }, icon("cloud_done"), t("arrived_at", { at: clock(each.at) })))))));
}

/** Shows the list; returns refresh() and leave(). */
export function listPage(app, main) {
  let word = "";
  const body = h("div", { class: "stack" });
  const field = h("input", { type: "search", id: "find", autocomplete: "off", oninput: () => { word = field.value; draw(); } });
  const search = h("div", { class: "field find" }, h("label", { for: "find" }, t("find")), field);
  const fresh = h("p", { class: "muted", "data-fetched": true });
  const again = h("button", { type: "button", class: "btn tall", onclick: () => app.refreshBundle() }, icon("refresh"), t("refresh"));
  main.replaceChildren(h("div", { class: "list-head" }, h("div", {}, h("h1", { tabindex: -1 }, t("list")), fresh), again), search, body);

  function draw() {
    fresh.textContent = app.fetchedAt ? t("fetched", { at: clock(app.fetchedAt) }) : "";
    const views = app.runs.map((run) => viewOf(run, app.ops, app.drafts)).sort(byUrgency);
    search.hidden = views.length <= MANY;
    const wanted = word.trim().toLowerCase();
    const found = views.filter((view) => !wanted || [view.number, view.plan, view.group, ...view.targets.map((each) => each.ci.name)].join(" ").toLowerCase().includes(wanted));
    const parts = [section(t("mine"), found.filter((view) => view.is_mine)), section(t("for_anybody"), found.filter((view) => !view.is_mine)), sentToday(app)].filter(Boolean);
    if (!found.length) parts.unshift(empty(app, views.length));
    if (app.othersWaiting) parts.unshift(note("info", "person", t("others_waiting", { n: app.othersWaiting })));
    body.replaceChildren(...parts);
  }
  draw();
  if (app.hasMoved) main.querySelector("h1").focus({ preventScroll: true });
  return { refresh: unpressed(draw), leave: async () => {} };
}

function empty(app, count) {
  if (count) return h("div", { class: "empty" }, icon("search_off"), h("strong", {}, t("nothing_found")));
  if (!app.fetchedAt && app.connection === "checking") return h("div", { class: "empty" }, icon("sync"), h("strong", {}, t("checking")));
  if (!app.fetchedAt) return h("div", { class: "empty" }, icon("cloud_off"), h("strong", {}, t("not_loaded")), h("p", {}, t("not_loaded_text")));
  return h("div", { class: "empty" }, icon("task_alt"), h("strong", {}, t("nothing_due")), h("p", {}, t("nothing_due_text")));
}
