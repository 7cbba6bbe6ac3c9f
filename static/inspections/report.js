// Reports: the print button, a page that looks again until the worker is done, a file that is dropped.
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

if (document.querySelector("[data-reload]")) setTimeout(() => window.location.reload(), 2000);

const form = document.querySelector("form[data-drop]");
const over = (event, isOver) => {
  event.preventDefault();
  form.classList.toggle("is-over", isOver);
};
form?.addEventListener("dragover", (event) => over(event, true));
form?.addEventListener("dragleave", (event) => over(event, false));
form?.addEventListener("drop", (event) => {
  over(event, false);
  if (!event.dataTransfer.files.length) return;
  form.elements.file.files = event.dataTransfer.files;
  form.requestSubmit();
});
