// The form of a plan shows the fields that its choices need, and what the plan will do. It saves without this, too.
import "./people.js";

const form = document.querySelector("[data-plan-form]");
const preview = document.getElementById("preview");
let waiting = 0;
let asked = 0;

function fit() {
  for (const name of ["repeat", "assign"]) {
    const chosen = form.elements[name].value;
    for (const part of form.querySelectorAll(`[data-for-${name}]`)) {
      part.hidden = !part.getAttribute(`data-for-${name}`).split(" ").includes(chosen);
    }
  }
}

async function look() {
  const turn = ++asked;
  const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) }).catch(() => null);
  if (!answer?.ok || turn !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  preview.replaceChildren(...page.body.children);
}

form.addEventListener("change", fit);
form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, 400);
});
preview.addEventListener("click", (event) => {
  if (event.target.closest("[data-preview-now]")) look();
});
fit();
look();
