/** The standard replies of a unit, by the step they belong to; read once. */
import { words } from '@grid/i18n'
import { shallowRef } from 'vue'
import { dispute } from './api'
import { REPLIES, type Action } from './cases'

type Row = Record<string, string>
const rows = shallowRef<readonly Row[]>()

/** Reads the table unless it is there; without it there is only free text. */
export async function loadReplies(): Promise<void> {
  if (rows.value) return
  const answer = await dispute.GET('/code-tables/{name}', { params: { path: { name: 'standard_replies' } } }).catch(() => undefined)
  rows.value = answer?.data?.rows as Row[] | undefined
}

export function repliesTo(action: Action): string[] {
  const begins = REPLIES[action] ?? []
  const name = words.language.value === 'en' ? 'name_en' : 'name_zh'
  return (rows.value ?? []).filter((row) => begins.some((each) => row['code']?.startsWith(each))).map((row) => row[name] ?? '')
}
