// Configuration items are found while their name, serial number or address is typed; the form works without it.
const found = document.getElementById("items-found");
let waiting = 0;
let asked = "";

document.addEventListener("input", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || !("itemSearch" in input.dataset)) return;
  const text = input.value.trim().replace(/^[a-z0-9_]+:/, "");
  clearTimeout(waiting);
  if (text.length < 2 || text === asked) return;
  waiting = setTimeout(() => offer(text), 200);
});

async function offer(text) {
  asked = text;
  const query = new URLSearchParams({ search: text, page_size: "20" });
  const answer = await fetch(`/api/items/?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok || asked !== text) return;
  const { results = [] } = await answer.json();
  found.replaceChildren(...results.map((item) => new Option(item.name, item.address)));
}
