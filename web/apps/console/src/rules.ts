/** Small rules a screen needs before it asks: how a limit stands, what an identity number says. What may be done comes with the answers. */
import type { Me } from './session'

type Post = Me['grants'][number]['post']

/** Which screen is laid out for whom; what may be done there the services say. */
export function holdsAnywhere(me: Me, posts: readonly Post[]): boolean {
  return me.grants.some((grant) => posts.includes(grant.post))
}

export const takesIn = (me: Me): boolean => me.can.includes('application.take-in')
export const isDepartment = (me: Me): boolean => holdsAnywhere(me, ['department_handler'])

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
