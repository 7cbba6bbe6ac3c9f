// Between the outbox and the server; knows no page, so that the worker uses it too.
import { lastUser, rememberWaiting, Store, uuid } from "./db.js";
import { alone } from "./lock.js";
import { hurry, keepForLogin, leave, nextOf, park, postpone, settle, wakeAt } from "./outbox.js";

const BUNDLE = "/api/inspections/bundle/";
const SYNC = "/api/inspections/sync/";
const LOGIN = [401, 403];
const NOBODY_THERE = [0, 502, 503, 504];
const TRY_AGAIN = [408, 425, 429];
const LONGEST = 300_000;
const REMEMBERED = 7 * 86_400_000;  // what has arrived is told for a week

/** An answer of the server that is JSON; a hotel's log-in page in between counts as no connection. */
async function ask(url, options = {}, seconds = 30) {
  const ends = new AbortController();
  const timer = setTimeout(() => ends.abort(), seconds * 1000);
  try {
    const response = await fetch(url, { ...options, credentials: "same-origin", cache: "no-store", redirect: "error", signal: ends.signal });
    const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
    return { status: response.status, body: isJson ? await response.json() : null };
  } catch {
    return { status: 0, body: null };
  } finally {
    clearTimeout(timer);
  }
}

/** {state: "here" | "login" | "refused" | "away", bundle}: what the server says to a request for the day's runs. */
export async function fetchBundle(language, run = "") {
  const headers = language ? { "Accept-Language": language } : {};
  const { status, body } = await ask(BUNDLE + (run ? `?run=${encodeURIComponent(run)}` : ""), { headers });
  if (status === 200 && body?.user) return { state: "here", bundle: body };
  if (status === 401) return { state: "login", message: "" };
  if (status === 403) return { state: "refused", message: body?.error?.message ?? "" };
  return { state: "away", message: "" };
}

/**
 * The bundle is what the phone knows; runs with entries that still wait stay, marked as gone from the list.
 * `before`: the keys that had arrived when it was asked for. A run of which more has arrived since stays as it is here.
 */
export function keepBundle(store, bundle, before = null) {
  return store.transaction(["bundle", "ops", "drafts", "arrived", "meta"], "readwrite", async (tx) => {
    const runs = tx.objectStore("bundle");
    const waiting = new Set([...(await tx.objectStore("ops").getAll()), ...(await tx.objectStore("drafts").getAll())].map((each) => each.run));
    const numbers = new Set(bundle.runs.map((run) => run.number));
    for (const former of await runs.getAll()) {
      if (numbers.has(former.number)) continue;
      if (waiting.has(former.number)) await runs.put({ ...former, is_gone: true });
      else await runs.delete(former.number);
    }
    const arrived = await tx.objectStore("arrived").getAll();
    const newer = new Set(arrived.filter((each) => before && !before.includes(each.key)).map((each) => each.run));
    for (const run of bundle.runs) if (!newer.has(run.number) || !(await runs.get(run.number))) await runs.put({ ...run, is_gone: false });
    for (const old of arrived) {
      if (Date.now() - new Date(old.at) > REMEMBERED) await tx.objectStore("arrived").delete(old.key);
    }
    const known = { user: bundle.user, csrf: bundle.csrf_token, fetched_at: new Date().toISOString(), shell_version: bundle.shell_version };
    for (const [key, value] of Object.entries(known)) await tx.objectStore("meta").put({ key, value });
  });
}

/** This phone's name in the record; made once. */
export async function deviceOf(store) {
  const known = await store.meta("device");
  if (known) return known;
  await store.setMeta("device", `phone-${uuid().slice(0, 8)}`);
  return store.meta("device");
}

async function request(store, op, token) {
  const now = new Date().toISOString();
  const body = JSON.stringify({ kind: op.kind, run: op.run, device: await deviceOf(store), device_at: now, made_at: op.made_at, payload: op.payload });
  const headers = { "Idempotency-Key": op.key, "X-CSRFToken": token };
  if (op.kind !== "photo") return ask(SYNC, { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body });
  const photo = await store.get("photos", op.key);
  const form = new FormData();
  form.set("op", body);
  form.set("photo", new Blob([photo.bytes], { type: photo.type }), photo.name);
  return ask(SYNC, { method: "POST", headers, body: form }, 80);
}

/**
 * Sends what waits, one after the other, alone over all tabs. Returns
 * {state: "empty" | "waiting" | "login" | "other" | "away", sent, wakeAt}.
 */
export function drain(store, { changed = () => {} } = {}) {
  return alone(store, async () => {
    let sent = 0;
    const pause = await store.meta("pause");
    if (pause && pause.until > Date.now()) return { state: "away", sent, wakeAt: pause.until };
    let state = null;
    while (!state) {
      const op = nextOf(await store.all("ops"), Date.now());
      if (!op) break;
      const gone = await leave(store, op);
      if (!gone) continue;  // another entry has just taken its place
      changed();
      const outcome = await deliver(store, gone);
      if (outcome === "sent") sent += 1;
      else if (outcome !== "parked") state = outcome;
      changed();
    }
    const ops = await store.all("ops");
    await rememberWaiting(store.user, ops.length);
    const at = state === "away" ? (await store.meta("pause")).until : wakeAt(ops);
    return { state: state ?? (at === null ? "empty" : "waiting"), sent, wakeAt: at };
  });
}

/** sent | parked | away | login | other: what became of one entry. */
async function deliver(store, op) {
  let answer = await request(store, op, await store.meta("csrf", ""));
  if (LOGIN.includes(answer.status)) {
    const known = await renew(store);
    if (known !== "here") {
      await keepForLogin(store, op);
      return known;
    }
    answer = await request(store, op, await store.meta("csrf", ""));  // once, with the token of the new session
  }
  const { status, body } = answer;
  if (status >= 200 && status < 300 && body?.key === op.key) {
    await settle(store, op, body);
    await store.setMeta("pause", null);
    return "sent";
  }
  if (status < 400 || status >= 500 || TRY_AGAIN.includes(status)) {
    await postpone(store, op, body?.error?.message ?? "", status);
    if (status >= 400 && !NOBODY_THERE.includes(status)) return "parked";  // this one's trouble alone
    await rest(store);
    return "away";
  }
  const said = body?.error ?? {};
  const isConflict = status === 409 && said.code === "conflict";
  const theirs = body?.answer ?? said.answer ?? null;
  await park(store, op, isConflict ? "conflict" : "error", { error: said.message ?? "", refusals: said.refusals ?? [], theirs, http: status });
  return "parked";
}

/** Without a connection nothing is tried for 1 s, 2 s … 5 min; `hurry` ends it. */
async function rest(store) {
  const count = ((await store.meta("pause"))?.count ?? 0) + 1;
  await store.setMeta("pause", { count, until: Date.now() + Math.min(1000 * 2 ** Math.min(count - 1, 9), LONGEST) });
}

/** A new token for the same person; "other" if somebody else is logged in by now, whose name must not stand on this. */
async function renew(store) {
  const { state, bundle } = await fetchBundle();
  if (state === "here" && String(bundle.user.id) !== store.user) return "other";
  if (state === "here") await keepBundle(store, bundle);
  return state === "refused" ? "here" : state;
}

/** The worker's turn, when the browser says that there is a connection: rejects if it should be asked again. */
export async function drainForLastUser() {
  const user = await lastUser();
  if (user === null) return;
  const store = new Store(user);
  await hurry(store);  // the browser knows of a connection: what was not to be tried before long is tried
  const { state } = await drain(store);
  if (state === "away" || state === "waiting") throw new Error("not everything has arrived");
}
