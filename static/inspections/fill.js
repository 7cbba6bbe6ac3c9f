// The sheet of a run: each card saves itself, every operation has its own key, nothing typed is ever thrown away.
const sheet = document.querySelector("[data-sheet]");
const words = JSON.parse(document.getElementById("sheet-words")?.textContent ?? "{}");
if (sheet) begin();

function begin() {
  const cards = [...sheet.querySelectorAll("[data-card]")];
  const probes = cards.filter((card) => card.dataset.item);
  const finish = sheet.querySelector("[data-finish]");
  const bar = sheet.querySelector("[data-thumb]");
  const narrow = window.matchMedia("(max-width: 639px)");
  const token = sheet.querySelector("[name=csrfmiddlewaretoken]").value;
  const saves = new Map();
  const onward = finish.querySelector("a[data-onward]");
  let current = 0;

  for (const card of probes) {
    saves.set(card, { shownAt: 0, dwell: 0, timer: 0, wait: 0, busy: false, sent: body(card), op: null, opFor: "" });
    const sign = card.querySelector("[data-sign]");
    if (sign) sign.hidden = false;
    fold(card);
  }
  const at = cards.findIndex((card) => `#${card.id}` === location.hash);
  show(at >= 0 ? at : Math.max(cards.findIndex((card) => card.dataset.item && isGap(card)), 0), false);
  fit();
  narrow.addEventListener("change", fit);
  refresh();

  sheet.addEventListener("input", (event) => {
    const card = event.target.closest("[data-item]");
    if (!card || event.target.type === "radio" || event.target.type === "checkbox") return;
    difference(card);
    later(card, event.target.matches("[data-comment]") ? 1500 : 900);
  });
  sheet.addEventListener("change", (event) => {
    const card = event.target.closest("[data-item]");
    if (!card) return;
    if (event.target.matches("[data-na]") && event.target.checked) clearValue(card);
    if (event.target.matches("[data-value]")) {
      const na = card.querySelector("[data-na]");
      if (na) na.checked = false;
    }
    fold(card);
    later(card, 0);
  });
  sheet.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input[data-value]")) return;
    event.preventDefault();
    step(1);
  });
  sheet.addEventListener("click", (event) => {
    const card = event.target.closest("[data-item]");
    if (event.target.closest("[data-retry]")) {
      saves.get(card).wait = 0;
      later(card, 0);
    }
    if (event.target.closest("[data-sign]")) turnSign(card);
    if (event.target.closest("[data-add-comment]")) {
      card.dataset.isCommenting = "";
      fold(card);
      card.querySelector("[data-comment]").focus();
    }
    if (event.target.closest("[data-previous]")) step(-1);
    if (event.target.closest("[data-next]")) step(1);
    const quick = event.target.closest("[data-quick]");
    if (quick) choose(quick.dataset.quick);
    const link = event.target.closest(".gaps a");
    const index = link ? cards.findIndex((each) => link.hash === `#${each.id}`) : -1;
    if (index >= 0) {
      event.preventDefault();
      show(index, true);
    }
  });
  sheet.addEventListener("focusin", (event) => {
    const card = event.target.closest("[data-item]");
    const save = saves.get(card);
    if (save && !save.shownAt) save.shownAt = Date.now();
  });
  window.addEventListener("online", () => probes.filter(isUnsaved).forEach((card) => later(card, 0)));
  window.addEventListener("beforeunload", (event) => {
    if (probes.some(isUnsaved) && !sheet.dataset.leaving) event.preventDefault();
  });
  // The form carries every answer of this page: what did not arrive card by card arrives with it.
  // A save still on its way would meet a run that takes no answers any more: it arrives first.
  const form = sheet.querySelector("[data-cards]");
  const isBusy = () => [...saves.values()].some((save) => save.busy);
  let hasWaited = false;
  form.addEventListener("submit", async (event) => {
    sheet.dataset.leaving = "yes";
    saves.forEach((save) => clearTimeout(save.timer));
    if (hasWaited || !isBusy()) return;
    event.preventDefault();
    for (let waited = 0; isBusy() && waited < 5000; waited += 50) await new Promise((done) => setTimeout(done, 50));
    hasWaited = true;
    form.requestSubmit(event.submitter);
  });

  function fit() {
    sheet.classList.toggle("is-one-card", narrow.matches);
    bar.hidden = !narrow.matches;
  }

  function show(index, isMoved) {
    const left = saves.get(cards[current]);
    if (left?.shownAt) {
      left.dwell += Date.now() - left.shownAt;
      left.shownAt = 0;
    }
    current = Math.min(Math.max(index, 0), cards.length - 1);
    cards.forEach((card, place) => card.classList.toggle("is-current", place === current));
    const card = cards[current];
    const save = saves.get(card);
    if (save) save.shownAt = Date.now();
    if (card === finish) refresh();
    if (isMoved) {
      if (narrow.matches) window.scrollTo({ top: Math.max(sheet.offsetTop - 72, 0) });
      else card.scrollIntoView({ block: "center" });
      card.querySelector("input.big")?.focus({ preventScroll: true });
    }
    drawBar(card);
  }

  function drawBar(card) {
    const options = card.dataset.kind === "pass_fail" ? [...card.querySelectorAll("[data-value]")] : [];
    bar.querySelectorAll("[data-quick]").forEach((button, place) => {
      button.hidden = options.length !== 2;
      if (options[place]) button.querySelector("[data-quick-word]").textContent = options[place].parentElement.lastElementChild.textContent;
    });
    bar.querySelector("[data-previous]").disabled = current === 0;
    bar.querySelector("[data-next]").disabled = current === cards.length - 1 && !onward;
    const count = bar.querySelector("[data-count]");
    count.hidden = options.length === 2;
    count.textContent = card.dataset.item ? `${current + 1} / ${cards.length - 1}` : "";
  }

  function step(by) {
    const card = cards[current];
    if (card.dataset.item) later(card, 0);
    if (by > 0 && card === finish) onward?.click();
    else show(current + by, true);
  }

  function choose(which) {
    const [good, bad] = cards[current].querySelectorAll("[data-value]");
    const wanted = which === "ok" ? good : bad;
    wanted.checked = true;
    wanted.dispatchEvent(new Event("change", { bubbles: true }));
    if (which === "ok") step(1);
    else cards[current].querySelector("[data-comment]").focus();
  }

  function value(card) {
    const inputs = [...card.querySelectorAll("[data-value]")];
    if (inputs[0].type === "radio") return inputs.find((input) => input.checked)?.value ?? "";
    return inputs[0].value.trim();
  }

  function clearValue(card) {
    for (const input of card.querySelectorAll("[data-value]")) {
      if (input.type === "radio") input.checked = false;
      else input.value = "";
    }
  }

  function body(card) {
    const isNa = card.querySelector("[data-na]")?.checked ?? false;
    return JSON.stringify([isNa ? "" : value(card), isNa, card.querySelector("[data-comment]").value.trim()]);
  }

  function isEmpty(card) {
    const [typed, isNa] = JSON.parse(body(card));
    return !typed && !isNa;
  }

  function isUnsaved(card) {
    return !isEmpty(card) && body(card) !== saves.get(card).sent;
  }

  function isGap(card) {
    if (card.querySelector("[data-needed]").hidden === false) return true;
    return isEmpty(card) && "required" in card.dataset;
  }

  /** The comment appears when the answer is bad or somebody asks for it; without JavaScript it is always there. */
  function fold(card) {
    const chosen = card.querySelector("[data-value]:checked");
    const isBad = chosen ? chosen.dataset.severityOf !== "ok" : card.matches(".tone-warn, .tone-bad");
    const comment = card.querySelector("[data-comment]");
    const isWanted = isBad || comment.value || !card.querySelector("[data-needed]").hidden || "isCommenting" in card.dataset;
    card.querySelector("[data-comment-block]").classList.toggle("is-folded", !isWanted);
    card.querySelector("[data-add-comment]").hidden = Boolean(isWanted);
  }

  function difference(card) {
    const line = card.querySelector("[data-delta-line]");
    if (!line) return;
    const typed = Number(value(card));
    const isKnown = card.dataset.last !== "" && value(card) !== "" && Number.isFinite(typed);
    const places = Math.max(...[value(card), card.dataset.last].map((text) => (text.split(".")[1] ?? "").length));
    const delta = typed - Number(card.dataset.last);
    line.hidden = !isKnown || delta === 0;
    card.querySelector("[data-delta]").textContent = `${delta > 0 ? "+" : "−"}${Math.abs(delta).toFixed(places)}`;
  }

  function turnSign(card) {
    const input = card.querySelector("[data-value]");
    input.value = input.value.startsWith("-") ? input.value.slice(1) : `-${input.value}`;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  }

  function later(card, milliseconds) {
    const save = saves.get(card);
    clearTimeout(save.timer);
    save.timer = setTimeout(() => send(card), milliseconds);
  }

  async function send(card) {
    const save = saves.get(card);
    if (save.busy || !isUnsaved(card)) return;
    const now = body(card);
    // The same content keeps its key: a retry, a double tap or a lost answer does nothing twice.
    if (save.opFor !== now) Object.assign(save, { op: uuid(), opFor: now });
    const [typed, isNa, comment] = JSON.parse(now);
    const dwell = save.dwell + (save.shownAt ? Date.now() - save.shownAt : 0);
    save.busy = true;
    say(card, words.saving, "sync", "");
    try {
      const response = await fetch(sheet.dataset.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify({
          answers: [{
            op: save.op, target: Number(card.dataset.target), item: Number(card.dataset.item), value: typed, is_na: isNa,
            comment, observed_at: new Date().toISOString(), dwell_seconds: Math.round(dwell / 1000),
          }],
        }),
      });
      if (response.status === 401 || response.status === 403) return failed(card, words.login, false);
      const answer = await response.json();
      if (!response.ok) return failed(card, answer.error?.message ?? String(response.status), response.status >= 500, answer);
      arrived(card, answer.results[0], now);
    } catch {
      failed(card, words.offline, true);
    } finally {
      save.busy = false;
      if (isUnsaved(card) && !save.wait) later(card, 300);
    }
  }

  function arrived(card, result, sent) {
    if (result.error) return failed(card, result.error, false);
    const save = saves.get(card);
    Object.assign(save, { sent, wait: 0 });
    card.className = card.className.replace(/tone-\w+/, `tone-${result.tone}`);
    card.dataset.state = "saved";
    const badge = card.querySelector("[data-severity]");
    badge.className = `badge tone-${result.tone}`;
    badge.hidden = false;
    badge.querySelector(".icon").textContent = result.icon;
    badge.querySelector("[data-word]").textContent = result.word;
    card.querySelector("[data-needed]").hidden = !result.needs_comment || result.has_comment;
    card.querySelector("[data-retry]").hidden = true;
    say(card, `${words.saved} ${result.saved_at}`, "cloud_done", "is-saved");
    fold(card);
    refresh();
  }

  function failed(card, why, isTemporary, answer) {
    const save = saves.get(card);
    const reasons = (answer?.error?.refusals ?? []).map((refusal) => refusal.message).join(" ");
    say(card, `${words.failed}: ${reasons || why}`, "cloud_off", "is-failed");
    card.querySelector("[data-retry]").hidden = false;
    save.wait = isTemporary ? Math.min((save.wait || 1000) * 2, 60000) : 3600000;
    if (isTemporary) later(card, save.wait);
  }

  function say(card, text, icon, state) {
    const line = card.querySelector("[data-saved]");
    const mark = document.createElement("span");
    mark.className = "icon";
    mark.ariaHidden = "true";
    mark.textContent = icon;
    line.className = `saved ${state}`;
    line.replaceChildren(mark, ` ${text}`);
  }

  /** The progress bar, and what is still to do on this page. */
  function refresh() {
    const gaps = probes.filter(isGap);
    const progress = sheet.querySelector("[data-progress]");
    progress.value = probes.filter((card) => !isEmpty(card) && !isGap(card)).length;
    const chip = sheet.querySelector("[data-done]");
    if (chip) chip.textContent = `${progress.value}/${probes.length}`;
    const list = finish.querySelector(".gaps");
    if (!list) return;
    const here = new Set(probes.map((card) => card.dataset.target));
    list.querySelectorAll("li").forEach((line) => { if (here.has(line.dataset.of)) line.remove(); });
    const lines = gaps.map((card) => {
      const line = document.createElement("li");
      line.dataset.of = card.dataset.target;
      const link = document.createElement("a");
      link.href = `#${card.id}`;
      link.textContent = card.querySelector("h2").textContent;
      line.append(link);
      return line;
    });
    list.prepend(...lines);
    const title = finish.querySelector("[data-gaps] p");
    title.textContent = list.children.length ? words.left : words.done;
  }
}

/** crypto.randomUUID is missing on plain http addresses. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
