/** A new version waits until the worker says so; nothing is reloaded under his hands. */
import { shallowRef } from 'vue'

export const newVersion = shallowRef<ServiceWorker | null>(null)

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
}

/** Take the new version: it takes over, then this page is loaded again by it. */
export function useNewVersion(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  newVersion.value?.postMessage('take-over')
}
