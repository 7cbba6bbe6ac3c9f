// The last card: what is missing, what is bad, and the submission.
import { badge, h, icon, note } from "./dom.js";
import { ICON, shown, TONE } from "./view.js";
import { t } from "./words.js";

const SHOWN = 40;

function gapList(view, go) {
  const isMany = view.targets.length > 1;
  const lines = view.gaps.slice(0, SHOWN).map((cell) => h("li", {}, h("button", { type: "button", class: "gap", onclick: () => go(cell.name) },
    icon("radio_button_unchecked"), h("span", {}, isMany ? `${cell.target.ci.name}: ${cell.item.label}` : cell.item.label), h("span", { class: "muted" }, t(`gap_${cell.gap}`)))));
  return h("div", { "data-gaps": true }, h("p", { class: "strong" }, t("gaps", { n: view.gaps.length })), h("ul", { class: "gaps" }, lines),
    view.gaps.length > SHOWN ? h("p", { class: "muted" }, t("more", { n: view.gaps.length - SHOWN })) : null);
}

function badList(view, go) {
  const bad = view.cells.filter((cell) => cell.isOpen && ["warn", "crit"].includes(cell.severity));
  if (!bad.length) return null;
  return h("div", {}, h("p", { class: "strong" }, t("what_is_wrong")), h("ul", { class: "gaps" }, bad.slice(0, SHOWN).map((cell) => h("li", {}, h("button", { type: "button", class: "gap", onclick: () => go(cell.name) },
    badge(TONE[cell.severity], ICON[cell.severity], t(cell.severity)), h("span", {}, `${cell.target.ci.name} · ${cell.item.label}: ${shown(cell.item, cell.value, cell.isNa, t)}`))))));
}

/** The card with the list of gaps; submitting is possible when there is none. */
export function finishOf(app, view, { go, submit }) {
  const isBlocked = view.gaps.length > 0 || view.stuck.length > 0;
  const waiting = view.ops.length;
  return h("section", { class: "probe finish", "data-finish": true, "aria-labelledby": "finish-title" },
    h("h2", { id: "finish-title", tabindex: -1 }, t("finish")),
    h("p", { class: "muted" }, t("answered", { n: view.done, total: view.total })),
    view.gaps.length ? gapList(view, go) : h("p", { class: "row" }, icon("check_circle"), t("no_gaps")),
    badList(view, go),
    view.stuck.length ? note("bad", "error", t("stuck", { n: view.stuck.length }), " ", h("a", { href: "#/outbox" }, t("outbox"))) : null,
    waiting && !view.stuck.length ? h("p", { class: "muted", "data-waiting": true }, t("goes_out", { n: waiting })) : null,
    h("div", { class: "finish-actions" },
      h("button", { type: "button", class: "btn btn-primary", disabled: isBlocked, "aria-describedby": isBlocked ? "why-not" : null, onclick: submit, "data-submit": true }, icon("task_alt"), t("submit")),
      isBlocked ? h("p", { class: "why", id: "why-not" }, icon("block"), view.gaps.length ? t("submit_blocked") : t("submit_stuck")) : null));
}
