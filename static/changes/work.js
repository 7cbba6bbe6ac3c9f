// Every few seconds the page asks what the others did, and puts in what has changed; what is being typed stays.
const seconds = Number(document.querySelector("[data-poll]")?.dataset.poll ?? 0);

// A stage of hundreds of operations takes a moment: say that it runs.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-slow]")) return;
  event.target.querySelector("progress")?.removeAttribute("hidden");
});

const isBusy = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, textarea");
const hasText = (part) => [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value);

async function look() {
  if (document.hidden || document.querySelector("dialog[open]")) return;
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } }).catch(() => null);
  document.body.classList.toggle("is-offline", !answer?.ok);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || isBusy(part) || hasText(part)) continue;
    const open = [...part.querySelectorAll("details")].map((each) => each.open);
    const was = part.innerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
    if (was === next.innerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "")) continue;
    part.replaceChildren(...next.childNodes);
    part.querySelectorAll("details").forEach((each, n) => { each.open = open[n] ?? false; });
  }
}
if (seconds) setInterval(look, seconds * 1000);
