// One sender at a time, over all tabs and the worker: a Web Lock, or a lease in the database where there is none.
import { uuid } from "./db.js";

const LEASE = 90_000;  // longer than the longest request
const holder = uuid();

/** Runs `work` while nobody else holds the outbox; waits for its turn. */
export function alone(store, work) {
  if (navigator.locks) return navigator.locks.request(`${store.name} outbox`, work);
  return leased(store, work);
}

async function leased(store, work) {
  while (!(await take(store))) await new Promise((done) => setTimeout(done, 1000));
  const renewal = setInterval(() => take(store), LEASE / 3);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await store.transaction(["meta"], "readwrite", async ({ store: meta }) => {
      if ((await meta.get("lease"))?.holder === holder) await meta.delete("lease");
    });
  }
}

/** True if the lease is ours now: it was free, had run out, or was ours before. */
export function take(store) {
  return store.transaction(["meta"], "readwrite", async ({ store: meta }) => {
    const lease = await meta.get("lease");
    if (lease && lease.holder !== holder && lease.until > Date.now()) return false;
    await meta.put({ key: "lease", holder, until: Date.now() + LEASE });
    return true;
  });
}
