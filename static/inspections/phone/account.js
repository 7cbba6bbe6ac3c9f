// Log-out and language: both belong to the server, with the token of the last bundle.
import { ask } from "./dom.js";
import { t, useLanguage } from "./words.js";

async function post(app, url, fields) {
  const body = new URLSearchParams({ ...fields, csrfmiddlewaretoken: await app.store.meta("csrf", "") });
  return fetch(url, { method: "POST", body, credentials: "same-origin", redirect: "manual" });
}

/** Ends the session; asks first while entries wait, which stay on this phone for this person. */
export async function logOut(app) {
  if (app.ops.length && !(await ask({ title: t("logout_title"), text: t("logout_text", { n: app.ops.length }), yes: t("logout"), no: t("cancel"), tone: "danger" }))) return;
  try {
    await post(app, "/accounts/logout/", {});
    location.assign("/accounts/login/?next=/inspections/phone/");
  } catch {
    await ask({ title: t("no_connection"), text: t("logout_away"), yes: t("close") });
  }
}

/** The page speaks the other language at once; names of items follow with the next bundle. */
export async function chooseLanguage(app, language) {
  useLanguage(language);
  document.cookie = `django_language=${language}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  await app.page?.leave();
  app.page = null;
  app.draw();
  if (!app.store) return;
  await post(app, "/language/", { language, next: "/livez" }).catch(() => {});
  await app.refreshBundle();
  app.draw();
}
