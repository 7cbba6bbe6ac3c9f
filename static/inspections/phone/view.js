// A run as the person sees it: what the server knows, with what still waits on this phone laid over it.
import { compare, grade, parse, RANK, tidy } from "./decimal.js";
import { slotOf } from "./outbox.js";

export const TONE = { ok: "good", na: "neutral", unknown: "neutral", warn: "warn", crit: "bad" };
export const ICON = { ok: "check_circle", na: "block", unknown: "help", warn: "warning", crit: "error" };

/** The buttons of an item: pass/fail and choices alike. */
export const choicesOf = (item) => (["pass_fail", "choice"].includes(item.kind) ? (item.choices ?? []) : []);

/** ok | warn | crit | na | unknown, or "" for nothing: what the server will say, reckoned here. */
export function severityOf(item, bounds, value, isNa) {
  if (isNa) return "na";
  if (!String(value ?? "").trim()) return "";
  if (item.kind === "number" || item.kind === "machine") return parse(value) ? grade(value, bounds) : "unknown";
  const picked = choicesOf(item).find((choice) => choice.value === value);
  return picked ? picked.severity : "ok";
}

/** Why the text cannot be the value of this item; "" if it can. As words' key. */
export function troubleWith(item, value) {
  if (item.kind !== "number" && item.kind !== "machine") return "";
  const number = parse(value);
  if (!number) return "not_a_number";
  if (number.places > (item.decimals ?? 0)) return "too_many_places";
  return String(number.digits).replace("-", "").length - number.places > 12 ? "too_large" : "";
}

const reached = (severity, from) => Boolean(from) && RANK[severity] >= RANK[from];

/** What the machine says, stale by now if the phone has had it for too long. */
function prefillOf(run, item, name) {
  const prefill = run.prefill?.[name];
  if (!prefill) return null;
  const isOld = Date.now() - new Date(prefill.observed_at) > (item.max_age_minutes ?? 60) * 60_000;
  return { ...prefill, is_stale: prefill.is_stale || prefill.value === null || isOld };
}

/** Whether a person says another number than the machine did. */
function overrides(prefill, value) {
  return Boolean(prefill && !prefill.is_stale && parse(prefill.value) && parse(value)) && compare(prefill.value, value) !== 0;
}

/** Everything about one item on one target. */
function cellOf(run, target, item, queue, drafts) {
  const name = slotOf(target.id, item.id);
  const answer = run.answers[name] ?? null;
  const op = queue.answers.get(name) ?? null;
  const draft = drafts.get(`${run.number} ${name}`) ?? null;
  const bounds = { ...item.bounds, ...(item.bounds_by_target?.[target.id] ?? {}) };
  const entered = draft ?? op?.payload ?? answer;
  const value = String(entered?.value ?? "");
  const isNa = Boolean(entered?.is_na);
  const comment = entered?.comment ?? "";
  const photos = [...(run.photos?.[name] ?? []).filter((each) => !queue.withdrawn.has(each.op)), ...(queue.photos.get(name) ?? []).map((each) => ({ op: each.key, queued: each }))];
  const severity = draft || op ? severityOf(item, bounds, value, isNa) : (answer?.severity ?? "");
  const prefill = prefillOf(run, item, name);
  const isOverride = overrides(prefill, value);
  const needsComment = !isNa && (isOverride || reached(severity, item.comment_at));
  const needsPhoto = !isNa && reached(severity, item.photo_at);
  const cell = {
    name, run, target, item, answer, op, draft, bounds, value, isNa, comment, photos, severity, needsComment, needsPhoto,
    last: run.last?.[name] ?? null, prefill, isProvisional: Boolean(draft || op),
    isOpen: target.result === "found",
  };
  cell.isAnswered = item.kind === "photo" ? photos.length > 0 || isNa : isNa || Boolean(value.trim() && !troubleWith(item, value));
  cell.gap = gapOf(cell);
  return cell;
}

/** unanswered | comment | photo | "": what would keep the run from being submitted. */
function gapOf(cell) {
  if (!cell.isOpen) return "";
  if (!cell.isAnswered) return cell.item.is_required || cell.value.trim() ? "unanswered" : "";
  if (cell.needsComment && !cell.comment.trim()) return "comment";
  return cell.needsPhoto && !cell.photos.length ? "photo" : "";
}

/** What waits, by cell: the newest answer, and the photos. */
function queueOf(run, ops) {
  const answers = new Map(), photos = new Map(), targets = new Map(), withdrawn = new Set();
  for (const op of ops.filter((each) => each.run === run.number)) {
    if (op.kind === "answer") answers.set(op.slot, op);
    if (op.kind === "photo") photos.set(op.slot, [...(photos.get(op.slot) ?? []), op]);
    if (op.kind === "withdraw") withdrawn.add(op.payload.photo);
    if (op.kind === "target") targets.set(op.payload.target, op);
    if (op.kind === "all_good") {
      for (const item of op.payload.items) {
        answers.set(slotOf(op.payload.target, item), { ...op, payload: { ...op.payload, item, value: "pass", is_na: false, comment: "" } });
      }
    }
  }
  return { answers, photos, targets, withdrawn };
}

/** The run with its targets and cells in order, its progress, and what waits of it. */
export function viewOf(run, ops, drafts) {
  const queue = queueOf(run, ops);
  const typed = new Map(drafts.map((draft) => [draft.name, draft]));
  const targets = run.targets.map((target) => {
    const op = queue.targets.get(target.id);
    const now = op ? { ...target, result: op.payload.result, reason: op.payload.reason } : target;
    const items = run.items.filter((item) => !(target.skipped ?? []).includes(item.key));
    const cells = items.map((item) => cellOf(run, now, item, queue, typed));
    return { ...now, op, cells, gaps: cells.filter((cell) => cell.gap), done: cells.filter((cell) => !cell.isOpen || (cell.isAnswered && !cell.gap)).length };
  });
  const cells = targets.flatMap((target) => target.cells);
  const mine = ops.filter((op) => op.run === run.number);
  return {
    ...run, targets, cells, ops: mine, total: cells.length,
    done: targets.reduce((sum, target) => sum + target.done, 0), gaps: cells.filter((cell) => cell.gap),
    stuck: mine.filter((op) => op.status === "conflict" || op.status === "error"),
    submission: mine.find((op) => op.kind === "submit") ?? null,
    worst: cells.map((cell) => cell.severity).filter(Boolean).sort((a, b) => RANK[b] - RANK[a])[0] ?? "",
  };
}

/** Whether answers are taken: running, or to be started. */
export const isTaking = (run) => ["open", "in_progress", "returned"].includes(run.state) || (run.state === "scheduled" && new Date(run.opens_at) <= new Date());

/** The value in words, with its unit. */
export function shown(item, value, isNa, t) {
  if (isNa) return t("na");
  if (item.kind === "number" || item.kind === "machine") return `${tidy(value)}${item.unit ? ` ${item.unit}` : ""}`;
  return choicesOf(item).find((choice) => choice.value === value)?.label ?? value;
}
