// One item on one card: last value, trend, field, comment, photos, and where the entry stands.
import { difference } from "./decimal.js";
import { badge, h, icon } from "./dom.js";
import { fieldOf } from "./fields.js";
import { photosOf } from "./photos.js";
import { trend } from "./trend.js";
import { choicesOf, ICON, severityOf, shown, TONE, troubleWith } from "./view.js";
import { age, clock, t } from "./words.js";

const isNumber = (item) => item.kind === "number" || item.kind === "machine";

/** "warning ≥ 85, critical ≥ 95 %", low bounds first. */
function limitsOf(cell) {
  const parts = [];
  for (const severity of ["warn", "crit"]) {
    const [low, high] = ["low", "high"].map((side) => cell.bounds[`${severity}_${side}`]);
    const limits = [low !== undefined && low !== null ? `≤ ${low}` : null, high !== undefined && high !== null ? `≥ ${high}` : null].filter(Boolean);
    if (limits.length) parts.push(`${t(severity)} ${limits.join(` ${t("or")} `)}`);
  }
  return parts.length ? `${parts.join(" · ")}${cell.item.unit ? ` ${cell.item.unit}` : ""}` : "";
}

function lastOf(cell, delta) {
  const { last, item } = cell;
  const picture = isNumber(item) ? trend(last?.points, cell.bounds, t("trend")) : null;
  const limits = limitsOf(cell);
  const when = last ? h("span", { class: "muted" }, ` ${clock(last.observed_at)}${last.by ? ` · ${last.by}` : ""}`) : null;
  return h("div", { class: "last", id: "card-last" },
    h("dl", {},
      h("div", {}, h("dt", {}, t("last_time")), h("dd", {}, last ? h("span", { class: "strong" }, last.shown) : h("span", { class: "muted" }, t("never")), when)),
      isNumber(item) ? h("div", { "data-delta-line": true, hidden: true }, h("dt", {}, t("difference")), delta) : null,
      limits ? h("div", {}, h("dt", {}, t("limits")), h("dd", {}, limits)) : null),
    picture);
}

function prefillOf(cell, { confirm, override }) {
  const { prefill, item } = cell;
  if (!prefill) return null;
  const value = prefill.value === null ? (prefill.problem ?? "") : shown(item, prefill.value, false, t);
  const from = `${age(prefill.observed_at)} · ${prefill.source}`;
  if (prefill.is_stale) {
    return h("div", { class: "prefill tone-neutral" }, icon("sensors_off"), h("div", {}, h("strong", {}, t("reading_stale")), h("p", { class: "muted" }, [value, from].filter(Boolean).join(" · "))));
  }
  return h("div", { class: "prefill tone-info", "data-prefill": true }, icon("sensors"),
    h("div", {}, h("span", { class: "muted" }, t("reading")), h("strong", { class: "reading" }, value), h("span", { class: "muted" }, from)),
    h("div", { class: "prefill-buttons" },
      h("button", { type: "button", class: "btn btn-primary tall", onclick: confirm, "data-confirm-reading": true }, icon("check"), t("reading_confirm")),
      h("button", { type: "button", class: "btn tall", onclick: override }, t("reading_override"))));
}

/** Where the entry stands: "saved here" → "sending" → "arrived 14:03", or what keeps it. */
export function standing(cell, app) {
  const { op, draft, answer } = cell;
  if (op?.status === "conflict") return ["is-failed", "call_split", t("conflict")];
  if (op?.status === "error") return ["is-failed", "error", `${t("not_sent")}: ${op.error}`];
  if (draft) return ["", "edit_note", t("typed_here")];
  if (op?.status === "sending" && app.isSending) return ["is-sending", "sync", t("sending")];
  if (op) return ["is-here", "save", app.connection === "login" ? t("saved_here_login") : t("saved_here")];
  if (!answer) return ["", "", ""];
  return ["is-arrived", "cloud_done", `${t("arrived_at", { at: clock(answer.received_at) })}${answer.by ? ` · ${answer.by}` : ""}`];
}

