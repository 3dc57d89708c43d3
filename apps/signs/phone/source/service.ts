// The service worker: keeps the page itself on the device, so that it opens without a network.
declare const self: ServiceWorkerGlobalScope;
declare const FILES: string[];
declare const SHELL: string;

const NAME = `shell-${SHELL}`;
self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const own = new URL(self.registration.scope);
  if (event.request.method !== "GET" || url.origin !== own.origin || !url.pathname.startsWith(own.pathname)) return;
  event.respondWith(kept(event.request));
});

async function keep(): Promise<void> {
  const cache = await caches.open(NAME);
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  await self.skipWaiting();
}

async function takeOver(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith("shell-") && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function kept(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}

export {};
