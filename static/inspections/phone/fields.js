// The inputs of one card, by kind; each says its value and takes one.
import { h, icon } from "./dom.js";
import { choicesOf, ICON } from "./view.js";
import { t } from "./words.js";

const DESCRIBED = "card-help card-last card-trouble";

function number(cell, { typed, entered }) {
  const input = h("input", {
    class: "big", type: "text", inputmode: "decimal", enterkeyhint: "next", autocomplete: "off", id: "value",
    "aria-labelledby": "card-title card-unit", "aria-describedby": DESCRIBED, value: cell.isNa ? "" : cell.value,
    oninput: typed, onkeydown: (event) => { if (event.key === "Enter") { event.preventDefault(); entered(); } },
  });
  const turn = () => {
    input.value = input.value.startsWith("-") ? input.value.slice(1) : `-${input.value}`;
    input.focus();
    typed();
  };
  const row = h("div", { class: "number" }, input,
    cell.item.may_be_negative ? h("button", { class: "sign", type: "button", "aria-label": t("change_sign"), onclick: turn }, "±") : null,
    h("span", { class: "unit", id: "card-unit" }, cell.item.unit ?? ""));
  return { element: row, value: () => input.value.trim(), set: (value) => { input.value = value; }, focus: () => input.focus() };
}

function text(cell, { typed }) {
  const input = h("textarea", { class: "input", rows: 3, id: "value", "aria-labelledby": "card-title", "aria-describedby": DESCRIBED, value: cell.isNa ? "" : cell.value, oninput: typed });
  return { element: input, value: () => input.value.trim(), set: (value) => { input.value = value; }, focus: () => input.focus() };
}

function choice(cell, { chosen }) {
  const options = choicesOf(cell.item);
  const inputs = options.map((option) => h("input", { type: "radio", name: "value", value: option.value, checked: !cell.isNa && cell.value === option.value, onchange: () => chosen(option) }));
  const labels = options.map((option, place) => h("label", { class: `option is-${option.severity}` }, inputs[place], icon(ICON[option.severity] ?? "help"), h("span", {}, option.label)));
  const set = (value) => inputs.forEach((input) => { input.checked = input.value === value; });
  return {
    element: h("div", { class: `options${options.length === 2 ? " pair" : ""}`, role: "radiogroup", "aria-labelledby": "card-title", "aria-describedby": DESCRIBED }, labels),
    value: () => inputs.find((input) => input.checked)?.value ?? "",
    set, focus: () => (inputs.find((input) => input.checked) ?? inputs[0])?.focus(),
  };
}

/** The field of a cell: {element, value(), set(value), focus()}; a photo item has none, its photos are the answer. */
export function fieldOf(cell, handlers) {
  if (cell.item.kind === "number" || cell.item.kind === "machine") return number(cell, handlers);
  if (cell.item.kind === "text") return text(cell, handlers);
  if (cell.item.kind === "photo") return { element: null, value: () => "", set: () => {}, focus: () => {} };
  return choice(cell, handlers);
}
