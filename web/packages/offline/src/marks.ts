/** Lines of today's list that the worker put off until a day, or that are not walked to today. */
import { open, seal } from './sealing'
import type { MarkRow, Store } from './store'

export interface Mark {
  /** The household. */
  id: string
  kind: 'later' | 'not_today'
  /** The first day on which it may be listed again. */
  until: string
  reason: string | null
  at: string
}

const KEPT_DAYS = 30
const DAY_MS = 24 * 3600 * 1000

export class Marks {
  constructor(
    private readonly store: Store,
    private readonly account: () => string,
  ) {}

  async set(mark: Mark): Promise<void> {
    const sealed = await seal(await this.store.deviceKey(), mark)
    await this.store.marks.put({ id: mark.id, account: this.account(), sealed })
  }

  async remove(id: string): Promise<void> {
    await this.store.marks.delete(id)
  }

  /** The marks of this account, in clear. */
  async show(rows: readonly MarkRow[]): Promise<Mark[]> {
    const key = await this.store.deviceKey()
    return Promise.all(rows.filter((row) => row.account === this.account()).map((row) => open<Mark>(key, row.sealed)))
  }

  /** Forget what is long over. */
  async tidy(now = Date.now()): Promise<void> {
    const all = await this.show(await this.store.marks.toArray())
    const over = all.filter((mark) => Date.parse(mark.until) < now - KEPT_DAYS * DAY_MS)
    await this.store.marks.bulkDelete(over.map((mark) => mark.id))
  }
}
