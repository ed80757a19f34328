import type { Mark, Shown } from '@grid/offline'
import { describe, expect, it } from 'vitest'
import type { Frame, Household } from '../src/work/pack'
import { ageOn, buildingPart, changeOf, doorDigest, leftByBuilding, putOff, search, standing, todaysGroups, unknownVisits, withWaiting } from '../src/work/rules'

const BASE = { presence: 'living', careReasons: [], careVisits: 0, visitedInQuarter: false, visitedInMonth: false, persons: [], phone: null }

function household(id: string, more: Partial<Household> = {}): Household {
  return { ...BASE, id, buildingId: 'b1', dwellingId: `d-${id}`, address: `城里路9号院1栋2单元301号`, entrance: 2, roomNo: '301', ...more } as Household
}

function frame(more: object = {}): Frame {
  const progress = {
    households: { value: 391 },
    visited: { value: 203 },
    target: 352,
    onTrack: false,
    month: { done: { value: 52 }, minimum: 80, pace: 90 },
    week: { done: { value: 3 }, minimum: 19, pace: 25 },
    care: { households: { value: 23 }, visitedEnough: { value: 18 } },
  }
  return { areaCode: 'g', generatedAt: '2026-11-25T08:00:00+08:00', rule: { careVisits: 3 }, progress, plan: [], ...more } as unknown as Frame
}

function visit(group: string, outcome: string, more: Partial<Shown> = {}): Shown {
  return { kind: 'visit.record', group, state: 'queued', changedAt: 0, body: { outcome }, ...more } as unknown as Shown
}

const known = (...all: Household[]) => new Map(all.map((each) => [each.id, each]))

describe('figures of the plan', () => {
  it('count what waits, each household once, and only what was entered', () => {
    const all = known(household('a'), household('b', { visitedInMonth: true }), household('c'))
    const found = standing(frame(), all, [visit('a', 'done'), visit('a', 'done'), visit('b', 'done'), visit('c', 'no_answer')])
    expect([found.month.done, found.quarter.done, found.weekLeft]).toEqual([53, 205, 20])
  })

  it('count a care household when the last of its visits is made', () => {
    const care = { careReasons: ['elderly_living_alone'], visitedInQuarter: true, visitedInMonth: true }
    const all = known(household('a', { ...care, careVisits: 2 }), household('b', { ...care, careVisits: 1 }))
    expect(standing(frame(), all, [visit('a', 'done'), visit('b', 'done')]).care.done).toBe(19)
  })

  it('forget a delivered visit once the pack knows it', () => {
    const made = Date.parse('2026-11-25T08:00:00+08:00')
    const entries = [visit('a', 'done', { state: 'done', changedAt: made - 1 }), visit('b', 'done', { state: 'done', changedAt: made + 1 })]
    expect(unknownVisits([frame()], entries).map((each) => each.group)).toEqual(['b'])
  })
})

describe("today's list", () => {
  it('keeps the order of the walk, cut into buildings, without what is done', () => {
    const all = known(household('a'), household('b', { buildingId: 'b2' }), household('c', { buildingId: 'b2' }), household('d'))
    const plan = ['a', 'b', 'c', 'd', 'unknown'].map((householdId) => ({ householdId, reasons: ['not_reached'], dueOn: '2026-12-31' }))
    const groups = todaysGroups([frame({ plan })], all, new Set(['c']), (each) => each.buildingId)
    expect(groups.map((group) => [group.building, group.lines.map((line) => line.household.id)])).toEqual([['b1', ['a']], ['b2', ['b']], ['b1', ['d']]])
  })
})

