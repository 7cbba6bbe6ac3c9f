// A proposed slot fills the dialog that it opens; without that dialog (no right to move the change) it is only text.
for (const button of document.querySelectorAll("button[data-fill-window_start]")) {
  const dialog = document.getElementById(button.dataset.dialog);
  if (!dialog) {
    const text = document.createElement("span");
    text.className = "chip";
    text.append(...button.childNodes);
    button.replaceWith(text);
    continue;
  }
  button.addEventListener("click", () => {
    for (const [name, value] of [
      ["window_start", button.getAttribute("data-fill-window_start")],
      ["window_end", button.getAttribute("data-fill-window_end")],
    ]) {
      const input = dialog.querySelector(`[name="${name}"]`);
      if (input) input.value = value;
    }
  });
}
