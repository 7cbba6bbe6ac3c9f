// Somebody chosen from a list is written under the names of a text field.
document.addEventListener("change", (event) => {
  if (!("addTo" in event.target.dataset) || !event.target.value) return;
  const list = document.getElementById(event.target.dataset.addTo);
  const names = list.value.split("\n").map((name) => name.trim()).filter(Boolean);
  if (!names.includes(event.target.value)) names.push(event.target.value);
  list.value = names.join("\n");
  event.target.value = "";
  list.dispatchEvent(new Event("input", { bubbles: true }));
});