describe('what the worker put off', () => {
  const all = known(household('a', { houseCode: 'g1' }), household('b', { houseCode: 'g2' }))
  const plan = [{ householdId: 'a', reasons: ['not_reached'], dueOn: '2026-12-31' }]
  const mark = (id: string, more: Partial<Mark> = {}): Mark => ({ id, kind: 'later', until: '2026-11-27', reason: null, at: '2026-11-25T09:00:00+08:00', ...more })
  const listed = (marks: Mark[], day: string, households = all) =>
    todaysGroups([frame({ plan })], households, new Set(), () => '', marks, day).flatMap((group) => group.lines.map((line) => [line.household.id, ...line.reasons]))

  it('leaves the list until its day', () => {
    expect(listed([mark('a')], '2026-11-26')).toEqual([])
    expect(listed([mark('a')], '2026-11-27')).toEqual([['a', 'not_reached']])
  })

  it('comes back on its day although the plan does not want it, unless somebody was there meanwhile', () => {
    expect(listed([mark('b')], '2026-11-27')).toEqual([['b', 'put_off'], ['a', 'not_reached']])
    expect(listed([mark('b')], '2026-11-27', known(household('b', { houseCode: 'g2', lastVisitedOn: '2026-11-26' })))).toEqual([])
  })

  it('is away for one day only when it is not walked to today', () => {
    const today = mark('a', { kind: 'not_today', until: '2026-11-26', reason: 'away' })
    expect([listed([today], '2026-11-25'), listed([today], '2026-11-26')]).toEqual([[], [['a', 'not_reached']]])
    expect(listed([mark('b', { kind: 'not_today', until: '2026-11-26' })], '2026-11-26')).toEqual([['a', 'not_reached']])
  })

  it('can be seen and taken back, and is still counted', () => {
    expect(putOff([mark('a'), mark('gone')], all, new Set(), '2026-11-25').map((each) => each.household.id)).toEqual(['a'])
    expect(putOff([mark('a')], all, new Set(['a']), '2026-11-25')).toEqual([])
    expect(standing(frame({ plan }), all, []).quarter.of).toBe(391)
    expect(leftByBuilding(all.values(), [visit('a', 'done')]).get('b1')).toEqual({ homes: 2, left: 1 })
  })
})

describe('households', () => {
  it('are named by building without entrance and room', () => {
    expect(buildingPart(household('a'))).toBe('城里路9号院1栋')
  })

  it('are found by every word typed: names, rooms, telephones', () => {
    const all = [household('a', { persons: [{ name: '王建国·买买提', phone: '13800001111' } as never] }), household('b', { roomNo: '402', address: '2栋1单元402号' })]
    expect(search(all, '买买提 301').map((each) => each.id)).toEqual(['a'])
    expect(search(all, '402').map((each) => each.id)).toEqual(['b'])
    expect(search(all, '1111').map((each) => each.id)).toEqual(['a'])
    expect(search(all, '  ')).toEqual([])
  })

  it('show what waits as if it had arrived, and the server what it was', () => {
    const person = { id: 'p', name: '王建国', phone: null } as never
    const change = { kind: 'person.change', targetId: 'p', state: 'queued', body: { phone: '1', base: { phone: null } } } as unknown as Shown
    const refused = { ...change, state: 'rejected', body: { name: 'x' } } as Shown
    const arrived = { id: 'n', kind: 'person.register', state: 'queued', body: { householdId: 'a', name: '新生儿' } } as unknown as Shown
    const left = { kind: 'person.departure', targetId: 'p', state: 'queued', body: {} } as unknown as Shown
    expect(withWaiting(household('a', { persons: [person] }), [arrived, left]).persons.map((each) => [each.id, each.name])).toEqual([['n', '新生儿']])
    expect(withWaiting(household('a', { persons: [person] }), [change, refused]).persons[0]).toEqual({ id: 'p', name: '王建国', phone: '1' })
  })
})

describe('a correction', () => {
  it('holds only what is different, and what stood there', () => {
    expect(changeOf({ use: '01', areaM2: 50, phone: null }, { use: '02', areaM2: 50, phone: null })).toEqual({ members: { use: '02' }, base: { use: '01' } })
    expect(changeOf<{ phone?: string | null }>({ phone: null }, { phone: null })).toBeUndefined()
  })
})

describe('an age', () => {
  it('changes on the birthday', () => {
    expect([ageOn('1953-11-25', '2026-11-24'), ageOn('1953-11-25', '2026-11-25'), ageOn(null, '2026-11-25')]).toEqual([72, 73, undefined])
  })
})

describe('the code at a door', () => {
  it('is known by the digest the service put into the pack', async () => {
    expect(await doorDigest('0123456789ABCDEF')).toBe('ISWywzKx')
    expect(await doorDigest('#0123456789abcdef ')).toBe('ISWywzKx')
  })
  it('is nothing else that is typed', async () => {
    for (const typed of ['', '402', '王小明', '0123456789ABCDE', '0123456789ABCDEU']) expect(await doorDigest(typed)).toBeUndefined()
  })
})
