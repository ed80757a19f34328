/** Acts on the register of persons and homes, kept in the queue with a moment to take them back. */
import { words } from '@grid/i18n'
import { toast } from '@grid/ui'
import type { Household } from './pack'
import { courier, outbox } from './phone'

const TAKE_BACK_MS = 10_000

export interface RegisterAct {
  kind: string
  household: Pick<Household, 'id'>
  title: string
  body: Record<string, unknown>
  targetId?: string
  baseVersion?: number
}

export async function keepActs(acts: readonly RegisterAct[]): Promise<void> {
  const ids: string[] = []
  for (const { household, ...act } of acts)
    ids.push(await outbox.add({ service: 'population', group: household.id, ...act }, [], { holdMs: TAKE_BACK_MS }))
  courier.wake(TAKE_BACK_MS + 100)
  const takeBack = async () => {
    const gone = await Promise.all(ids.map((id) => outbox.takeBack(id)))
    toast(words.t(gone.every(Boolean) ? 'field.taken-back' : 'field.too-late'))
  }
  toast(words.t('field.saved'), { label: words.t('field.take-back'), run: takeBack })
}
