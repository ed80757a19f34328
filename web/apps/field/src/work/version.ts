/** A new version waits until the worker says so; nothing is reloaded under his hands. */
import { shallowRef } from 'vue'
import { store } from './store'

/** What waits to take over; `taken` when another page of this phone let it, and this one is the old one. */
export const newVersion = shallowRef<ServiceWorker | 'taken' | null>(null)
let asked = false

export async function followVersions(): Promise<void> {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return
  const registration = await navigator.serviceWorker.register('/field/sw.js', { scope: '/field/', updateViaCache: 'none' })
  const look = () => {
    if (registration.waiting && navigator.serviceWorker.controller) newVersion.value = registration.waiting
  }
  look()
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', look))
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void registration.update().catch(() => undefined)
  })
  followOtherPages()
}

/** Take the new version: it takes over, then this page is loaded again by it. */
export function useNewVersion(): void {
  if (newVersion.value === 'taken') return location.reload()
  asked = true
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  newVersion.value?.postMessage('take-over')
}

function followOtherPages(): void {
  const taken = () => {
    if (!asked) newVersion.value = 'taken'
  }
  // The first worker of all takes over too, and is no news.
  if (navigator.serviceWorker.controller) navigator.serviceWorker.addEventListener('controllerchange', taken)
  store.on('versionchange', taken)
}
