/** The service worker keeps the program and nothing else: no answer of the API is ever stored by it. */
/// <reference lib="webworker" />
export {}
declare const self: ServiceWorkerGlobalScope
declare const __PRECACHE__: { version: string; files: string[] }

const { version, files } = __PRECACHE__
const CACHE = `grid-field-${version}`
const SHELL = '/field/'

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(files.map((file) => new Request(file, { cache: 'reload' })))))
})

self.addEventListener('activate', (event) => {
  const old = async () => {
    const names = await caches.keys()
    await Promise.all(names.filter((name) => name.startsWith('grid-field-') && name !== CACHE).map((name) => caches.delete(name)))
    await self.clients.claim()
  }
  event.waitUntil(old())
})

self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting()
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin || !url.pathname.startsWith(SHELL)) return
  const wanted = request.mode === 'navigate' ? SHELL : request
  event.respondWith(caches.open(CACHE).then(async (cache) => (await cache.match(wanted)) ?? fetch(request)))
})
