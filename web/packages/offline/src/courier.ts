/** Carries the outbox to the server: one carrier among all tabs, photos first, batches, patience with bad lines. */
import { Problem } from '@grid/api'
import type { Answer } from './outbox'
import { open, openBytes, seal } from './sealing'
import type { Entry, Service, Store } from './store'
import type { Payload } from './outbox'

export interface Operation {
  id: string
  kind: string
  at: string
  targetId?: string
  baseVersion?: number
  body: Record<string, unknown>
}

export interface Transport {
  putPhoto(sha256: string, bytes: Blob): Promise<void>
  /** The answers in the order asked. */
  sync(service: Service, operations: Operation[]): Promise<(Answer & { id: string })[]>
}

export interface Circumstances {
  account(): string | undefined
  /** Whether photos may travel now (only by Wi-Fi, if the worker wants that). */
  photosMayTravel(): boolean
  onDelivered?(entries: readonly Entry[]): void
  onSignedOut?(): void
}

export const BATCH = 25
const LOCK = 'grid-sync'
const FIRST_WAIT_MS = 2_000
const LONGEST_WAIT_MS = 5 * 60_000
const ROUND_MS = 5 * 60_000
/** So many losses in a row, and the line is called dead for now. */
const DEAD_AFTER = 3
/** A visit is sent before the case that refers to it. */
const ORDER: readonly Service[] = ['population', 'dispute']

export class Courier {
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Promise<void> | undefined

  constructor(
    private readonly store: Store,
    private readonly transport: Transport,
    private readonly around: Circumstances,
    private readonly random: () => number = Math.random,
  ) {}

