// The keyboard of the calendar: ← → t go on in time, m w s l choose the view; each is a link of the page.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
  if (event.target.closest(".ec") && event.key.startsWith("Arrow")) return;
  const key = { ArrowLeft: "left", ArrowRight: "right" }[event.key] ?? event.key;
  const link = document.querySelector(`a[data-key="${CSS.escape(key)}"]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
});
