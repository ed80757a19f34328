/** The moves of an application as requests, and what a receipt says. */
import { idempotencyKey, type ApprovalTypes } from '@grid/api'
import { approval, ifMatch } from './api'

export type Application = ApprovalTypes['schemas']['ApplicationOut']
export type Item = ApprovalTypes['schemas']['ItemOut']
export type Material = ApprovalTypes['schemas']['MaterialOut']
export type Moved = ApprovalTypes['schemas']['ApplicationMoved']

export type Move = Application['actions'][number]['action']

export interface Paper {
  seq: number
  attachments: string[]
}
export interface Given {
  reason: string
  deficiencies: string[]
  papers: Paper[]
  procedure?: Procedure
}
type Standing = Pick<Application, 'id' | 'version'>

export type Procedure = ApprovalTypes['schemas']['SuspensionIn']['procedure']
/** The special procedures that stop the clock (行政许可法 art 45). */
export const PROCEDURES: readonly Procedure[] = ['hearing', 'tender', 'inspection', 'quarantine', 'appraisal', 'expert_review', 'household_economic_check']
/** What a window or a unit does on its screen. */
export const SHOWN: readonly Move[] = [
  'pass_pre_review', 'forward', 'accept', 'approve', 'complete', 'correct', 'resume', 'suspend', 'require_correction', 'refuse_pre_review', 'refuse_acceptance', 'deny', 'withdraw',
]
/** The moves that need a reason in words. */
export const REASONED: readonly Move[] = ['refuse_pre_review', 'refuse_acceptance', 'deny', 'withdraw']

/** Does one move; the answer carries the version for the next one. */
export async function move(one: Standing, what: Move, given: Given): Promise<Moved> {
  const params = {
    path: { application_id: one.id },
    header: { ...ifMatch(one.version), 'Idempotency-Key': idempotencyKey() },
  }
  const reason = given.reason.trim() || null
  const asks: Partial<Record<Move, () => Promise<{ data?: Moved }>>> = {
    pass_pre_review: () => approval.POST('/applications/{application_id}/pre-review', { params, body: { passed: true } }),
    refuse_pre_review: () => approval.POST('/applications/{application_id}/pre-review', { params, body: { passed: false, reason } }),
    require_correction: () =>
      approval.POST('/applications/{application_id}/correction-notice', { params, body: { deficiencies: given.deficiencies, reason } }),
    correct: () => approval.POST('/applications/{application_id}/correction', { params, body: { materials: given.papers } }),
    forward: () => approval.POST('/applications/{application_id}/forward', { params }),
    accept: () => approval.POST('/applications/{application_id}/acceptance', { params, body: { accepted: true } }),
    refuse_acceptance: () => approval.POST('/applications/{application_id}/acceptance', { params, body: { accepted: false, reason } }),
    approve: () => approval.POST('/applications/{application_id}/decision', { params, body: { approved: true } }),
    deny: () => approval.POST('/applications/{application_id}/decision', { params, body: { approved: false, reason } }),
    complete: () => approval.POST('/applications/{application_id}/completion', { params }),
    suspend: () => approval.POST('/applications/{application_id}/suspension', { params, body: { procedure: given.procedure ?? 'hearing' } }),
    resume: () => approval.POST('/applications/{application_id}/resumption', { params }),
    withdraw: () => approval.POST('/applications/{application_id}/withdrawal', { params, body: { reason: reason ?? '' } }),
  }
  return (await asks[what]!()).data!
}

/** What was answered: yes or no to each situation the item asks about. */
export type Answers = Readonly<Record<string, string | undefined>>

/** Whether a paper is asked for in these circumstances; one that hangs on a question counts when the answer fits. */
export function applies(paper: Material, answers: Answers): boolean {
  return paper.when ? answers[paper.when.situation] === paper.when.option : true
}

export function isNeeded(paper: Material, answers: Answers): boolean {
  return paper.when ? applies(paper, answers) : paper.required
}

export interface Receipt {
  receiptNumber: string
  queryCode: string | null
  itemName: string
  applicant: string
  state: string
  unitCode: string
  areaCode: string
  submittedAt: string
  dueAt: string | null
  received: string[]
  missing: string[]
}
