/** What can be done with a case, as requests. What may be done comes with the case itself: nothing here decides it. */
import { idempotencyKey, type DisputeTypes } from '@grid/api'
import { dispute, ifMatch } from './api'

export type Case = DisputeTypes['schemas']['CaseOut']
export type Offer = Case['actions'][number]
export type Action = Offer['action']
type Schemas = DisputeTypes['schemas']
type LimitUnit = NonNullable<Schemas['DispatchIn']['limit']>['unit']

export interface Given {
  note: string
  reason: Schemas['ObjectionReason']
  unit: string
  role: Schemas['DispatchRole']
  amount: string
  per: LimitUnit
  yes: boolean
  kind: Schemas['ExtensionKind']
  until: string
  into: string
  category: string
  title: string
  grade: 1 | 2 | 3 | 4 | 5
  photos: string[]
}

export function blank(): Given {
  return {
    note: '', reason: 'not_our_duty', unit: '', role: 'co', amount: '', per: 'working_day', yes: true,
    kind: 'extension', until: '', into: '', category: '', title: '', grade: 1, photos: [],
  }
}

export const OBJECTION_REASONS: readonly Given['reason'][] = ['not_our_duty', 'wrong_place', 'limit_too_short', 'duplicate', 'lacks_information', 'other']
export const LIMIT_UNITS: readonly LimitUnit[] = ['working_day', 'day', 'working_hour']

/** The steps of a case: chosen and done below its facts. Everything else has a button and a dialog. */
export const STEPS: readonly Action[] = ['accept', 'handle', 'decide_objection', 'decide_extension', 'verify', 'close', 'resolve', 'object', 'add']
/** What cannot be done without words. */
const NOTED: readonly Action[] = ['handle', 'resolve', 'decide_objection', 'add', 'extend', 'void', 'reopen', 'disclose']
/** What a photo says more about than words. */
export const PICTURED: readonly Action[] = ['handle', 'verify', 'resolve', 'add']
/** How the standard replies to a step begin. */
export const REPLIES: Partial<Record<Action, readonly string[]>> = {
  accept: ['accept-'], handle: ['handled-'], object: ['object-'], extend: ['extend-', 'defer-'],
}

export function needsWords(action: Action, given: Given): boolean {
  return NOTED.includes(action) || ((action === 'verify' || action === 'decide_extension') && !given.yes)
}

/** Whether a limit still counts: it is the unit's turn, or nobody's yet. */
export function clockRuns(state: Case['state']): boolean {
  return state === 'reported' || state === 'dispatched' || state === 'objected' || state === 'handling'
}

/** The offers of one action; several when several units have a part. */
export function offersOf(one: Case | undefined, action: Action): Offer[] {
  return one?.actions.filter((each) => each.action === action) ?? []
}

/** Does what was offered; answers what there is to read: the contact of a reporter, the code of a new case. */
export async function act(offer: Offer, given: Given): Promise<string | undefined> {
  const note = given.note.trim() || null
  const words = given.note.trim()
  const header = { ...ifMatch(offer.version), 'Idempotency-Key': idempotencyKey() }
  const ofCase = { path: { case_id: offer.target }, header }
  const ofPart = { path: { dispatch_id: offer.target }, header }
  const limit = given.amount ? { amount: Number(given.amount), unit: given.per } : null
  const attachments = given.photos
  const asks: Record<Action, () => Promise<unknown>> = {
    accept: () => dispute.POST('/dispatches/{dispatch_id}/accept', { params: ofPart, body: { note } }),
    object: () => dispute.POST('/dispatches/{dispatch_id}/object', { params: ofPart, body: { reason: given.reason, note } }),
    handle: () => dispute.POST('/dispatches/{dispatch_id}/handle', { params: ofPart, body: { note: words, attachments } }),
    extend: () => dispute.POST('/dispatches/{dispatch_id}/extensions', { params: ofPart, body: { kind: given.kind, until: given.until, note: words } }),
    remind: () => dispute.POST('/dispatches/{dispatch_id}/reminders', { params: ofPart, body: { note } }),
    transfer: () => dispute.POST('/dispatches/{dispatch_id}/transfer', { params: ofPart, body: { unitCode: given.unit, limit, note } }),
    decide_objection: () =>
      dispute.POST('/objections/{objection_id}/decision', { params: { path: { objection_id: offer.target }, header }, body: { note: words, rerouteTo: given.unit || null, limit } }),
    decide_extension: () =>
      dispute.POST('/extensions/{extension_id}/decision', { params: { path: { extension_id: offer.target }, header }, body: { approved: given.yes, note } }),
    verify: () => dispute.POST('/cases/{case_id}/verification', { params: ofCase, body: { note, solved: given.yes, attachments } }),
    resolve: () => dispute.POST('/cases/{case_id}/self-resolution', { params: ofCase, body: { note: words, attachments } }),
    close: () => dispute.POST('/cases/{case_id}/closure', { params: ofCase, body: { note } }),
    dispatch: () => dispute.POST('/cases/{case_id}/dispatches', { params: ofCase, body: { unitCode: given.unit, role: given.role, limit, note } }),
    merge: () => dispute.POST('/cases/{case_id}/merge', { params: ofCase, body: { into: given.into, note } }),
    split: () => dispute.POST('/cases/{case_id}/splits', { params: ofCase, body: { category: given.category, title: given.title, description: note } }),
    void: () => dispute.POST('/cases/{case_id}/voidance', { params: ofCase, body: { note: words } }),
    reopen: () => dispute.POST('/cases/{case_id}/reopening', { params: ofCase, body: { note: words } }),
    withdraw: () => dispute.POST('/cases/{case_id}/withdrawal', { params: ofCase, body: { note } }),
    rate: () => dispute.POST('/cases/{case_id}/rating', { params: ofCase, body: { grade: given.grade, note } }),
    disclose: () => dispute.POST('/cases/{case_id}/contact-disclosures', { params: { path: ofCase.path }, body: { purpose: words } }),
    add: () => dispute.POST('/cases/{case_id}/additions', { params: ofCase, body: { note: words, attachments } }),
  }
  const answer = (await asks[offer.action]()) as { data?: Record<string, unknown> }
  if (offer.action === 'disclose') return String(answer.data?.['contact'] ?? '')
  if (offer.action === 'split') return String(answer.data?.['caseCode'] ?? '')
  return undefined
}
