// The frame of every page: the menu on a phone, theme switch, dialogs, forms that submit themselves, toasts.
const app = document.querySelector(".app");

const nearest = (event, selector) => event.target instanceof Element && event.target.closest(selector);

document.addEventListener("click", (event) => {
  const menu = nearest(event, "[data-nav]");
  if (menu) {
    const isOpen = app.classList.toggle("nav-open");
    menu.setAttribute("aria-expanded", String(isOpen));
    return;
  }
  if (app?.classList.contains("nav-open") && !nearest(event, ".side")) closeNav();

  const opener = nearest(event, "[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  const closer = nearest(event, "[data-close]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();

  const theme = nearest(event, "[data-theme]");
  if (theme) {
    window.houseTheme.choose(theme.dataset.theme);
    markTheme();
  }
  for (const open of document.querySelectorAll("details.menu[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  closeNav();
  for (const open of document.querySelectorAll("details.menu[open]")) open.open = false;
});

// Once sent, a form cannot be sent again by an impatient second click.
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-once]")) {
    setTimeout(() => event.target.querySelectorAll("button[type=submit]").forEach((b) => { b.disabled = true; }));
  }
});

// Who logs out while entries of inspections wait on this device is asked first (inspections/phone/outbox.js).
document.addEventListener("submit", async (event) => {
  const form = nearest(event, "form[data-waiting]");
  if (!form || form.dataset.asked) return;
  event.preventDefault();
  const { waitingFor } = await import("../inspections/phone/db.js");
  const count = await waitingFor(form.dataset.user).catch(() => 0);
  if (count && !window.confirm(form.dataset.waiting.replace("{n}", count))) return;
  form.dataset.asked = "yes";
  form.requestSubmit();
});

document.addEventListener("change", (event) => {
  nearest(event, "[data-autosubmit]")?.form?.requestSubmit();
});

function closeNav() {
  app?.classList.remove("nav-open");
  document.querySelector("[data-nav]")?.setAttribute("aria-expanded", "false");
}

function markTheme() {
  for (const button of document.querySelectorAll("[data-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.theme === window.houseTheme.chosen()));
  }
}
markTheme();

for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();

document.addEventListener("click", async (event) => {
  const copier = nearest(event, "[data-copy]");
  if (!copier) return;
  const source = document.getElementById(copier.dataset.copy);
  getSelection().selectAllChildren(source);
  // Plain-http addresses have no clipboard: the text stays selected, to be copied by hand.
  if (!navigator.clipboard) return;
  await navigator.clipboard.writeText(source.textContent);
  toast(copier.dataset.done, "good");
});

/** Shows a message at the foot of the page for six seconds. */
export function toast(text, tone = "info") {
  let holder = document.querySelector(".toasts");
  if (!holder) {
    holder = document.createElement("div");
    holder.className = "toasts";
    holder.setAttribute("role", "status");
    document.body.append(holder);
  }
  const line = document.createElement("div");
  line.className = `toast tone-${tone}`;
  line.textContent = text;
  holder.append(line);
  setTimeout(() => line.remove(), 6000);
}
