// What the phone keeps: one database per person, so that nobody's entries meet another's log-in.
import { openDB } from "../../vendor/idb.js";

export const VERSION = 1;
const PREFIX = "opsledger-inspections-";

/** Makes what version `before` lacks. Adds and never recreates: a queue may be waiting in it. */
export function upgrade(db, before) {
  if (before < 1) {
    db.createObjectStore("bundle", { keyPath: "number" });
    db.createObjectStore("ops", { keyPath: "seq", autoIncrement: true }).createIndex("key", "key", { unique: true });
    db.createObjectStore("photos", { keyPath: "op" });
    db.createObjectStore("drafts", { keyPath: "name" });
    db.createObjectStore("arrived", { keyPath: "key" });
    db.createObjectStore("meta", { keyPath: "key" });
  }
}

/** Keys that work on plain http too, where crypto.randomUUID is missing. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** The database of one person. Reopens itself when the browser closed it in the background. */
export class Store {
  constructor(user, { wasReplaced = () => {} } = {}) {
    this.user = String(user);
    this.name = PREFIX + this.user;
    this.wasReplaced = wasReplaced;
    this.opening = null;
  }

  open() {
    this.opening ??= this.#open(VERSION).catch((error) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  async #open(version) {
    const forget = () => { this.opening = null; };
    const handlers = {
      upgrade,
      terminated: forget,
      blocking: (_current, _next, event) => {
        event.target.close();  // a newer shell in another tab wants to upgrade: let it
        forget();
        this.wasReplaced();
      },
    };
    try {
      return await openDB(this.name, version, handlers);
    } catch (error) {
      // A newer shell has upgraded it already; it only ever adds, so that this one can go on.
      if (error.name === "VersionError") return openDB(this.name, undefined, handlers);
      throw error;
    }
  }

  /** `work(tx)` in one transaction, once more on a new connection if the browser had closed the old one. */
  async transaction(names, mode, work) {
    for (let isSecond = false; ; isSecond = true) {
      const db = await this.open();
      try {
        const tx = db.transaction(names, mode, mode === "readwrite" ? { durability: "strict" } : {});
        tx.done.catch(() => {});  // told by the rejection below
        const result = await work(tx);
        await tx.done;
        return result;
      } catch (error) {
        if (isSecond || !["InvalidStateError", "UnknownError"].includes(error.name)) throw error;
        this.opening = null;
      }
    }
  }

  all(name) { return this.transaction([name], "readonly", (tx) => tx.objectStore(name).getAll()); }

  /** All of several stores, as they stood at one moment. */
  together(names) { return this.transaction(names, "readonly", (tx) => Promise.all(names.map((name) => tx.objectStore(name).getAll()))); }

  keys(name) { return this.transaction([name], "readonly", (tx) => tx.objectStore(name).getAllKeys()); }

  get(name, key) { return this.transaction([name], "readonly", (tx) => tx.objectStore(name).get(key)); }

  put(name, value) { return this.transaction([name], "readwrite", (tx) => tx.objectStore(name).put(value)); }

  remove(name, key) { return this.transaction([name], "readwrite", (tx) => tx.objectStore(name).delete(key)); }

  async meta(key, otherwise = null) { return (await this.get("meta", key))?.value ?? otherwise; }

  setMeta(key, value) { return this.put("meta", { key, value }); }
}

/** The little that is nobody's: who used this phone last, and how much waits for whom. */
const shared = () => openDB("opsledger-phone", 1, { upgrade(db) { db.createObjectStore("meta", { keyPath: "key" }); } });

async function withShared(work) {
  const db = await shared();
  try { return await work(db); } finally { db.close(); }
}

export const lastUser = () => withShared(async (db) => (await db.get("meta", "user"))?.value ?? null);

export const rememberUser = (user) => withShared((db) => db.put("meta", { key: "user", value: user }));

export const rememberWaiting = (user, count) => withShared((db) => db.put("meta", { key: `waiting ${user}`, count }));

export const waitingFor = (user) => withShared(async (db) => (await db.get("meta", `waiting ${user}`))?.count ?? 0);

/** How many entries wait on this phone for other people than `user`. */
export const waitingForOthers = (user) => withShared(async (db) => {
  const rows = await db.getAll("meta");
  return rows.filter((row) => row.key.startsWith("waiting ") && row.key !== `waiting ${user}`).reduce((sum, row) => sum + row.count, 0);
});
