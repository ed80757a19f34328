import { describe, expect, it } from 'vitest'
import { applies } from '../src/applications'
import { classOf } from '../src/coverage'
import { actOf } from '../src/keys'
import { rowsAt } from '../src/links'
import { blank, clockRuns, needsWords, offersOf } from '../src/cases'
import { due, fromIdNumber, isIdNumber, takesIn } from '../src/rules'
import { wanted } from '../src/searching'
import type { Me } from '../src/session'

const GRID = '150204006019003'

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
  it('is taken in by whoever the gateway says', () => {
    expect(takesIn({ can: ['application.take-in'] } as unknown as Me)).toBe(true)
    expect(takesIn({ can: ['application.decide'] } as unknown as Me)).toBe(false)
  })
  it('asks for a paper only in the circumstances it is for', () => {
    const paper = { seq: 1, name: 'a', original: true, copies: null, required: false, condition: 'x', when: { situation: 's1', option: 'yes' } } as never
    expect(applies(paper, { s1: 'yes' })).toBe(true)
    expect(applies(paper, { s1: 'no' })).toBe(false)
    expect(applies(paper, {})).toBe(false)
  })
})

describe('a case', () => {
  const one = { actions: [{ action: 'remind', target: 'a', version: 1 }, { action: 'remind', target: 'b', version: 2 }, { action: 'add', target: 'c', version: 3 }] } as never
  it('offers what the service offers, to every part it is offered for', () => {
    expect(offersOf(one, 'remind').map((each) => each.target)).toEqual(['a', 'b'])
    expect(offersOf(one, 'close')).toEqual([])
    expect(offersOf(undefined, 'add')).toEqual([])
  })
  it('has a limit that counts only while it is the turn of a unit', () => {
    expect(['dispatched', 'handling', 'handled', 'verified', 'closed'].map((state) => clockRuns(state as never))).toEqual([true, true, false, false, false])
  })
  it('needs words where somebody has to read why', () => {
    const given = { ...blank(), yes: false }
    expect(needsWords('verify', given)).toBe(true)
    expect(needsWords('verify', blank())).toBe(false)
    expect(needsWords('void', blank())).toBe(true)
    expect(needsWords('accept', blank())).toBe(false)
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
