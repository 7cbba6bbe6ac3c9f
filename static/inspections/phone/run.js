// A run on the phone: one card after the other, nothing typed ever lost.
import { ask, badge, h, icon, note } from "./dom.js";
import { cardOf } from "./card.js";
import { tidy } from "./decimal.js";
import { finishOf } from "./finish.js";
import { indexOf, targetChips } from "./index.js";
import { enqueue } from "./outbox.js";
import { unpressed } from "./press.js";
import { bar } from "./thumb.js";
import { choicesOf, isTaking, troubleWith, viewOf } from "./view.js";
import { stayAwake } from "./wake.js";
import { clock, t } from "./words.js";

/** Shows a run at one place; returns what the frame needs: refresh(), leave(). */
export function runPage(app, main, number, at) {
  const find = () => app.runs.find((each) => each.number === number);
  if (!find()) {
    main.replaceChildren(missing(number));
    return { refresh: () => { if (find()) app.draw(); }, leave: async () => {} };
  }
  let view = viewOf(find(), app.ops, app.drafts);
  let card = null;
  let committing = Promise.resolve();
  let isLeft = false;
  let here = location.hash;
  let isOpenHere = false;  // what is drawn takes answers
  let dwell = { name: "", since: 0, spent: 0 };
  const head = h("div", { class: "run-head" });
  const desk = h("div", { class: "desk" });
  const index = h("nav", { class: "index", id: "index", "aria-label": t("all_items") });
  const chips = h("nav", { class: "targets", "aria-label": t("targets") });
  const thumb = bar({ previous: () => step(-1), next: () => step(1), choose: (value) => card?.choose(value) });
  main.replaceChildren(head, h("div", { class: "sheet" }, h("div", { class: "column" }, chips, desk), index), thumb.element);
  stayAwake(isTaking(view));

  /** Where one can be: every cell of a target that was found, then the end. */
  const stops = () => [...view.targets.flatMap((target) => (target.result === "found" ? target.cells.map((cell) => cell.name) : [`target-${target.id}`])), "finish"];
  let stop = stops().includes(at) ? at : (view.gaps[0]?.name ?? stops().at(-1));

  /** The address says where one is. */
  function stand() {
    history.replaceState(null, "", address(number, stop));
    here = location.hash;
  }

  async function step(by) {
    const all = stops();
    const wanted = all[Math.min(Math.max(all.indexOf(stop) + by, 0), all.length - 1)];
    if (wanted === stop) return;
    await go(wanted);
  }

  async function go(wanted, isFocused = true) {
    if ((await commit()) === false || isLeft || location.hash !== here) return;  // or somebody has gone elsewhere meanwhile
    stop = stops().includes(wanted) ? wanted : "finish";
    stand();
    draw(isFocused);
  }

  function draw(isFocused) {
    const cell = view.cells.find((each) => each.name === stop);
    const all = stops();
    card = null;
    isOpenHere = isOpen(view);
    let focus;
    if (!isOpenHere) {
      desk.replaceChildren(...ended(view));
      focus = () => {};
    } else if (cell) {
      dwell = { name: stop, since: Date.now(), spent: cell.draft?.dwell_seconds ? cell.draft.dwell_seconds * 1000 : 0 };
      card = cardOf(app, cell, act, { place: all.indexOf(stop) + 1, total: all.length - 1, group: groupOf(view, cell) });
      desk.replaceChildren(heading(cell.target), card.element, absent(cell.target));
      focus = card.focus;
    } else {
      const target = view.targets.find((each) => stop === `target-${each.id}`);
      const part = target ? skipped(target) : finishOf(app, view, { go, submit });
      desk.replaceChildren(part);
      focus = () => part.querySelector("h2").focus({ preventScroll: true });
    }
    drawAround();
    if (!isFocused) return;
    window.scrollTo({ top: 0 });
    focus();
  }

  /** Everything but the card. */
  function drawAround() {
    head.replaceChildren(...headOf(view, toggle, index.classList.contains("is-open")));
    targetChips(chips, view, stop, go);
    indexOf(index, view, stop, go);
    const cell = view.cells.find((each) => each.name === stop);
    const all = stops();
    const isCard = Boolean(card);
    thumb.draw({ isShown: isOpen(view), place: all.indexOf(stop), count: all.length, options: isCard ? choicesOf(cell.item) : [], value: cell?.value });
  }

  const around = unpressed(drawAround);

  function toggle(event) {
    const isOpen = index.classList.toggle("is-open");
    event.currentTarget.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) index.scrollIntoView({ block: "start" });
  }

  const act = {
    async typed(said) {
      const draft = { name: `${number} ${stop}`, run: number, slot: stop, ...said, dwell_seconds: seconds() };
      app.typing.set(draft.name, draft);  // a reading of the store that began before must not hide it
      app.drafts = [...app.drafts.filter((each) => each.name !== draft.name), draft];
      recompute();
      await app.store.put("drafts", draft);
      if (app.typing.get(draft.name) === draft) app.typing.delete(draft.name);
    },
    async chosen(severity) {
      const cell = card.cell();
      if (severity === "ok" && !cell.gap) await step(1);
      else if (cell.needsComment && !cell.comment) card.toComment();
      else { await commit(); card?.refresh(view.cells.find((each) => each.name === stop)); }
    },
    entered: () => step(1),
    changed: async () => { await app.reload(); recompute(); app.send(); },
    allGood: () => allGood(),
  };

  const seconds = () => Math.round((dwell.spent + (dwell.since ? Date.now() - dwell.since : 0)) / 1000);

  function recompute() {
    if (!find()) return;
    view = viewOf(find(), app.ops, app.drafts);
    const cell = view.cells.find((each) => each.name === stop);
    if (card && cell) card.refresh(cell);
    around();
  }

  /** What was typed becomes an entry of the outbox, one at a time. False if it cannot be one yet: it stays in the field. */
  function commit() {
    const mine = committing.then(commitNow);
    committing = mine.catch(() => {});
    return mine;
  }

  async function commitNow() {
    const cell = card?.cell();
    if (!cell?.draft) return true;
    const said = plain(cell.item, card.read());
    if (!said.value && !said.is_na) {
      if (!said.comment || cell.item.kind === "photo") await forget(cell);
      return true;
    }
    const trouble = troubleWith(cell.item, said.value);
    if (trouble && !said.is_na) {
      card.complain(trouble);
      return false;
    }
    const known = cell.op?.payload ?? cell.answer;
    if (known && String(known.value ?? "") === said.value && Boolean(known.is_na) === said.is_na && (known.comment ?? "") === said.comment && !cell.op?.error) {
      await forget(cell);
      return true;
    }
    const payload = { target: cell.target.id, item: cell.item.id, ...said, dwell_seconds: seconds(), expects: cell.answer?.id ?? null };
    await enqueue(app.store, { kind: "answer", run: number, slot: cell.name, payload });
    dwell = { ...dwell, since: Date.now(), spent: 0 };
    await app.reload();
    recompute();
    app.send();
    return true;
  }

  async function forget(cell) {
    await app.store.remove("drafts", `${number} ${cell.name}`);
    await app.reload();
    recompute();
  }

  async function allGood() {
    const cell = card.cell();
    const cells = groupOf(view, cell);
    const list = h("ul", {}, cells.map((each) => h("li", {}, each.item.label)));
    if (!(await ask({ title: t("all_good_title", { section: cell.item.section || cell.target.ci.name }), text: t("all_good_text"), body: list, yes: t("all_good", { n: cells.length }), no: t("cancel"), tone: "good" }))) return;
    const payload = { target: cell.target.id, section: cell.item.section ?? "", items: cells.map((each) => each.item.id), dwell_seconds: seconds() };
    await app.store.remove("drafts", `${number} ${cell.name}`);
    await enqueue(app.store, { kind: "all_good", run: number, slot: `${cell.target.id}-${cells[0].item.id} all`, payload });
    await app.reload();
    recompute();
    app.send();
    const rest = stops().slice(stops().indexOf(cell.name));
    await go(rest.find((name) => view.gaps.some((gap) => gap.name === name)) ?? "finish");
  }

  async function mark(target, result, reason) {
    await enqueue(app.store, { kind: "target", run: number, slot: `${target.id}-`, payload: { target: target.id, result, reason } });
    await app.reload();
    app.send();
    if (isLeft || location.hash !== here) return;
    view = viewOf(find(), app.ops, app.drafts);
    const next = result === "found" ? target.cells[0]?.name : stops()[stops().indexOf(`target-${target.id}`) + 1];
    stop = next ?? "finish";
    stand();
    draw(true);
  }

  /** "This CI cannot be inspected": which way, and why. */
  function absent(target) {
    const result = h("select", { id: "result" }, ["unreachable", "not_present"].map((value) => h("option", { value }, t(value))));
    const reason = h("textarea", { id: "reason", class: "input", required: true, rows: 2 });
    const send = (event) => { event.preventDefault(); if (reason.value.trim()) mark(target, result.value, reason.value.trim()); };
    return h("details", { class: "unreachable card" }, h("summary", {}, icon("link_off"), t("cannot_inspect")),
      h("form", { class: "form card-body", onsubmit: send },
        h("div", { class: "field" }, h("label", { for: "result" }, t("result")), result),
        h("div", { class: "field required" }, h("label", { for: "reason" }, t("why")), reason),
        h("div", { class: "form-actions" }, h("button", { class: "btn tall", type: "submit" }, icon("save"), t("save")))));
  }

  function skipped(target) {
    return h("section", { class: "probe", "data-skipped": target.id }, h("div", { class: "probe-head" }, badge("warn", "link_off", t(target.result))),
      h("h2", { tabindex: -1 }, target.ci.name), h("p", {}, target.reason),
      h("p", { class: "saved" }, target.op ? t("saved_here") : t("arrived")),
      h("button", { type: "button", class: "btn tall", onclick: () => mark(target, "found", "") }, icon("undo"), t("inspect_after_all")));
  }

  /** What was typed and never left its card, because the battery died, goes along. */
  async function commitDrafts() {
    for (const cell of view.cells.filter((each) => each.draft && each.isAnswered && each.item.kind !== "photo")) {
      const { value, is_na, comment, reading = null, dwell_seconds = 0 } = plain(cell.item, cell.draft);
      const payload = { target: cell.target.id, item: cell.item.id, value, is_na, comment, reading, dwell_seconds, expects: cell.answer?.id ?? null };
      await enqueue(app.store, { kind: "answer", run: number, slot: cell.name, payload });
    }
  }

  async function submit() {
    await commitDrafts();
    await enqueue(app.store, { kind: "submit", run: number, payload: { seen: view.cells.filter((cell) => cell.isAnswered).length } });
    await app.reload();
    app.say(t("submit_kept", { number }));
    app.send();
    if (!isLeft) location.hash = "#/";
  }

  const hidden = () => {
    if (document.visibilityState === "hidden") {
      dwell = { ...dwell, spent: dwell.spent + (dwell.since ? Date.now() - dwell.since : 0), since: 0 };
      commit();
    } else if (dwell.name) dwell.since = Date.now();
  };
  document.addEventListener("visibilitychange", hidden);
  // A field that is left is an entry, also on a wide screen where nobody presses "next".
  const left = (event) => { if (card?.element.contains(event.target) && !card.element.contains(event.relatedTarget)) commit(); };
  desk.addEventListener("focusout", left);

  draw(true);
  return {
    refresh: unpressed(() => {
      if (isLeft) return undefined;
      if (!find()) return app.draw();
      const former = view;
      recompute();
      const isAtEnd = !card && stop === "finish" && summary(former) !== summary(view);
      // The first answer to arrive starts the run: the card stays, somebody is typing into it.
      const isEndedElse = !isOpen(view) && (former.state !== view.state || Boolean(former.submission) !== Boolean(view.submission));
      const isElsewhere = isOpenHere !== isOpen(view) || isEndedElse || isAtEnd;
      if (!isElsewhere) return undefined;
      const focused = document.activeElement;
      const wasHeading = desk.contains(focused) && focused.matches("h2"), wasSubmit = desk.contains(focused) && focused.matches("[data-submit]");
      draw(false);
      if (wasHeading) desk.querySelector("h2")?.focus({ preventScroll: true });
      if (wasSubmit) desk.querySelector("[data-submit]")?.focus({ preventScroll: true });
      return undefined;
    }),
    async leave() {
      isLeft = true;
      document.removeEventListener("visibilitychange", hidden);
      await commit();
      stayAwake(false);
    },
  };
}

