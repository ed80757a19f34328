/** What others change, as it happens: the gateway's stream of events; where it does not answer, a look every 30 seconds. */
import { onBeforeUnmount, ref } from 'vue'

export interface Change {
  service: string
  aggregate: string
  id: string
}
type Heard = (change: Change | undefined) => void

const POLL_MS = 30_000
/** What the stream never carries, restricted cases above all, is asked for now and then beside it. */
const BESIDE_MS = 60_000
const GATHER_MS = 600
const hearers = new Set<Heard>()
let source: EventSource | undefined
let poll = 0

/** `stream` while events arrive by themselves, `poll` while we ask. */
export const liveBy = ref<'stream' | 'poll' | 'off'>('off')

function tell(change: Change | undefined): void {
  hearers.forEach((hear) => hear(change))
}

function ask(): void {
  liveBy.value = 'poll'
  every(POLL_MS)
}

function every(milliseconds: number): void {
  clearInterval(poll)
  poll = window.setInterval(() => {
    if (document.visibilityState === 'visible') tell(undefined)
  }, milliseconds)
}

/** Lets every open screen read again. */
export function tellAll(): void {
  tell(undefined)
}

export function startLive(area: string): void {
  stopLive()
  ask()
  if (!('EventSource' in window)) return
  source = new EventSource(`/api/gateway/v1/live?area=${encodeURIComponent(area)}`)
  source.addEventListener('open', () => {
    every(BESIDE_MS)
    liveBy.value = 'stream'
  })
  source.addEventListener('change', (event) => tell(JSON.parse((event as MessageEvent<string>).data) as Change))
  // Some were missed: everything is read again.
  source.addEventListener('reset', () => tell(undefined))
  // The browser opens the stream again by itself; until then, and where there is none, we ask.
  source.addEventListener('error', ask)
}

export function stopLive(): void {
  source?.close()
  source = undefined
  clearInterval(poll)
  liveBy.value = 'off'
}

/** Calls `reload` shortly after something of these services changed; many changes together are one. */
export function useLive(services: readonly string[], reload: () => unknown): void {
  let timer = 0
  const hear: Heard = (change) => {
    if (change && !services.includes(change.service)) return
    clearTimeout(timer)
    timer = window.setTimeout(reload, GATHER_MS)
  }
  hearers.add(hear)
  onBeforeUnmount(() => {
    hearers.delete(hear)
    clearTimeout(timer)
  })
}
