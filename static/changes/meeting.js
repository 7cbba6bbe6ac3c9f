// Notes save themselves with the version they were read at; no link and no other form leaves a note that is not saved.
// The clock counts the time spent on the item.
const form = document.getElementById("notes");
const told = document.querySelector("[data-saved]");
const timer = document.querySelector("[data-timer]");
const LONG = 10 * 60;
let waiting = null;
let running = Promise.resolve();
let edits = 0;
let saved = 0;
let seconds = Number(timer?.dataset.timer ?? 0);

const clock = () => {
  if (!timer) return;
  timer.querySelector("[data-clock]").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  timer.classList.toggle("is-long", seconds >= LONG);
};
clock();
if (timer) {
  setInterval(() => {
    if (document.hidden) return;
    seconds += 1;
    clock();
    if (form && seconds % 30 === 0) save();
  }, 1000);
}

async function send() {
  const mine = edits;
  form.elements.seconds.value = String(seconds);
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    const body = await answer.json();
    if (answer.ok) {
      form.elements.row_version.value = body.row_version;
      saved = mine;
      if (saved === edits) told.textContent = form.dataset.done;
      return true;
    }
    told.textContent = (body.refusals ?? [form.dataset.failed]).join(" ");
  } catch {
    told.textContent = form.dataset.failed;
  }
  return false;
}

// One save after the other: each needs the version that the last one made.
function save() {
  clearTimeout(waiting);
  running = running.then(send);
  return running;
}

form?.addEventListener("input", () => {
  edits += 1;
  told.textContent = "…";
  clearTimeout(waiting);
  waiting = setTimeout(save, 800);
});
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});
// Before anything else of this page is sent or left; capturing, so that the frame hears only of what really goes out.
document.addEventListener("submit", async (event) => {
  if (event.target === form || edits === saved) return;
  event.preventDefault();
  event.stopPropagation();
  if (await save()) event.target.requestSubmit(event.submitter);
}, true);
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]:not([target], [download])");
  if (!form || !link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (edits === saved && !link.matches("[rel=next], [rel=prev]")) return;
  event.preventDefault();
  if (await save()) location.assign(link.href);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
});
