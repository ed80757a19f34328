/** One intake at the window: what is brought for each item, and how it becomes an application with its receipt. */
import { idempotencyKey, Problem } from '@grid/api'
import { words } from '@grid/i18n'
import { approval, told } from './api'
import { applies, isNeeded, move, type Item, type Material, type Receipt } from './applications'
import type { Applicant } from './parts/ApplicantPicker.vue'

export type Conclusion = 'forward' | 'notice' | 'keep' | 'refuse'

/** One item of the basket with what was said and brought for it. The key makes sending it twice one application. */
export interface Entry {
  key: string
  item: Item
  answers: Record<string, string | undefined>
  here: number[]
  scans: Record<number, string[]>
  chosen: Conclusion | undefined
  reason: string
}

export function entryFor(item: Item): Entry {
  return { key: idempotencyKey(), item, answers: {}, here: [], scans: {}, chosen: undefined, reason: '' }
}

export function papersOf(entry: Entry): Material[] {
  return entry.item.materials.filter((each) => applies(each, entry.answers))
}

export function missingOf(entry: Entry): Material[] {
  return papersOf(entry).filter((each) => isNeeded(each, entry.answers) && !entry.here.includes(each.seq))
}

export function isAnswered(entry: Entry): boolean {
  return entry.item.situations.every((each) => entry.answers[each.code])
}

/** What was chosen, as long as it still fits what is there. */
export function conclusionOf(entry: Entry): Conclusion {
  const lacking = missingOf(entry).length > 0
  const stale = entry.chosen === (lacking ? 'forward' : 'notice')
  return entry.chosen && !stale ? entry.chosen : lacking ? 'notice' : 'forward'
}

/** Everything the notice tells: what is missing, and the line somebody added. */
function deficienciesOf(entry: Entry): string[] {
  const line = entry.reason.trim()
  return [...missingOf(entry).map((each) => each.name), ...(line ? [line] : [])]
}

export interface TakenIn {
  receipt: Receipt
  /** Why a later step could not be made: the receipt is given all the same, the rest waits in the queue. */
  unfinished: string
}

/** Takes one item in for somebody. */
export async function takeIn(entry: Entry, applicant: Applicant, areaCode: string): Promise<TakenIn> {
  const phone = applicant.phone.trim()
  const name = applicant.name.trim()
  const papers = entry.here.map((seq) => ({ seq, attachments: entry.scans[seq] ?? [] }))
  const body = { itemCode: entry.item.code, areaCode, applicant: { name, idNumber: applicant.idNumber, ...(phone ? { phone } : {}) }, materials: papers }
  const { data } = await approval.POST('/applications', { params: { header: { 'Idempotency-Key': entry.key } }, body })
  const taken = data!
  const { done, unfinished } = await conclude(entry, { id: taken.id, version: taken.version }, papers)
  const receipt: Receipt = {
    receiptNumber: taken.receiptNumber,
    queryCode: taken.queryCode,
    itemName: entry.item.name,
    applicant: name,
    state: done?.state ?? taken.state,
    unitCode: entry.item.unitCode,
    areaCode,
    submittedAt: new Date().toISOString(),
    dueAt: done?.dueAt ?? taken.dueAt,
    received: papersOf(entry).filter((each) => entry.here.includes(each.seq)).map((each) => each.name),
    missing: conclusionOf(entry) === 'notice' ? deficienciesOf(entry) : [],
  }
  return { receipt, unfinished }
}

type Standing = { id: string; version: number }
type Done = Pick<Receipt, 'state' | 'dueAt'> | undefined

/** The application is taken in already: whatever goes wrong from here on, the applicant gets the receipt. */
async function conclude(entry: Entry, one: Standing, papers: { seq: number; attachments: string[] }[]): Promise<{ done: Done; unfinished: string }> {
  const given = { reason: '', deficiencies: deficienciesOf(entry), papers }
  const conclusion = conclusionOf(entry)
  let done: (Standing & NonNullable<Done>) | undefined
  try {
    if (conclusion === 'notice') done = await move(one, 'require_correction', given)
    if (conclusion === 'refuse') done = await move(one, 'refuse_pre_review', { ...given, reason: entry.reason })
    if (conclusion === 'forward') {
      done = await move(one, 'pass_pre_review', given)
      done = await move(done, 'forward', given)
    }
    return { done, unfinished: '' }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { done, unfinished: words.t('console.intake.unfinished', { why: told(error).title }) }
  }
}