/** Whether it takes answers on this phone. */
const isOpen = (view) => isTaking(view) && !view.submission;

/** What the last card tells: drawn anew only when it differs. */
const summary = (view) => JSON.stringify([view.done, view.ops.length, view.stuck.length, view.gaps.map((cell) => [cell.name, cell.gap])]);

/** What was said, with a number as the server reads it: 20,5 and ２０．５ are 20.5. */
const plain = (item, said) => (["number", "machine"].includes(item.kind) && said.value ? { ...said, value: tidy(said.value) } : said);

/** The address of one place of a run. */
export function address(number, stop) {
  const [target, item] = /^\d+-\d+$/.test(stop) ? stop.split("-") : [stop];
  return `#/run/${number}/${target}${item ? `/${item}` : ""}`;
}

/** The pass/fail items of the same section and CI that nobody has answered; null unless there are several. */
function groupOf(view, cell) {
  if (cell.item.kind !== "pass_fail" || cell.isAnswered) return null;
  const group = view.cells.filter((each) => each.target.id === cell.target.id && each.item.kind === "pass_fail" && each.item.section === cell.item.section && !each.isAnswered && !each.draft?.value);
  return group.length > 1 ? group : null;
}

function headOf(view, toggle, isIndexOpen) {
  const due = new Date(view.due_at);
  const isLate = due < new Date();
  const parts = [h("div", { class: "run-title" }, h("h1", {}, view.group ? `${view.plan} · ${view.group}` : view.plan),
    h("p", { class: "muted" }, `${view.number} · `, isLate ? h("span", { class: "overdue" }, icon("timer"), t("was_due", { at: clock(due) })) : t("due", { at: clock(due) }))),
  h("div", { class: "run-progress" }, h("progress", { class: "progress", max: view.total, value: view.done, "aria-label": t("progress") }), h("span", { "data-done": true }, `${view.done}/${view.total}`),
    h("button", { type: "button", class: "btn tall overview", "aria-expanded": String(isIndexOpen), "aria-controls": "index", onclick: toggle }, icon("list"), t("overview")))];
  if (view.state === "returned" && view.returned_reason) parts.push(note("warn", "undo", h("strong", {}, t("returned")), " ", view.returned_reason));
  if (view.is_gone) parts.push(note("warn", "help", t("run_gone")));
  if (view.stuck.length) parts.push(note("bad", "error", t("stuck", { n: view.stuck.length }), " ", h("a", { href: "#/outbox" }, t("outbox"))));
  return parts;
}

function heading(target) {
  const more = [target.ci.type, target.ci.location, target.ci.ip, target.ci.serial].filter(Boolean).join(" · ");
  return h("div", { class: "target-head" }, h("strong", {}, target.ci.name), " ", h("span", { class: "muted" }, more));
}

function ended(view) {
  if (view.submission) {
    const said = view.submission.status === "error" ? note("bad", "error", view.submission.error, " ", h("a", { href: "#/outbox" }, t("outbox"))) : note("info", "schedule_send", t("submission_waits"));
    return [said, h("a", { class: "btn tall", href: "#/outbox" }, icon("outbox"), t("outbox"))];
  }
  const text = view.state === "scheduled" ? t("opens", { at: clock(view.opens_at) }) : view.state_word;
  return [note("info", "info", text), h("a", { class: "btn tall", href: `/inspections/runs/${view.number}/?read=1` }, icon("description"), t("record"))];
}

function missing(number) {
  return h("div", { class: "empty" }, icon("search_off"), h("strong", {}, t("run_missing", { number })), h("p", {}, t("run_missing_text")),
    h("a", { class: "btn tall", href: `/inspections/runs/${number}/?read=1` }, t("record")), h("a", { class: "btn btn-primary tall", href: "#/" }, t("list")));
}
