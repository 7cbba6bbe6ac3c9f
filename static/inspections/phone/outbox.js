// The outbox: every entry a frozen operation with its own key, deleted only when its answer is stored.
import { uuid } from "./db.js";

export const WAITING = ["saved", "sending"];
const ALL = ["ops", "photos", "drafts", "arrived", "bundle"];

/** The name of one cell: target and item. */
export const slotOf = (target, item) => `${target}-${item}`;

/** What one operation is about: later entries about the same wait for it. */
function subject(op) {
  return op.kind === "photo" ? `photo ${op.key}` : `${op.run} ${op.slot}`;
}

/**
 * Adds an entry. An earlier entry about the same cell that no server has seen yet, or that came back
 * refused, gives way to it; one that is on its way stays, and the new one waits for its answer.
 */
export function enqueue(store, { kind, run, slot = "", payload, photo = null, madeAt = new Date().toISOString() }) {
  const key = uuid();
  return store.transaction(["ops", "photos", "drafts"], "readwrite", async (tx) => {
    const ops = tx.objectStore("ops");
    const op = { key, kind, run, slot, payload, made_at: madeAt, status: "saved", attempts: 0, next_at: 0, error: "", after: null };
    if (kind === "submit") {
      const former = (await ops.getAll()).find((each) => each.kind === kind && each.run === run && WAITING.includes(each.status));
      if (former) return former.key;  // tapped twice
    }
    if (kind === "answer" || kind === "target") {
      for (const earlier of await ops.getAll()) {
        if (earlier.run === run && earlier.kind === "all_good" && kind === "answer") await leaveOut(ops, earlier, op);
        if (earlier.kind !== kind || earlier.run !== run || earlier.slot !== slot) continue;
        if (earlier.status === "conflict") payload.expects = earlier.theirs?.id ?? null;
        if (earlier.attempts && WAITING.includes(earlier.status)) op.after = earlier.key;
        else {
          if (earlier.status !== "conflict") payload.expects = earlier.payload.expects;
          op.after = earlier.after;
          await ops.delete(earlier.seq);
        }
      }
    }
    if (photo) await tx.objectStore("photos").put({ op: key, ...photo });
    await ops.add(op);
    if (kind === "answer") await tx.objectStore("drafts").delete(`${run} ${slot}`);
    return key;
  });
}

/** One of a group that was called normal gets an answer of its own. */
async function leaveOut(ops, group, op) {
  if (group.payload.target !== op.payload.target || !group.payload.items.includes(op.payload.item)) return;
  if (group.attempts && WAITING.includes(group.status)) {
    op.after = group.key;
    return;
  }
  const items = group.payload.items.filter((item) => item !== op.payload.item);
  if (items.length) await ops.put({ ...group, payload: { ...group.payload, items } });
  else await ops.delete(group.seq);
}

/** The next entry to send: in order, later ones about the same cell waiting for earlier ones, and a submission for all. */
export function nextOf(ops, now) {
  const held = new Set();
  for (const op of ops) {
    const isHeld = op.after !== null || (op.kind === "submit" ? held.has(op.run) : held.has(subject(op)) || held.has(`submit ${op.run}`));
    if (!isHeld && WAITING.includes(op.status) && op.next_at <= now) return op;
    held.add(op.run).add(subject(op));
    if (op.kind === "submit") held.add(`submit ${op.run}`);
  }
  return null;
}

/** When the next entry may be tried again, as milliseconds since 1970; null if nothing waits for a time. */
export function wakeAt(ops) {
  const times = ops.filter((op) => WAITING.includes(op.status) && op.after === null).map((op) => op.next_at);
  return times.length ? Math.min(...times) : null;
}

/** The entry with `fields`, as it is now kept; null if it has been taken away meanwhile: then it stays away. */
function change(store, op, fields) {
  return store.transaction(["ops"], "readwrite", async ({ store: ops }) => {
    const kept = await ops.get(op.seq);
    if (kept?.key !== op.key) return null;
    const changed = { ...kept, ...fields };
    await ops.put(changed);
    return changed;
  });
}

/** Marks the entry as seen by the network; from now on no later entry replaces it. Null if one already has. */
export function leave(store, op) {
  return change(store, op, { status: "sending", attempts: op.attempts + 1 });
}

/** The server has it: its answer is stored, and only then the entry is gone. */
export function settle(store, op, answer) {
  return store.transaction(ALL, "readwrite", async (tx) => {
    const run = await tx.objectStore("bundle").get(op.run);
    if (run) await tx.objectStore("bundle").put(merged(run, op, answer));
    await tx.objectStore("arrived").put({ key: op.key, kind: op.kind, run: op.run, slot: op.slot, payload: op.payload, at: answer.at, made_at: op.made_at, answer });
    for (const later of await tx.objectStore("ops").getAll()) {
      if (later.after !== op.key) continue;
      const counts = answer.answer ?? answer.answers?.[later.slot];
      const payload = counts ? { ...later.payload, expects: counts.id } : later.payload;
      await tx.objectStore("ops").put({ ...later, payload, after: null });
    }
    await tx.objectStore("photos").delete(op.key);
    await tx.objectStore("ops").delete(op.seq);
  });
}

