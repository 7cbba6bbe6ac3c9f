// The service worker of the phone page: keeps the shell, and nothing else. No answer with data ever enters a cache.
{% if sync %}import { drainForLastUser } from "{{ sync|escapejs }}";

// The browser says that there is a connection, perhaps after the page was closed: what waits is sent.
self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(drainForLastUser().finally(tellPages));
});

async function tellPages() {
  for (const page of await self.clients.matchAll()) page.postMessage("changed");
}
{% endif %}
const CACHE = "opsledger-phone-{{ version }}";
const SHELL = "/inspections/phone/";
const FILES = {{ files|safe }};

// All or nothing: a shell with a file missing never replaces a whole one.
self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([SHELL, ...FILES].map((url) => new Request(url, { cache: "reload", credentials: "omit" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const former = (await caches.keys()).filter((name) => name.startsWith("opsledger-phone-") && name !== CACHE);
    await Promise.all(former.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === SHELL && event.request.mode === "navigate") event.respondWith(kept(SHELL, event.request));
  else if (FILES.includes(url.pathname)) event.respondWith(kept(url.pathname, event.request));
});

async function kept(name, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(name)) ?? fetch(request);
}
