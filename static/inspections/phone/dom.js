// Elements without a template language, and the two ways of telling people something.

/** h("p", {class: "muted", onclick: f}, "text", child): attributes by name, listeners by on…, null left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked") element[key] = value;
    else if (value === true) element.setAttribute(key, "");
    else element.setAttribute(key, value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

/** An icon of the house font; never read aloud. */
export const icon = (name) => h("span", { class: "icon", "aria-hidden": "true" }, name);

/** A coloured mark: colour and icon and word. */
export const badge = (tone, name, ...words) => h("span", { class: `badge tone-${tone}` }, name ? icon(name) : null, ...words);

/** A note with a tone; `role` status or alert. */
export const note = (tone, name, ...content) => h("div", { class: `note tone-${tone}` }, icon(name), h("div", {}, ...content));

/** Said aloud by a screen reader; shown nowhere. */
export function announce(text) {
  const region = document.getElementById("spoken");
  region.textContent = "";
  region.textContent = text;
}

/** A question with two buttons; true if the person agrees. */
export function ask({ title, text, yes, no, tone = "primary", body = null }) {
  return new Promise((answered) => {
    const close = (said) => { dialog.close(); dialog.remove(); answered(said); };
    const dialog = h("dialog", { class: "dialog", "aria-labelledby": "ask-title", oncancel: () => close(false) },
      h("div", { class: "dialog-head" }, h("h2", { id: "ask-title" }, title)),
      h("div", { class: "dialog-body" }, text ? h("p", {}, text) : null, body),
      h("div", { class: "dialog-foot" },
        no ? h("button", { type: "button", class: "btn tall", onclick: () => close(false) }, no) : null,
        h("button", { type: "button", class: `btn btn-${tone} tall`, onclick: () => close(true) }, yes)));
    document.body.append(dialog);
    dialog.showModal();
  });
}