/** The run as the answer of the server leaves it, until the next bundle says everything. */
function merged(run, op, answer) {
  const changed = { ...run, ...(answer.run ?? {}), answers: { ...run.answers }, photos: { ...run.photos } };
  if (answer.answer) changed.answers[op.slot] = answer.answer;
  if (op.kind === "all_good") {
    for (const item of op.payload.items) {
      const name = slotOf(op.payload.target, item);
      changed.answers[name] = answer.answers?.[name] ?? { id: null, value: "pass", is_na: false, comment: "", severity: "ok", received_at: answer.at, observed_at: op.made_at };
    }
  }
  if (op.kind === "photo") changed.photos[op.slot] = [...(run.photos[op.slot] ?? []), { op: op.key, sha256: answer.photo?.sha256 ?? "", url: answer.photo?.url ?? "" }];
  if (op.kind === "withdraw") changed.photos[op.slot] = (run.photos[op.slot] ?? []).filter((each) => each.op !== op.payload.photo);
  if (op.kind === "target") {
    changed.targets = run.targets.map((each) => (each.id === op.payload.target ? { ...each, result: op.payload.result, reason: op.payload.reason } : each));
  }
  return changed;
}

/** The server refused it: it stays, with what the server said, until a person decides. */
export function park(store, op, status, { error, refusals = [], theirs = null, http = 0 }) {
  return store.transaction(["ops"], "readwrite", async ({ store: ops }) => {
    if ((await ops.get(op.seq))?.key !== op.key) return undefined;
    const later = (await ops.getAll()).find((each) => each.after === op.key);
    if (!later) return ops.put({ ...op, status, error, refusals, theirs, http });
    // What was entered after it takes its place: after a conflict it is asked about, after an error it is tried.
    await ops.delete(op.seq);
    if (status === "conflict") return ops.put({ ...later, after: null, status, error, refusals, theirs, http });
    return ops.put({ ...later, after: null, payload: { ...later.payload, expects: op.payload.expects } });
  });
}

/** Tried again later: 1 s, 2 s … 5 min. */
export function postpone(store, op, error, http = 0) {
  const wait = Math.min(1000 * 2 ** Math.min(op.attempts - 1, 9), 300_000);
  return change(store, op, { status: "saved", error, http, next_at: Date.now() + wait });
}

/** Kept as it is until somebody has logged in again. */
export function keepForLogin(store, op) {
  return change(store, op, { status: "saved" });
}

/** Every waiting entry may be tried now; with `key`, one that was refused is tried again too. */
export function hurry(store, key = null) {
  return store.transaction(["ops", "photos", "meta"], "readwrite", async (tx) => {
    const ops = tx.objectStore("ops");
    await tx.objectStore("meta").put({ key: "pause", value: null });
    for (const op of await ops.getAll()) {
      if (op.key === key) await again(tx, op);
      else if (WAITING.includes(op.status) && op.next_at) await ops.put({ ...op, next_at: 0 });
    }
  });
}

/** Tried again; what the server refused under its key, it refuses under that key for good: it gets a new one. */
async function again(tx, op) {
  const fresh = { ...op, status: "saved", next_at: 0, error: "" };
  if (![409, 422].includes(op.http)) return tx.objectStore("ops").put(fresh);
  Object.assign(fresh, { key: uuid(), attempts: 0, http: 0, refusals: [] });
  const photo = await tx.objectStore("photos").get(op.key);
  if (photo) {
    await tx.objectStore("photos").put({ ...photo, op: fresh.key });
    await tx.objectStore("photos").delete(op.key);
  }
  for (const later of await tx.objectStore("ops").getAll()) {
    if (later.after === op.key) await tx.objectStore("ops").put({ ...later, after: fresh.key });
  }
  return tx.objectStore("ops").put(fresh);
}

/** Mine again, knowing theirs: a new operation that replaces the answer of the server. */
export function keepMine(store, op) {
  return store.transaction(["ops"], "readwrite", async ({ store: ops }) => {
    const fresh = { ...op, key: uuid(), payload: { ...op.payload, expects: op.theirs?.id ?? null }, status: "saved", attempts: 0, next_at: 0, error: "", theirs: null };
    delete fresh.seq;
    await ops.delete(op.seq);
    await ops.add(fresh);
  });
}

/** Gone by the person's own decision; `theirs`, if there is one, is what counts. */
export function drop(store, op) {
  return store.transaction(["ops", "photos", "bundle"], "readwrite", async (tx) => {
    const run = op.theirs && (await tx.objectStore("bundle").get(op.run));
    if (run) await tx.objectStore("bundle").put({ ...run, answers: { ...run.answers, [op.slot]: op.theirs } });
    for (const later of await tx.objectStore("ops").getAll()) {
      if (later.after === op.key) await tx.objectStore("ops").put({ ...later, after: null });
    }
    await tx.objectStore("photos").delete(op.key);
    await tx.objectStore("ops").delete(op.seq);
  });
}
