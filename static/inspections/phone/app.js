// The application on the phone: who is using it, what is kept, which page is shown, when things are sent.
import { toast } from "../../config/frame.js";
import { lastUser, rememberUser, rememberWaiting, Store, waitingForOthers } from "./db.js";
import { announce } from "./dom.js";
import { drawFrame, wireFrame } from "./frame.js";
import { listPage } from "./list.js";
import { hurry } from "./outbox.js";
import { runPage } from "./run.js";
import { drain, fetchBundle, keepBundle } from "./sync.js";
import { outboxPage } from "./waiting.js";
import { currentLanguage, hasChosenLanguage, t, useLanguage, useTimeZone } from "./words.js";
import { installWorker } from "./worker.js";

const main = document.getElementById("main");
const others = "BroadcastChannel" in window ? new BroadcastChannel("opsledger-phone") : null;

const app = {
  store: null, user: null, runs: [], ops: [], drafts: [], typing: new Map(), arrived: [], fetchedAt: null, othersWaiting: 0,
  connection: "checking", isSending: false, isReplaced: false, hasMoved: false, refusal: "", page: null,

  /** Reads everything that is kept; draws nothing. What is just being typed goes before what was read. */
  async reload() {
    if (!app.store) return;
    let kept;
    [app.runs, app.ops, kept, app.arrived] = await app.store.together(["bundle", "ops", "drafts", "arrived"]);
    app.drafts = [...kept.filter((each) => !app.typing.has(each.name)), ...app.typing.values()];
    app.user = await app.store.meta("user");
    useTimeZone(app.user?.time_zone);
    app.fetchedAt = await app.store.meta("fetched_at");
    await rememberWaiting(app.store.user, app.ops.length);
    app.othersWaiting = await waitingForOthers(app.store.user);
  },

  /** What is kept has changed: read it, and show it without disturbing what is being typed. */
  async changed({ isHeard = false } = {}) {
    await app.reload();
    drawFrame(app);
    await app.page?.refresh();
    if (!isHeard) others?.postMessage("changed");
  },

  say(text) { toast(text, "good"); announce(text); },

  send: () => { sendSoon(); },

  draw: () => show(),

  refreshBundle: () => refreshBundle(),
};

async function use(user) {
  app.store = new Store(user, { wasReplaced: () => { app.isReplaced = true; drawFrame(app); } });
  app.page = null;
  app.typing.clear();
  await rememberUser(String(user));
  await app.reload();
}

let shows = 0;
let leaving = Promise.resolve();

/** The page that the address names, after the former one has kept what was typed. */
async function show() {
  const mine = ++shows;
  if (app.page) leaving = app.page.leave().catch(() => {});  // what was typed is kept as a draft all the same
  app.page = null;
  await leaving;
  if (mine !== shows) return;  // the address has changed again
  const [, name, number, target, item] = location.hash.split("/");
  drawFrame(app);
  if (!app.store) app.page = listPage(app, main);
  else if (name === "run" && number) app.page = runPage(app, main, decodeURIComponent(number), item ? `${target}-${item}` : (target ?? ""));
  else if (name === "outbox") app.page = outboxPage(app, main);
  else app.page = listPage(app, main);
  document.title = `${main.querySelector("h1")?.textContent || t("list")} · OpsLedger`;
}

/** Asks the server for the day's runs; what it says about the log-in decides what the frame shows. */
async function refreshBundle() {
  const open = location.hash.match(/^#\/run\/([^/]+)/)?.[1] ?? "";
  const asked = app.store;
  const known = await asked?.keys("arrived");
  const { state, bundle, message } = await fetchBundle(currentLanguage(), decodeURIComponent(open));
  app.connection = state;
  app.refusal = message ?? "";
  if (state === "here") {
    const isOther = !app.store || String(bundle.user.id) !== app.store.user;
    if (isOther) await use(bundle.user.id);
    if (bundle.user.language && !hasChosenLanguage()) useLanguage(bundle.user.language);
    await keepBundle(app.store, bundle, app.store === asked ? known : null);
    if (bundle.shell_version && bundle.shell_version !== document.documentElement.dataset.version) navigator.serviceWorker?.getRegistration().then((found) => found?.update());
    await app.changed();
    if (isOther) await show();
    sendSoon();
  } else {
    drawFrame(app);
    await app.page?.refresh();
  }
}

let timer = 0;
let dueAt = 0;
let isRunning = false;
let isWanted = false;

/** Sends after `wait` milliseconds; a sending that is due before stays. */
function sendSoon(wait = 0) {
  const at = Date.now() + wait;
  if (timer && dueAt <= at) return;
  clearTimeout(timer);
  dueAt = at;
  timer = setTimeout(() => { timer = 0; sendNow(); }, wait);
}

/** One sending at a time in this tab; what came up meanwhile is sent after it. */
async function sendNow() {
  isWanted = true;
  if (isRunning) return;
  isRunning = true;
  try {
    while (isWanted) {
      isWanted = false;
      await sendOnce();
    }
  } finally {
    isRunning = false;
    app.isSending = false;
  }
}

async function sendOnce() {
  if (!app.store || app.connection === "login") return;
  await app.reload();
  drawFrame(app);
  if (!app.ops.length) return;
  app.isSending = true;
  const { state, sent, wakeAt } = await drain(app.store, { changed: () => app.changed() });
  app.isSending = false;
  if (state === "away" || state === "login") app.connection = state;
  else if (sent) app.connection = "here";
  if (state === "other" || (sent && state === "empty")) await refreshBundle();
  await app.changed();
  if (sent && !app.ops.length) announce(t("all_arrived"));
  if (wakeAt !== null && state !== "login" && state !== "other") sendSoon(Math.max(wakeAt - Date.now(), 200));
  if (app.ops.length && state === "away") navigator.serviceWorker?.ready.then((found) => found.sync?.register("outbox")).catch(() => {});
}

/** A hint that there may be a connection: never believed, always tried. */
async function tryNow() {
  if (!app.store) return refreshBundle();
  await hurry(app.store);
  if (app.connection !== "here") await refreshBundle();
  return sendSoon();
}

window.addEventListener("hashchange", () => { app.hasMoved = true; show(); });
window.addEventListener("online", tryNow);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") tryNow(); });
others?.addEventListener("message", () => app.changed({ isHeard: true }));
navigator.serviceWorker?.addEventListener("message", (event) => { if (event.data === "changed") app.changed({ isHeard: true }); });

async function begin() {
  wireFrame(app);
  drawFrame(app);  // its words before anything is read
  const user = await lastUser().catch(() => null);
  if (user !== null) await use(user);
  await show();
  installWorker(() => { app.isReplaced = true; drawFrame(app); });
  navigator.storage?.persist?.().catch(() => {});
  await refreshBundle();
}
begin();
