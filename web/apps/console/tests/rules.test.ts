import { describe, expect, it } from 'vitest'
import { applies } from '../src/applications'
import { classOf } from '../src/coverage'
import { actOf } from '../src/keys'
import { rowsAt } from '../src/links'
import { applicationMoves, caseMoves, due, fromIdNumber, isIdNumber } from '../src/rules'
import { wanted } from '../src/searching'
import type { Me } from '../src/session'

type Post = Me['grants'][number]['post']
function holding(post: Post, areaCode: string, unitCode: string | null = null): Me {
  const grants = [{ post, areaCode, unitCode, duty: null, areaName: null, unitName: null }]
  return { accountId: 'a', login: 'a', displayName: 'a', grants, duty: null, areas: [areaCode], can: [], secondFactor: false } as unknown as Me
}

const GRID = '150204006019003'
const CLERK = holding('window_clerk', '150204006019')
const CIVIL = holding('department_handler', '150204', 'civil_affairs')
const FIRE = holding('department_handler', '150204', 'fire_rescue')
const WORKER = holding('resident_service_officer', GRID)

describe('a limit', () => {
  const now = Date.parse('2026-11-25T09:00:00+08:00')
  it('is late from its moment on, and counts days of Shanghai', () => {
    expect(due('2026-11-24T23:59:59+08:00', now)).toEqual({ kind: 'late', days: 1 })
    expect(due('2026-11-16T23:59:59+08:00', now)).toEqual({ kind: 'late', days: 9 })
    expect(due('2026-11-25T08:59:59+08:00', now).kind).toBe('late')
  })
  it('is today until midnight, then soon, then later', () => {
    expect(due('2026-11-25T23:59:59+08:00', now).kind).toBe('today')
    expect(due('2026-11-26T00:00:00+08:00', now).kind).toBe('soon')
    expect(due('2026-12-01T00:00:00+08:00', now).kind).toBe('later')
    expect(due(null, now).kind).toBe('none')
  })
})

describe('an identity number', () => {
  it('is known by its last sign and says birthday and sex', () => {
    expect(isIdNumber('11010519491231002X')).toBe(true)
    expect(isIdNumber('110105194912310021')).toBe(false)
    expect(fromIdNumber('11010519491231002X')).toEqual({ birthDate: '1949-12-31', sex: '2' })
  })
})

describe('a search', () => {
  it('wants a whole number, or a name with a place or a birthday', () => {
    expect(wanted('11010519491231002x', GRID)).toEqual({ idNumber: '11010519491231002X' })
    expect(wanted('Ma 3', '150204006019')).toEqual({ name: 'Ma', grid: GRID })
    expect(wanted('Ma 19491231', '150204')).toEqual({ name: 'Ma', birthDate: '1949-12-31' })
    expect(wanted('Ma', '150204006019')).toBeUndefined()
    expect(wanted('  ', GRID)).toBeUndefined()
  })
})

describe('an application', () => {
  const one = { state: 'submitted', areaCode: '150204006019', unitCode: 'civil_affairs' } as const
  it('is the desk before it is forwarded and the unit after', () => {
    expect(applicationMoves(CLERK, one)[0]).toBe('pass')
    expect(applicationMoves(CIVIL, one)).toEqual([])
    expect(applicationMoves(CIVIL, { ...one, state: 'forwarded' })[0]).toBe('accept')
    expect(applicationMoves(FIRE, { ...one, state: 'forwarded' })).toEqual([])
    expect(applicationMoves(CLERK, { ...one, areaCode: '150204008015' })).toEqual([])
  })
  it('asks for a paper only in the circumstances it is for', () => {
    const paper = { seq: 1, name: 'a', original: true, copies: null, required: false, condition: 'x', when: { situation: 's1', option: 'yes' } } as never
    expect(applies(paper, { s1: 'yes' })).toBe(true)
    expect(applies(paper, { s1: 'no' })).toBe(false)
    expect(applies(paper, {})).toBe(false)
  })
})

describe('a case', () => {
  const part = { id: 'd', unitCode: 'fire_rescue', state: 'sent', role: 'lead' }
  const one = { state: 'dispatched', areaCode: GRID, restricted: false, dispatches: [part], objections: [] } as never
  const handled = { state: 'handled', areaCode: GRID, restricted: false, dispatches: [{ ...part, state: 'handled' }], objections: [] } as never
  it('is taken by its unit and by no other', () => {
    expect(caseMoves(FIRE, one).slice(0, 2)).toEqual(['accept', 'object'])
    expect(caseMoves(CIVIL, one)).toEqual(['add'])
  })
  it('is verified by the grid, never by who handled it', () => {
    expect(caseMoves(WORKER, handled)).toContain('verify')
    expect(caseMoves(FIRE, handled)).not.toContain('verify')
  })
})

describe('the rest', () => {
  it('leads from a figure to its screen', () => {
    expect(rowsAt('/api/approval/v1/applications?area=1&queue=late')).toEqual({ name: 'window', query: { area: '1', queue: 'late' } })
    expect(rowsAt('/dwellings?area=1')).toBeUndefined()
  })
  it('does nothing while an input method composes', () => {
    const key = (more: KeyboardEventInit): KeyboardEvent => new KeyboardEvent('keydown', more)
    expect(actOf(key({ key: 'Enter', ctrlKey: true }))).toBe('submit')
    expect(actOf(key({ key: 'Enter', ctrlKey: true, isComposing: true }))).toBeUndefined()
    expect(actOf(key({ key: '/' }))).toBe('search')
  })
  it('colours coverage in classes', () => {
    expect([0, 39.9, 40, 90, 100].map(classOf)).toEqual(['c0', 'c0', 'c1', 'c5', 'c5'])
    expect(classOf(undefined)).toBe('none')
  })
})
