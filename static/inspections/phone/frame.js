// Around every page of the phone: connection, outbox, banners, language, log-out.
import { ask, h, icon, note } from "./dom.js";
import { logOut, chooseLanguage } from "./account.js";
import { currentLanguage, t } from "./words.js";
import { canOpenOffline } from "./worker.js";

let installer = null;

const CONNECTION = { checking: ["sync", "checking"], here: ["cloud_done", "connected"], away: ["cloud_off", "no_connection"], login: ["lock", "login_needed"], refused: ["block", "not_allowed"] };

/** Listens once to what the frame's buttons do. */
export function wireFrame(app) {
  document.getElementById("language").addEventListener("click", () => chooseLanguage(app, currentLanguage() === "en" ? "zh-hans" : "en"));
  document.getElementById("logout").addEventListener("click", () => logOut(app));
  document.getElementById("install").addEventListener("click", async () => {
    if (installer) await installer.prompt();
    else await ask({ title: t("install"), text: t("install_by_hand"), yes: t("close") });
    installer = null;
  });
  window.addEventListener("beforeinstallprompt", (event) => { event.preventDefault(); installer = event; });
}

function banners(app) {
  const found = [];
  if (app.isReplaced) found.push(note("info", "upgrade", t("new_version"), " ", h("button", { type: "button", class: "btn tall", onclick: () => location.reload() }, icon("refresh"), t("reload"))));
  if (app.connection === "login") {
    const next = encodeURIComponent(`/inspections/phone/${location.hash}`);
    found.push(note("warn", "lock", app.ops.length ? t("login_waiting", { n: app.ops.length }) : t("login_text"), " ", h("a", { class: "btn btn-primary tall", href: `/accounts/login/?next=${next}`, "data-login": true }, icon("login"), t("login"))));
  }
  if (app.connection === "refused") found.push(note("bad", "block", app.refusal || t("not_allowed")));
  if (!canOpenOffline()) found.push(note("warn", "cloud_off", h("strong", {}, t("plain_http")), " ", t("plain_http_text")));
  return found;
}

/** Draws connection, counts and banners, and the frame's own words. */
export function drawFrame(app) {
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = t(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  const [name, word] = CONNECTION[app.connection] ?? CONNECTION.checking;
  const connection = document.getElementById("connection");
  const text = t(word);
  if (connection.textContent !== name + text) connection.replaceChildren(icon(name), h("span", {}, text));
  connection.dataset.state = app.connection;
  const stuck = app.ops.filter((op) => op.status === "conflict" || op.status === "error").length;
  const outbox = document.getElementById("outbox");
  outbox.replaceChildren(icon(stuck ? "error" : "outbox"), h("span", { class: "outbox-word" }, t("outbox")), app.ops.length ? h("strong", { class: `count${stuck ? " is-bad" : ""}` }, String(app.ops.length)) : "");
  outbox.setAttribute("aria-label", `${t("outbox")}: ${t("waiting", { n: app.ops.length })}`);
  document.getElementById("who").textContent = app.user?.name ?? "";
  const language = document.getElementById("language-word");
  language.textContent = currentLanguage() === "en" ? "简体中文" : "English";
  language.lang = currentLanguage() === "en" ? "zh-Hans" : "en";
  document.getElementById("install").hidden = !canOpenOffline() || window.matchMedia("(display-mode: standalone)").matches;
  document.getElementById("logout").hidden = !app.user || app.connection === "login";
  const holder = document.getElementById("banners");
  const drawn = banners(app);
  const state = drawn.map((each) => each.textContent).join("|");
  if (holder.dataset.state !== state) {
    holder.dataset.state = state;
    holder.replaceChildren(...drawn);
  }
}
