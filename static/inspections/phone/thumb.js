// The bar under the thumb: back, the answers that one tap gives, on.
import { h, icon } from "./dom.js";
import { ICON } from "./view.js";
import { t } from "./words.js";

const LOOK = { ok: "btn-good", warn: "btn-warn", crit: "btn-danger" };

/** {element, draw({isShown, place, count, options, value})}. */
export function bar({ previous, next, choose }) {
  const back = h("button", { type: "button", class: "btn", onclick: previous, "data-previous": true }, icon("chevron_left"), h("span", {}, t("back")));
  const on = h("button", { type: "button", class: "btn btn-primary", onclick: next, "data-next": true }, h("span", {}, t("next")), icon("chevron_right"));
  const middle = h("div", { class: "thumb-middle" });
  const element = h("div", { class: "thumb-bar", role: "toolbar", "aria-label": t("thumb_bar") }, back, middle, on);
  return {
    element,
    draw({ isShown, place, count, options, value }) {
      element.hidden = !isShown;
      back.disabled = place === 0;
      on.disabled = place === count - 1;
      const quick = options.length && options.length <= 3 ? options : [];
      const buttons = quick.map((option) => h("button", {
        type: "button", class: `btn ${LOOK[option.severity] ?? ""}`, "data-quick": option.severity, "aria-pressed": String(option.value === value), onclick: () => choose(option.value),
      }, icon(ICON[option.severity] ?? "help"), h("span", {}, option.label)));
      middle.replaceChildren(...(buttons.length ? buttons : [h("span", { class: "thumb-count" }, place < count - 1 ? `${place + 1} / ${count - 1}` : "")]));
    },
  };
}