  /** Look after the queue until the page goes: on coming back, on a connection, every five minutes. */
  watch(): void {
    addEventListener('online', () => void this.run())
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void this.run())
    setInterval(() => void this.run(), ROUND_MS)
    void this.run()
  }

  /** Come back in so many milliseconds, unless something else comes before. */
  wake(inMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.run(), inMs)
  }

  /** Carry what can be carried now. Another tab that carries already is enough. */
  run(): Promise<void> {
    this.#running ??= this.#once().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #once(): Promise<void> {
    clearTimeout(this.#timer)
    try {
      const carried = await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
        if (lock) await this.#carry()
        return lock !== null
      })
      this.#failures = 0
      if (!carried) this.wake(FIRST_WAIT_MS)
      else await this.#wakeForHeld()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (error.status === 401) this.around.onSignedOut?.()
      else this.wake(this.wait(error))
    }
  }

  /** Milliseconds until the next try: doubled each time, never all phones at once. */
  wait(problem: Problem): number {
    const doubled = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++)
    return Math.max((problem.retryAfter ?? 0) * 1000, doubled * (0.5 + this.random() / 2))
  }

  /** What has its photos there goes even when other photos did not get through. */
  async #carry(): Promise<void> {
    let broken: unknown
    await this.#carryPhotos().catch((error: unknown) => (broken = error))
    if (broken instanceof Problem && !broken.passing) throw broken
    await this.#carryOperations()
    if (broken) throw broken
  }

  async #carryOperations(): Promise<void> {
    for (const service of ORDER) {
      let size = BATCH
      for (;;) {
        const batch = (await this.#ready(service)).slice(0, size)
        if (!batch.length) break
        size = await this.#send(service, batch)
      }
    }
  }

  async #carryPhotos(): Promise<void> {
    if (!this.around.photosMayTravel()) return
    const key = await this.store.deviceKey()
    const wanted = new Set((await this.#queued()).flatMap((entry) => entry.photos))
    for (const hash of wanted) {
      const photo = await this.store.photos.get(hash)
      if (!photo || photo.uploaded) continue
      const bytes = new Blob([await openBytes(key, photo.bytes)], { type: photo.type })
      try {
        await this.#persist(() => this.transport.putPhoto(hash, bytes))
        await this.store.photos.update(hash, { uploaded: 1 })
      } catch (error) {
        if (!(error instanceof Problem) || error.passing || error.status === 401 || error.status === 403) throw error
        await this.#refusePhoto(hash, error)
      }
    }
  }

  /** Send a batch; the size of the next one. What the server cannot read at all is halved until the one is found. */
  async #send(service: Service, batch: Entry[]): Promise<number> {
    try {
      const operations = await Promise.all(batch.map((entry) => this.#operation(entry)))
      const answers = await this.#persist(() => this.transport.sync(service, operations))
      await this.#note(batch, answers)
      return BATCH
    } catch (error) {
      if (!(error instanceof Problem) || error.passing || error.status === 401 || error.status === 403) throw error
      if (batch.length > 1) return Math.ceil(batch.length / 2)
      await this.#note(batch, [{ id: batch[0]!.id, result: 'rejected', ...refusal(error) }])
      return BATCH
    }
  }

  /** Ask again at once when a reply was lost: what is sent twice is done once. */
  async #persist<T>(act: () => Promise<T>): Promise<T> {
    for (let lost = 1; ; lost++) {
      try {
        const answer = await act()
        this.#failures = 0
        return answer
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 0 || lost >= DEAD_AFTER) throw error
      }
    }
  }

  async #operation(entry: Entry): Promise<Operation> {
    const { title: _, ...payload } = await open<Payload>(await this.store.deviceKey(), entry.payload)
    return { id: entry.id, kind: entry.kind, at: entry.at, ...payload }
  }

  async #note(batch: readonly Entry[], answers: readonly (Answer & { id: string })[]): Promise<void> {
    const key = await this.store.deviceKey()
    const by = new Map(answers.map((answer) => [answer.id, answer]))
    const changed: Entry[] = []
    for (const entry of batch) {
      const answer = by.get(entry.id)
      if (!answer) continue
      const state = answer.result === 'conflict' || answer.result === 'rejected' ? answer.result : 'done'
      changed.push({ ...entry, state, answer: await seal(key, answer), changedAt: Date.now() })
    }
    // An answer that leaves out what was asked would be asked for ever.
    if (!changed.length) throw new Problem(502, 'incomplete-answer', '', '')
    const { entries, photos } = this.store
    await this.store.transaction('rw', entries, photos, async () => {
      await entries.bulkPut(changed)
      await photos.bulkDelete(await this.#unused(changed))
    })
    this.around.onDelivered?.(changed)
  }

  async #unused(changed: readonly Entry[]): Promise<string[]> {
    const waiting = (await this.store.entries.toArray()).filter((entry) => entry.state !== 'done')
    const used = new Set(waiting.flatMap((entry) => entry.photos))
    return changed.flatMap((entry) => entry.photos).filter((hash) => !used.has(hash))
  }

  async #refusePhoto(hash: string, problem: Problem): Promise<void> {
    const concerned = (await this.#queued()).filter((entry) => entry.photos.includes(hash))
    await this.#note(concerned, concerned.map((entry) => ({ id: entry.id, result: 'rejected', ...refusal(problem) })))
  }

  async #queued(): Promise<Entry[]> {
    const account = this.around.account()
    const now = Date.now()
    const found = await this.store.entries.where('state').equals('queued').toArray()
    const mine = found.filter((entry) => entry.account === account && entry.holdUntil <= now)
    return mine.sort((one, other) => (one.id < other.id ? -1 : 1))
  }

  async #ready(service: Service): Promise<Entry[]> {
    const found = (await this.#queued()).filter((entry) => entry.service === service)
    const hashes = [...new Set(found.flatMap((entry) => entry.photos))]
    const photos = await this.store.photos.bulkGet(hashes)
    const here = new Set(hashes.filter((_, place) => photos[place]?.uploaded === 0))
    return found.filter((entry) => !entry.photos.some((hash) => here.has(hash)))
  }

  async #wakeForHeld(): Promise<void> {
    const held = await this.store.entries.where('state').equals('queued').toArray()
    const next = Math.min(...held.map((entry) => entry.holdUntil).filter((moment) => moment > Date.now()))
    if (Number.isFinite(next)) this.wake(next - Date.now() + 50)
  }
}

function refusal(problem: Problem): Omit<Answer, 'result'> {
  return { code: problem.code, title: problem.title, detail: problem.detail, errors: [...problem.errors] }
}
