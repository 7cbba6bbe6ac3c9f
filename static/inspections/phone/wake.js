// The screen stays on while a run is open; the browser lets go of it whenever the page is hidden.
let wanted = false;
let lock = null;

async function hold() {
  if (!wanted || lock || document.visibilityState !== "visible" || !navigator.wakeLock) return;
  try {
    lock = await navigator.wakeLock.request("screen");
    lock.addEventListener("release", () => { lock = null; });
  } catch {
    lock = null;  // a battery saver said no
  }
}
document.addEventListener("visibilitychange", hold);

export function stayAwake(isWanted) {
  wanted = isWanted;
  if (isWanted) hold();
  else lock?.release();
}
