/** The moves of a case as requests. */
import { idempotencyKey, type DisputeTypes } from '@grid/api'
import { dispute, ifMatch } from './api'
import { ownDispatch, type CaseMove } from './rules'
import type { Me } from './session'

export type Case = DisputeTypes['schemas']['CaseOut']
type ObjectionReason = DisputeTypes['schemas']['ObjectionReason']

export interface CaseGiven {
  note: string
  reason: string
  unit: string
  solved: boolean
}

export const OBJECTION_REASONS: readonly ObjectionReason[] = ['not_our_duty', 'wrong_place', 'duplicate', 'lacks_information', 'other']
/** The moves that cannot be made without words. */
export const NOTED: readonly CaseMove[] = ['handle', 'resolve', 'decide', 'add']

/** Does one move of a case as this account. */
export async function moveCase(one: Case, what: CaseMove, given: CaseGiven, me: Me): Promise<void> {
  const note = given.note.trim()
  const body = { note: note || null }
  const ofCase = { path: { case_id: one.id }, header: { ...ifMatch(one.version), 'Idempotency-Key': idempotencyKey() } }
  const part = ownDispatch(me, one)
  const ofPart = part && { path: { dispatch_id: part.id }, header: { ...ifMatch(part.version), 'Idempotency-Key': idempotencyKey() } }
  const open = one.objections.find((each) => each.state === 'open')
  if (what === 'accept') await dispute.POST('/dispatches/{dispatch_id}/accept', { params: ofPart!, body })
  if (what === 'object') {
    const objection = { reason: given.reason as ObjectionReason, note: note || null }
    await dispute.POST('/dispatches/{dispatch_id}/object', { params: ofPart!, body: objection })
  }
  if (what === 'handle') await dispute.POST('/dispatches/{dispatch_id}/handle', { params: ofPart!, body: { note } })
  if (what === 'verify') await dispute.POST('/cases/{case_id}/verification', { params: ofCase, body: { ...body, solved: given.solved } })
  if (what === 'resolve') await dispute.POST('/cases/{case_id}/self-resolution', { params: ofCase, body: { note } })
  if (what === 'close') await dispute.POST('/cases/{case_id}/closure', { params: ofCase, body })
  if (what === 'dispatch') {
    const role = one.dispatches.some((each) => each.role === 'lead' && each.state !== 'withdrawn') ? 'co' : 'lead'
    await dispute.POST('/cases/{case_id}/dispatches', { params: ofCase, body: { unitCode: given.unit, role, note: note || null } })
  }
  if (what === 'decide') {
    const params = { path: { objection_id: open!.id }, header: { ...ifMatch(open!.version), 'Idempotency-Key': idempotencyKey() } }
    await dispute.POST('/objections/{objection_id}/decision', { params, body: { note, rerouteTo: given.unit || null } })
  }
  if (what === 'add') await dispute.POST('/cases/{case_id}/additions', { params: ofCase, body: { note } })
}
