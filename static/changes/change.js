// Opens the dialog a refused form came back in, and dialogs by key: a approve, r reject, b back, s abstain, q ask.
for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();

// On a phone the state bar scrolls: begin where the change stands.
document.querySelector(".state-bar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  if (event.key === "?") {
    document.getElementById("keys")?.showModal();
    return;
  }
  document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not(:disabled)`)?.click();
});

// A voter has opened the change: noted by POST, so that a program that only follows links notes nothing.
const strip = document.querySelector("[data-reading]");
if (strip) {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
  fetch(strip.dataset.reading, { method: "POST", headers: { "X-CSRFToken": token } }).catch(() => {});
}
