// Opens the dialog a refused form came back in, and the vote by key: a approve, r reject.
for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();

// On a phone the state bar scrolls: begin where the change stands.
document.querySelector(".state-bar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  const button = document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
  if (button) button.click();
});
