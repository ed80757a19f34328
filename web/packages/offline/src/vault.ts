/** The lock before personal data: a PIN of six digits, five tries, seven days without the server. */
import { makeDataKey, openDataKey, rewrap, ROUNDS, type Wrapped } from './sealing'
import type { Store } from './store'

export const MOST_TRIES = 5
export const LONGEST_SILENCE_MS = 7 * 24 * 3600 * 1000
export const PIN = /^\d{6}$/

interface Lock {
  wrapped: Wrapped
  tries: number
  lastContact: number
}

export type Opened = { key: CryptoKey } | { left: number } | 'wiped' | 'none'

export class Vault {
  constructor(
    private readonly store: Store,
    private readonly rounds: number = ROUNDS,
    private readonly now: () => number = Date.now,
  ) {}

  async exists(): Promise<boolean> {
    return (await this.store.read<Lock>('lock')) !== undefined
  }

  /** A new PIN and a new key; whatever was locked by an older one goes. */
  async make(pin: string): Promise<CryptoKey> {
    const { key, wrapped } = await makeDataKey(pin, this.rounds)
    await this.wipe()
    await this.store.write('lock', { wrapped, tries: 0, lastContact: this.now() } satisfies Lock)
    return key
  }

  /** The key; or how many tries are left; or that everything behind the lock is gone. A try counts before it is made. */
  async open(pin: string): Promise<Opened> {
    const lock = await this.#count()
    if (lock === undefined) return 'none'
    if (lock === 'wiped') return 'wiped'
    const key = await openDataKey(lock.wrapped, pin)
    if (key) {
      await this.#change({ tries: 0 })
      return { key }
    }
    if (lock.tries < MOST_TRIES) return { left: MOST_TRIES - lock.tries }
    await this.wipe()
    return 'wiped'
  }

  async change(pin: string, next: string): Promise<boolean> {
    const lock = await this.store.read<Lock>('lock')
    const wrapped = lock && (await rewrap(lock.wrapped, pin, next))
    if (wrapped) await this.#change({ wrapped, tries: 0 })
    return wrapped !== undefined
  }

  /** The server has answered this account: the seven days begin anew. */
  async contact(): Promise<void> {
    await this.#change({ lastContact: this.now() })
  }

  /** Whether the pack was too long without the server; then it is gone. */
  async expire(): Promise<boolean> {
    const lock = await this.store.read<Lock>('lock')
    if (!lock || this.now() - lock.lastContact <= LONGEST_SILENCE_MS) return false
    await this.wipe()
    return true
  }

  /** Personal data and their key go; what waits to be uploaded stays. */
  async wipe(): Promise<void> {
    const { store } = this
    await store.transaction('rw', store.rows, store.meta, async () => {
      await store.rows.clear()
      await store.meta.delete('lock')
    })
  }

  async #count(): Promise<Lock | 'wiped' | undefined> {
    if (await this.expire()) return 'wiped'
    return this.store.transaction('rw', this.store.meta, async () => {
      const lock = await this.store.read<Lock>('lock')
      if (!lock) return undefined
      const counted = { ...lock, tries: lock.tries + 1 }
      await this.store.write('lock', counted)
      return counted
    })
  }

  async #change(change: Partial<Lock>): Promise<void> {
    await this.store.transaction('rw', this.store.meta, async () => {
      const lock = await this.store.read<Lock>('lock')
      if (lock) await this.store.write('lock', { ...lock, ...change })
    })
  }
}