/** The card of a cell. `act` has typed(draft), chosen(severity), entered(), changed(), allGood(). */
export function cardOf(app, cell, act, { place, total, group }) {
  const { item } = cell;
  const mark = h("span", { "data-severity": true });
  const delta = h("dd", { class: "strong", "data-delta": true });
  const trouble = h("p", { class: "trouble", id: "card-trouble", role: "alert" });
  const state = h("p", { class: "saved", "data-state": true, role: "status" });
  const needed = h("strong", { class: "needed", hidden: true }, t("comment_needed"));
  const comment = h("textarea", { class: "input", rows: 2, id: "comment", value: cell.comment, oninput: () => typed() });
  const commentBlock = h("div", { class: "comment" }, h("label", { for: "comment" }, t("comment"), " ", needed), comment);
  const addComment = h("button", { class: "option quiet", type: "button", onclick: () => { isAsked = true; refresh(now); comment.focus(); } }, icon("add_comment"), t("comment"));
  const na = h("input", { type: "checkbox", checked: cell.isNa, onchange: () => { if (na.checked) field.set(""); typed(); act.chosen("na"); } });
  let isAsked = false;
  let now = cell;

  const field = fieldOf(cell, {
    typed: () => { na.checked = false; typed(); },
    chosen: (option) => { na.checked = false; typed(); act.chosen(option.severity); },
    entered: () => act.entered(),
  });
  const photos = photosOf(app, cell, act.changed);
  const confirm = () => { field.set(cell.prefill.value); na.checked = false; typed(); act.chosen(severityOf(item, cell.bounds, cell.prefill.value, false)); };
  const override = () => { isAsked = true; field.focus(); refresh(now); };

  /** What the card says now, as the payload of an answer. */
  function read() {
    const value = na.checked ? "" : field.value();
    const reading = cell.prefill && !cell.prefill.is_stale && value ? cell.prefill.reading : null;
    return { value, is_na: na.checked, comment: comment.value.trim(), reading };
  }

  function typed() {
    const said = read();
    const severity = severityOf(item, cell.bounds, said.value, said.is_na);
    trouble.textContent = said.value && troubleWith(item, said.value) && !/^[-+]?\d*[.,]?$/.test(said.value) ? t(troubleWith(item, said.value), { n: item.decimals ?? 0 }) : "";
    showMark(severity, true);
    showDelta(said.value);
    act.typed(said);
  }

  function showMark(severity, isProvisional) {
    mark.replaceChildren(...(severity ? [badge(TONE[severity], ICON[severity], isProvisional ? t(severity) : (now.answer?.word ?? t(severity)))] : []));
    element.className = `probe tone-${TONE[severity] ?? "neutral"}`;
  }

  function showDelta(value) {
    const line = element.querySelector("[data-delta-line]");
    if (!line) return;
    delta.textContent = cell.last?.number === undefined || cell.last?.number === null ? "" : difference(value, cell.last.number);
    line.hidden = !delta.textContent;
  }

  const together = group ? h("button", { type: "button", class: "option quiet", "data-all-good": true, onclick: act.allGood }, icon("done_all"), t("all_good", { n: group.length })) : null;
  const sections = [item.section, t("place", { n: place, total }), item.is_required ? "" : t("optional")].filter(Boolean).join(" · ");
  const element = h("section", { class: "probe", "data-card": cell.name, "data-kind": item.kind, "aria-labelledby": "card-title" },
    h("div", { class: "probe-head" }, h("span", { class: "muted" }, sections), mark),
    h("h2", { id: "card-title", tabindex: -1 }, item.label),
    h("div", { id: "card-help" },
      item.help ? h("p", { class: "muted" }, item.help) : null,
      item.runbook_url ? h("p", {}, h("a", { class: "runbook", href: item.runbook_url, target: "_blank", rel: "noopener noreferrer" }, icon("menu_book"), t("runbook"))) : null),
    lastOf(cell, delta),
    prefillOf(cell, { confirm, override }),
    field.element, trouble,
    together,
    h("div", { class: "extras" },
      item.is_na_allowed ? h("label", { class: "option quiet" }, na, h("span", {}, t("na_here"))) : null, addComment),
    commentBlock, photos.element, state);

  /** Draws what has changed around the field; never what is being typed. */
  function refresh(fresh) {
    now = fresh;
    showMark(fresh.severity, fresh.isProvisional);
    showDelta(read().value);
    const isBad = fresh.severity === "warn" || fresh.severity === "crit";
    const isWanted = isBad || isAsked || fresh.needsComment || comment.value !== "";
    commentBlock.hidden = !isWanted;
    addComment.hidden = isWanted;
    needed.hidden = fresh.gap !== "comment";
    if (together) together.hidden = fresh.isAnswered;
    photos.refresh(fresh);
    photos.element.hidden = !(item.kind === "photo" || fresh.needsPhoto || fresh.photos.length || isBad || isAsked || item.photo_at);
    const [look, name, text] = standing(fresh, app);
    if (state.textContent !== name + text) state.replaceChildren(...(text ? [icon(name), text] : []));
    state.className = `saved ${look}`;
  }
  refresh(cell);

  return {
    element, read, refresh, cell: () => now,
    focus: () => element.querySelector("h2").focus({ preventScroll: true }),
    toComment: () => { isAsked = true; refresh(now); comment.focus(); },
    choose: (value) => { field.set(value); na.checked = false; typed(); act.chosen(choicesOf(item).find((each) => each.value === value)?.severity ?? "ok"); },
    complain: (key) => { trouble.textContent = t(key, { n: item.decimals ?? 0 }); },
  };
}
