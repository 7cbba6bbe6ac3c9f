// The service worker keeps the application on the phone; only on https and on the machine itself.

/** Whether this page can be opened without a connection. */
export const canOpenOffline = () => "serviceWorker" in navigator;

/** Registers the worker; `replaced` is called when a newer shell has taken over. */
export async function installWorker(replaced) {
  if (!canOpenOffline()) return;
  let hadOne = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (hadOne) replaced();
    hadOne = true;
  });
  const options = { scope: "/inspections/phone/", updateViaCache: "none" };
  try {
    await navigator.serviceWorker.register("/sw.js", { ...options, type: "module" });
  } catch {
    // A browser whose workers know no modules: the same worker, without sending in the background.
    await navigator.serviceWorker.register("/sw.js?classic", options).catch(() => {});
  }
}
