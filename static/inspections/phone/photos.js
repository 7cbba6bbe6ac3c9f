// The photos of one card: taken, shrunk, kept as entries of their own.
import { ask, h, icon } from "./dom.js";
import { drop, enqueue } from "./outbox.js";
import { shrink } from "./photo.js";
import { unpressed } from "./press.js";
import { t } from "./words.js";

function thumbnail(app, cell, photo, changed) {
  const image = h("img", { class: "thumb", alt: t("photo") });
  if (photo.queued) {
    app.store.get("photos", photo.op).then((kept) => {
      if (!kept) return;
      const url = URL.createObjectURL(new Blob([kept.bytes], { type: kept.type }));
      image.onload = () => URL.revokeObjectURL(url);
      image.src = url;
    });
  } else if (photo.url) image.src = photo.url;
  const state = photo.queued ? t({ sending: "sending", error: "not_sent" }[photo.queued.status] ?? "saved_here") : t("arrived");
  const remove = async () => {
    const text = photo.queued ? t("photo_drop_text") : t("photo_withdraw_text");
    if (!(await ask({ title: t("photo_drop"), text, yes: t("drop"), no: t("keep"), tone: "danger" }))) return;
    if (photo.queued) await drop(app.store, photo.queued);
    else await enqueue(app.store, { kind: "withdraw", run: cell.run.number, slot: cell.name, payload: { target: cell.target.id, item: cell.item.id, photo: photo.op } });
    changed();
  };
  const isOnItsWay = photo.queued?.attempts > 0;
  return h("li", { "data-photo": photo.op }, image,
    h("span", { class: photo.queued ? "saved" : "saved is-arrived" }, icon(photo.queued ? "cloud_upload" : "cloud_done"), state),
    isOnItsWay ? null : h("button", { type: "button", class: "icon-btn tall", "aria-label": t("photo_drop"), onclick: remove }, icon("delete")));
}

/** The block with the camera button: {element, refresh(cell)}. */
export function photosOf(app, cell, changed) {
  const list = h("ul", { class: "photos" });
  const trouble = h("p", { class: "trouble", role: "alert" });
  const word = h("span", {});
  const take = async (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    trouble.textContent = "";
    for (const file of files) {
      try {
        const photo = await shrink(file);
        const payload = { target: cell.target.id, item: cell.item.id, name: photo.name, captured_at: new Date().toISOString() };
        await enqueue(app.store, { kind: "photo", run: cell.run.number, slot: cell.name, payload, photo });
      } catch {
        trouble.textContent = t("photo_unreadable");
      }
    }
    changed();
  };
  const camera = h("label", { class: "option quiet camera" }, icon("photo_camera"), word,
    h("input", { class: "visually-hidden", type: "file", accept: "image/*", capture: "environment", onchange: take, "data-camera": true }));
  const needed = h("strong", { class: "needed", hidden: true }, t("photo_needed"));
  const element = h("div", { class: "photo-block" }, camera, needed, trouble, list);
  let drawn = "";
  let now = cell;
  const draw = unpressed(() => list.replaceChildren(...now.photos.map((each) => thumbnail(app, now, each, changed))));
  const refresh = (fresh) => {
    now = fresh;
    word.textContent = now.photos.length ? t("photo_another") : t("photo_take");
    needed.hidden = now.gap !== "photo" && !(now.item.kind === "photo" && now.gap);
    const state = JSON.stringify(now.photos.map((each) => [each.op, each.queued?.status, each.queued?.attempts, each.url]));
    if (state === drawn) return;
    drawn = state;
    draw();
  };
  refresh(cell);
  return { element, refresh };
}
