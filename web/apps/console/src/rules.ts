/** What may be done next, as the services decide it; they decide it again, this only chooses which buttons are there. */
import type { ApprovalTypes, DisputeTypes } from '@grid/api'
import type { Me } from './session'

type Application = Pick<ApprovalTypes['schemas']['ApplicationOut'], 'state' | 'areaCode' | 'unitCode'>
type Case = Pick<
  DisputeTypes['schemas']['CaseOut'],
  'state' | 'areaCode' | 'restricted' | 'dispatches' | 'objections'
>
type Post = Me['grants'][number]['post']

export type ApplicationMove =
  | 'pass' | 'refuse' | 'notice' | 'correct' | 'forward' | 'accept' | 'refuseAcceptance' | 'approve' | 'deny' | 'complete' | 'withdraw'
export type CaseMove = 'accept' | 'object' | 'handle' | 'verify' | 'resolve' | 'close' | 'dispatch' | 'decide' | 'add'

const DESK: readonly Post[] = ['window_clerk', 'station_head']
const INTAKE: readonly Post[] = [...DESK, 'resident_service_officer']
const COMMUNITY: readonly Post[] = ['resident_service_officer', 'opinion_collector', 'station_head']
const TRIAGE: readonly Post[] = ['arbiter', 'street_leader', 'district_leader']
const CLOSING: readonly Post[] = [...COMMUNITY, 'street_leader', 'arbiter']
const FOR_UNITS: readonly Post[] = ['department_handler', 'mediator', 'arbiter', ...COMMUNITY]
const GRID_CODE_LENGTH = 15

export function holds(me: Me, posts: readonly Post[], area = ''): boolean {
  return me.grants.some((grant) => posts.includes(grant.post) && area.startsWith(grant.areaCode))
}

export function holdsAnywhere(me: Me, posts: readonly Post[]): boolean {
  return me.grants.some((grant) => posts.includes(grant.post))
}

export function actsFor(me: Me, unit: string, posts: readonly Post[] = FOR_UNITS): boolean {
  return me.grants.some((grant) => posts.includes(grant.post) && grant.unitCode === unit)
}

export const takesIn = (me: Me): boolean => holdsAnywhere(me, INTAKE)
export const isDepartment = (me: Me): boolean => holdsAnywhere(me, ['department_handler'])

const AT_DESK: Partial<Record<Application['state'], readonly ApplicationMove[]>> = {
  submitted: ['pass', 'notice', 'refuse'],
  correction_required: [],
  pre_reviewed: ['forward'],
  approved: ['complete'],
  denied: ['complete'],
}
const AT_INTAKE: Partial<Record<Application['state'], readonly ApplicationMove[]>> = {
  correction_required: ['correct', 'withdraw'],
  submitted: ['withdraw'],
  pre_reviewed: ['withdraw'],
}
const AT_UNIT: Partial<Record<Application['state'], readonly ApplicationMove[]>> = {
  forwarded: ['accept', 'notice', 'refuseAcceptance'],
  accepted: ['approve', 'deny'],
  deemed_accepted: ['approve', 'deny'],
  approved: ['complete'],
  denied: ['complete'],
}

/** The moves of an application, the usual one first. */
export function applicationMoves(me: Me, one: Application): ApplicationMove[] {
  const found = new Set<ApplicationMove>()
  if (actsFor(me, one.unitCode, ['department_handler'])) AT_UNIT[one.state]?.forEach((move) => found.add(move))
  if (holds(me, DESK, one.areaCode)) AT_DESK[one.state]?.forEach((move) => found.add(move))
  if (holds(me, INTAKE, one.areaCode)) AT_INTAKE[one.state]?.forEach((move) => found.add(move))
  return [...found]
}

/** The own unit's part of a case that is still to be done. */
export function ownDispatch(me: Me, one: Pick<Case, 'dispatches'>): Case['dispatches'][number] | undefined {
  const mine = one.dispatches.filter((each) => actsFor(me, each.unitCode) && each.state !== 'withdrawn')
  return mine.find((each) => each.state !== 'handled') ?? mine.at(-1)
}

/** The moves of a case, the usual one first. */
export function caseMoves(me: Me, one: Case): CaseMove[] {
  const found: CaseMove[] = []
  if (one.state === 'closed' || one.state === 'rated') return found
  const part = ownDispatch(me, one)
  if (part?.state === 'sent') found.push('accept', 'object')
  if (part?.state === 'accepted') found.push('handle', 'object')
  const open = one.objections.find((each) => each.state === 'open')
  if (open && holds(me, ['arbiter'], one.areaCode) && !actsFor(me, open.unitCode)) found.push('decide')
  if (one.state === 'handled' && mayVerify(me, one)) found.push('verify')
  if (one.state === 'verified' && holds(me, CLOSING, one.areaCode)) found.push('close')
  if (holds(me, TRIAGE, one.areaCode) && ['reported', 'dispatched', 'handling'].includes(one.state)) found.push('dispatch')
  if (['reported', 'dispatched'].includes(one.state) && holds(me, COMMUNITY, one.areaCode)) found.push('resolve')
  found.push('add')
  return found
}

function mayVerify(me: Me, one: Case): boolean {
  if (one.dispatches.some((each) => actsFor(me, each.unitCode))) return false
  if (holds(me, COMMUNITY, one.areaCode) && !one.restricted) return true
  return (one.restricted || one.areaCode.length < GRID_CODE_LENGTH) && holds(me, ['arbiter'], one.areaCode)
}

export type Due = { kind: 'late' | 'today' | 'soon' | 'later' | 'none'; days: number }

const DAY_MS = 86_400_000
const SHANGHAI_MS = 8 * 3_600_000
const SOON_DAYS = 2

/** How a limit stands, counted in days of Shanghai. */
export function due(at: string | null | undefined, now: number = Date.now()): Due {
  if (!at) return { kind: 'none', days: 0 }
  const moment = Date.parse(at)
  const days = day(moment) - day(now)
  if (moment < now) return { kind: 'late', days: Math.max(1, -days) }
  if (days === 0) return { kind: 'today', days }
  return { kind: days <= SOON_DAYS ? 'soon' : 'later', days }
}

function day(moment: number): number {
  return Math.floor((moment + SHANGHAI_MS) / DAY_MS)
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'

/** Whether an identity number is one by its check digit (GB 11643). */
export function isIdNumber(text: string): boolean {
  if (!/^\d{17}[\dX]$/.test(text)) return false
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(text[place]), 0)
  return CHECKS[sum % 11] === text[17]
}

/** Birthday and sex as the number says them. */
export function fromIdNumber(text: string): { birthDate: string; sex: '1' | '2' } | undefined {
  if (!isIdNumber(text)) return undefined
  const birthDate = `${text.slice(6, 10)}-${text.slice(10, 12)}-${text.slice(12, 14)}`
  return { birthDate, sex: Number(text[16]) % 2 ? '1' : '2' }
}
