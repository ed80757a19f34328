/** What the worker did and the server does not know yet. A record and its photos are stored together or not at all. */
import { uuid7 } from '@grid/api'
import { open, openBytes, seal, sealBytes, sha256 } from './sealing'
import type { Entry, EntryState, Photo, Service, Store } from './store'

/** What is sent besides id, kind and moment. */
export interface Payload {
  body: Record<string, unknown>
  targetId?: string
  baseVersion?: number
  /** Words by which the worker knows it again; never sent. */
  title: string
}

export interface Act extends Payload {
  service: Service
  kind: string
  group: string
  at?: string
}

export type CaseAct = 'case.add' | 'case.verify' | 'case.resolve'

/** How the server answered one operation. */
export interface Answer {
  result: 'created' | 'duplicate' | 'conflict' | 'rejected'
  version?: number | null
  code?: string | null
  title?: string | null
  detail?: string | null
  errors?: { pointer: string; code: string; message: string }[] | null
  conflicts?: { member: string; phone: unknown; server: unknown }[] | null
  server?: Record<string, unknown> | null
}

/** An entry with its payload and answer in clear. */
export type Shown = Omit<Entry, 'payload' | 'answer'> & Payload & { answer?: Answer }

const KEPT_DONE_MS = 2 * 24 * 3600 * 1000

export class Outbox {
  constructor(
    private readonly store: Store,
    private readonly account: () => string,
  ) {}

  /** Store an act and its photos in one transaction; 201 of the phone. */
  async add(act: Act, photos: readonly Blob[] = [], more: { draft?: boolean; holdMs?: number; id?: string } = {}): Promise<string> {
    const key = await this.store.deviceKey()
    const kept = await Promise.all(photos.map((photo) => this.#seal(key, photo)))
    const now = Date.now()
    const { service, kind, group, at } = act
    const entry: Entry = {
      id: more.id ?? uuid7(now),
      service,
      kind,
      group,
      account: this.account(),
      state: more.draft ? 'draft' : 'queued',
      at: at ?? new Date(now).toISOString(),
      photos: [...new Set(kept.map((photo) => photo.sha256))],
      payload: await seal(key, payloadOf(act)),
      holdUntil: now + (more.holdMs ?? 0),
      changedAt: now,
    }
    const { entries, photos: table } = this.store
    await this.store.transaction('rw', entries, table, async () => {
      const known = await table.bulkGet(entry.photos)
      await table.bulkPut(kept.filter((_, place) => known[place] === undefined))
      await entries.put(entry)
    })
    return entry.id
  }

  /** A report: its photos are named in its body, and a draft it grew from is replaced by it. */
  async report(body: Record<string, unknown>, title: string, photos: readonly Blob[], draft?: string): Promise<string> {
    const attachments = await hashes(photos)
    const act = { service: 'dispute', kind: 'case.report', group: 'report', title, body: { ...body, attachments } } as const
    return this.add(act, photos, draft ? { id: draft } : {})
  }

  /** What is done to a case that is known: a word more, a look on the spot, or solved there. */
  async onCase(kind: CaseAct, targetId: string, title: string, body: Record<string, unknown>, photos: readonly Blob[]): Promise<string> {
    const attachments = await hashes(photos)
    return this.add({ service: 'dispute', kind, group: targetId, targetId, title, body: { ...body, attachments } }, photos)
  }

  /** Take back what has not been sent; false when it has. */
  async takeBack(id: string): Promise<boolean> {
    return this.store.transaction('rw', this.store.entries, this.store.photos, async () => {
      const entry = await this.store.entries.get(id)
      if (!entry || entry.state === 'done') return false
      await this.store.entries.delete(id)
      await this.#dropPhotos(entry)
      return true
    })
  }

  /** Everything of some states, the oldest first, in clear. */
  async list(...states: EntryState[]): Promise<Shown[]> {
    const found = await this.store.entries.where('state').anyOf(states).toArray()
    return this.show(found.sort((one, other) => (one.id < other.id ? -1 : 1)))
  }

  async show(found: readonly Entry[]): Promise<Shown[]> {
    const key = await this.store.deviceKey()
    return Promise.all(
      found.map(async ({ payload, answer, ...entry }) => ({
        ...entry,
        ...(await open<Payload>(key, payload)),
        ...(answer ? { answer: await open<Answer>(key, answer) } : {}),
      })),
    )
  }

  async photo(hash: string): Promise<Blob | undefined> {
    const found = await this.store.photos.get(hash)
    if (!found) return undefined
    return new Blob([await openBytes(await this.store.deviceKey(), found.bytes)], { type: found.type })
  }

  /** Send again what needed a decision, changed or as it is, under a new id. */
  async resolve(id: string, act: Act | undefined): Promise<void> {
    const entry = await this.store.entries.get(id)
    if (!entry) return
    if (act) {
      const payload = await seal(await this.store.deviceKey(), payloadOf(act))
      const fresh = { ...entry, id: uuid7(), state: 'queued' as const, payload, changedAt: Date.now(), holdUntil: 0 }
      delete fresh.answer
      await this.store.transaction('rw', this.store.entries, async () => {
        await this.store.entries.delete(id)
        await this.store.entries.add(fresh)
      })
    } else {
      await this.takeBack(id)
    }
  }

  /** Forget what was delivered days ago. */
  async tidy(now = Date.now()): Promise<void> {
    const old = (entry: Entry) => entry.state === 'done' && now - entry.changedAt > KEPT_DONE_MS
    await this.store.entries.filter(old).delete()
  }

  /** Bytes of the photos that wait. */
  async waitingBytes(): Promise<number> {
    let bytes = 0
    await this.store.photos.each((photo) => (bytes += photo.size))
    return bytes
  }

  async #seal(key: CryptoKey, photo: Blob): Promise<Photo> {
    const bytes = await photo.arrayBuffer()
    const [hash, sealed] = await Promise.all([sha256(bytes), sealBytes(key, bytes)])
    return { sha256: hash, bytes: sealed, size: bytes.byteLength, type: photo.type, uploaded: 0 }
  }

  async #dropPhotos(entry: Entry): Promise<void> {
    const others = await this.store.entries.toArray()
    const used = new Set(others.filter((each) => each.state !== 'done').flatMap((each) => each.photos))
    await this.store.photos.bulkDelete(entry.photos.filter((hash) => !used.has(hash)))
  }
}

async function hashes(photos: readonly Blob[]): Promise<string[]> {
  const all = await Promise.all(photos.map(async (photo) => sha256(await photo.arrayBuffer())))
  return [...new Set(all)]
}

/** Only what is sent, whatever else hangs on it. */
function payloadOf({ body, title, targetId, baseVersion }: Act): Payload {
  return { body, title, ...(targetId ? { targetId } : {}), ...(baseVersion === undefined ? {} : { baseVersion }) }
}
