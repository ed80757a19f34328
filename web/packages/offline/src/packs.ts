/** The grid pack on the phone: each row sealed by itself, so that what has changed is written and nothing else. */
import { open, seal } from './sealing'
import type { Row, Store } from './store'

/** A pack as it comes: everything, or what has changed since the cursor. */
export interface Pack<H extends { id: string }> {
  areaCode: string
  complete: boolean
  households: readonly H[]
  gone: { households: readonly string[] }
}

export interface Held<H, F> {
  households: H[]
  frames: Record<string, F>
}

export class Packs<H extends { id: string }, F> {
  constructor(private readonly store: Store) {}

  /** Take over a pack; `frame` is what it says besides its households. */
  async apply(key: CryptoKey, pack: Pack<H>, frame: F): Promise<void> {
    const grid = pack.areaCode
    const rows = await Promise.all([
      ...pack.households.map((row) => this.#row(key, grid, 'household', row.id, row)),
      this.#row(key, grid, 'frame', `frame:${grid}`, frame),
    ])
    const { store } = this
    await store.transaction('rw', store.rows, async () => {
      if (pack.complete) await store.rows.where('grid').equals(grid).delete()
      else await store.rows.bulkDelete([...pack.gone.households])
      await store.rows.bulkPut(rows)
    })
  }

  /** What a pack says besides its households, anew. */
  async keepFrame(key: CryptoKey, grid: string, frame: F): Promise<void> {
    await this.store.rows.put(await this.#row(key, grid, 'frame', `frame:${grid}`, frame))
  }

  /** Everything that is held, in clear. */
  async read(key: CryptoKey): Promise<Held<H, F>> {
    const held: Held<H, F> = { households: [], frames: {} }
    const rows = await this.store.rows.toArray()
    const opened = await Promise.all(rows.map((row) => open<unknown>(key, row.sealed)))
    rows.forEach((row, place) => {
      if (row.kind === 'household') held.households.push(opened[place] as H)
      else held.frames[row.grid] = opened[place] as F
    })
    return held
  }

  /** Grids the worker does not hold any more go. */
  async keepOnly(grids: readonly string[]): Promise<void> {
    await this.store.rows.where('grid').noneOf([...grids]).delete()
  }

  async #row(key: CryptoKey, grid: string, kind: Row['kind'], id: string, value: unknown): Promise<Row> {
    return { id, grid, kind, sealed: await seal(key, value) }
  }
}
