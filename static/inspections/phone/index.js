// Where one is in a run: the chips of its targets, and the list of every item.
import { h, icon } from "./dom.js";
import { ICON, TONE } from "./view.js";
import { t } from "./words.js";

function iconOf(target) {
  if (target.result !== "found") return "link_off";
  return target.gaps.length ? "radio_button_unchecked" : "check_circle";
}

const firstOf = (target) => (target.result === "found" ? (target.gaps[0] ?? target.cells[0])?.name : `target-${target.id}`);
const isHere = (target, stop) => stop === `target-${target.id}` || target.cells.some((cell) => cell.name === stop && target.result === "found");

/** One chip for each target, if there are several. */
export function targetChips(nav, view, stop, go) {
  nav.hidden = view.targets.length < 2;
  nav.replaceChildren(...view.targets.map((target) => h("button", {
    type: "button", class: `target-chip tone-${target.result !== "found" || target.gaps.length ? "neutral" : "good"}`, "aria-current": isHere(target, stop) ? "true" : null, onclick: () => go(firstOf(target)),
  }, icon(iconOf(target)), target.ci.name, " ", h("span", { class: "muted" }, `${target.done}/${target.cells.length}`))));
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function line(cell, stop, go) {
  const waits = cell.op ? "save" : "";
  const state = cell.severity && !cell.gap ? ICON[cell.severity] : "radio_button_unchecked";
  const said = cell.gap ? t(`gap_${cell.gap}`) : cell.severity ? t(cell.severity) : "";
  return h("li", {}, h("button", { type: "button", class: `index-line tone-${TONE[cell.severity] ?? "neutral"}`, "aria-current": cell.name === stop ? "true" : null, onclick: () => go(cell.name) },
    icon(state), h("span", { class: "index-label" }, cell.item.label), waits ? icon(waits) : null, h("span", { class: "muted" }, said)));
}

/** Every item of every target, and the end; a tap goes there. */
export function indexOf(nav, view, stop, go) {
  const parts = view.targets.map((target) => h("section", {},
    h("h2", {}, icon(iconOf(target)), target.ci.name, " ", h("span", { class: "muted" }, target.result === "found" ? `${target.done}/${target.cells.length}` : t(target.result))),
    target.result === "found" ? h("ul", {}, target.cells.map((cell) => line(cell, stop, go))) : null));
  nav.replaceChildren(...parts, h("button", { type: "button", class: "index-line", "aria-current": stop === "finish" ? "true" : null, onclick: () => go("finish") }, icon("task_alt"), h("span", { class: "index-label" }, t("finish"))));
}
