/** What lies on the phone: the outbox with its photos, the grid pack, and a few settings. */
import Dexie, { type EntityTable, type Table } from 'dexie'
import { makeDeviceKey, type Sealed } from './sealing'

export type Service = 'population' | 'dispute'
export type EntryState = 'draft' | 'queued' | 'done' | 'conflict' | 'rejected'

/** One act of the worker. Its id is the id of the record it makes, on the phone and on the server. */
export interface Entry {
  id: string
  service: Service
  kind: string
  state: EntryState
  /** Whose act it is; it is sent in the name of no other account. */
  account: string
  /** What it is about (a household, a case), to find acts that belong together. */
  group: string
  at: string
  photos: string[]
  payload: Sealed
  /** Not sent before this moment (ms), so that it can be taken back. */
  holdUntil: number
  changedAt: number
  answer?: Sealed
}

/** A photo by the SHA-256 of its bytes. */
export interface Photo {
  sha256: string
  bytes: Sealed
  size: number
  type: string
  uploaded: 0 | 1
}

/** A row of the grid pack, sealed under the key behind the PIN. */
export interface Row {
  id: string
  grid: string
  kind: 'household' | 'frame'
  sealed: Sealed
}

/** What the worker put off on today's list; his own arrangement, so it is kept by this phone alone. */
export interface MarkRow {
  id: string
  account: string
  sealed: Sealed
}

export class Store extends Dexie {
  entries!: EntityTable<Entry, 'id'>
  photos!: EntityTable<Photo, 'sha256'>
  rows!: EntityTable<Row, 'id'>
  marks!: EntityTable<MarkRow, 'id'>
  meta!: Table<{ key: string; value: unknown }, string>

  constructor(name = 'grid-field') {
    // Strict: a commit is on the disk before it is called one.
    super(name, { chromeTransactionDurability: 'strict' })
    this.version(1).stores({ entries: 'id, state, group', photos: 'sha256', rows: 'id, grid', meta: 'key' })
    this.version(2).stores({ marks: 'id' })
  }

  async read<T>(key: string): Promise<T | undefined> {
    return (await this.meta.get(key))?.value as T | undefined
  }

  async write(key: string, value: unknown): Promise<void> {
    await this.meta.put({ key, value })
  }

  /** The key of the outbox: bound to this browser, so that what waits survives a wiped pack and a forgotten PIN. */
  async deviceKey(): Promise<CryptoKey> {
    const known = await this.read<CryptoKey>('device-key')
    if (known) return known
    const made = await makeDeviceKey()
    return this.transaction('rw', this.meta, async () => {
      // Another tab may have been faster.
      const other = await this.read<CryptoKey>('device-key')
      if (other) return other
      await this.write('device-key', made)
      return made
    })
  }
}
