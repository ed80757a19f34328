/** What the screens say, worked out of pack and queue alone: pure, so that it is the same without a connection. */
import type { Mark, Shown } from '@grid/offline'
import type { Frame, Household, Member } from './pack'

/** Outcomes that count as entering the home. */
const ENTERED = 'done'
const COMMUNITY = 12
const DAY = 10
/** Acts after which somebody does not live here any more. */
const LEAVING = new Set(['person.departure', 'person.death', 'person.move'])

export interface Line {
  household: Household
  reasons: string[]
  dueOn: string
  frame: Frame
}

export interface Group {
  building: string
  name: string
  lines: Line[]
}

export interface Standing {
  month: { done: number; of: number }
  quarter: { done: number; of: number; target: number }
  care: { done: number; of: number }
  weekLeft: number
  onTrack: boolean
}

/** Visits the pack does not know yet: waiting, or delivered after the pack was made. */
export function unknownVisits(frames: readonly Frame[], entries: readonly Shown[]): Shown[] {
  const made = frames.map((frame) => Date.parse(frame.generatedAt))
  const since = made.length ? Math.min(...made) : 0
  return entries.filter(
    (entry) => entry.kind === 'visit.record' && (entry.state === 'queued' || (entry.state === 'done' && entry.changedAt > since)),
  )
}

/** Figures of the plan with what was done since: they never go backwards when the phone is ahead of the server. */
export function standing(frame: Frame, households: ReadonlyMap<string, Household>, visits: readonly Shown[]): Standing {
  const entered = enteredIn(visits)
  const fresh = [...entered].flatMap((id) => households.get(id) ?? [])
  const { progress, rule } = frame
  const month = fresh.filter((each) => !each.visitedInMonth).length
  const quarter = fresh.filter((each) => !each.visitedInQuarter && each.presence === 'living').length
  const care = fresh.filter((each) => each.careReasons.length > 0 && each.careVisits === rule.careVisits - 1).length
  const week = progress.week
  return {
    month: { done: (progress.month?.done.value ?? 0) + month, of: progress.month?.minimum ?? rule.monthlyMinimum },
    quarter: { done: progress.visited.value + quarter, of: progress.households.value, target: progress.target },
    care: { done: progress.care.visitedEnough.value + care, of: progress.care.households.value },
    weekLeft: week ? Math.max(0, week.pace - week.done.value - quarter) : 0,
    onTrack: progress.onTrack,
  }
}

/** Today's list without what was done or put off meanwhile, cut into buildings in the order of the walk. */
export function todaysGroups(
  frames: readonly Frame[],
  households: ReadonlyMap<string, Household>,
  done: ReadonlySet<string>,
  nameOf: (household: Household) => string,
  marks: readonly Mark[] = [],
  day = '',
): Group[] {
  const away = new Set(marks.filter((mark) => day < mark.until).map((mark) => mark.id))
  const groups: Group[] = []
  for (const line of [...comingBack(frames, households, marks, day), ...planned(frames, households)]) {
    const { household } = line
    if (done.has(household.id) || away.has(household.id)) continue
    const last = groups.at(-1)
    if (last?.building === household.buildingId) last.lines.push(line)
    else groups.push({ building: household.buildingId, name: nameOf(household), lines: [line] })
  }
  return groups
}

function planned(frames: readonly Frame[], households: ReadonlyMap<string, Household>): Line[] {
  return frames.flatMap((frame) =>
    frame.plan.flatMap(({ householdId, reasons, dueOn }) => {
      const household = households.get(householdId)
      return household ? [{ household, reasons, dueOn, frame }] : []
    }),
  )
}

/** What was put off until a day that has come, and is not on the list by itself: first, because it was arranged. */
function comingBack(frames: readonly Frame[], households: ReadonlyMap<string, Household>, marks: readonly Mark[], day: string): Line[] {
  const listed = new Set(frames.flatMap((frame) => frame.plan.map((line) => line.householdId)))
  return marks.flatMap((mark) => {
    const household = households.get(mark.id)
    const frame = frames.find((each) => household?.houseCode.startsWith(each.areaCode.slice(0, COMMUNITY))) ?? frames[0]
    if (mark.kind !== 'later' || day < mark.until || listed.has(mark.id) || !household || !frame) return []
    if (household.lastVisitedOn && household.lastVisitedOn >= mark.at.slice(0, DAY)) return []
    return [{ household, reasons: ['put_off'], dueOn: mark.until, frame }]
  })
}

/** Households put off today that the plan wanted or will want, the latest first. */
export function putOff(marks: readonly Mark[], households: ReadonlyMap<string, Household>, done: ReadonlySet<string>, day: string): { mark: Mark; household: Household }[] {
  return marks.flatMap((mark) => {
    const household = households.get(mark.id)
    return household && day < mark.until && !done.has(mark.id) ? [{ mark, household }] : []
  })
}

/** How many living households nobody has entered this quarter, building by building. */
export function leftByBuilding(households: Iterable<Household>, visits: readonly Shown[]): Map<string, { homes: number; left: number }> {
  const entered = enteredIn(visits)
  const found = new Map<string, { homes: number; left: number }>()
  for (const each of households) {
    if (each.presence !== 'living') continue
    const { homes, left } = found.get(each.buildingId) ?? { homes: 0, left: 0 }
    const open = !each.visitedInQuarter && !entered.has(each.id)
    found.set(each.buildingId, { homes: homes + 1, left: left + Number(open) })
  }
  return found
}

/** Households that were entered by visits the pack does not know. */
export function enteredIn(visits: readonly Shown[]): Set<string> {
  return new Set(visits.filter((visit) => visit.body['outcome'] === ENTERED).map((visit) => visit.group))
}

/** The part of an address that names the building: without entrance and room. */
export function buildingPart(household: Household): string {
  const door = new RegExp(`${household.entrance}\\D{0,4}${escaped(household.roomNo)}\\D{0,2}$`)
  return household.address.replace(door, '')
}

export function headOf(household: Household): Member | undefined {
  return household.persons.find((person) => person.id === household.headPersonId) ?? household.persons[0]
}

/** Whole years of a person on a day; undefined when nobody knows. */
export function ageOn(birthDate: string | null, day: string): number | undefined {
  if (!birthDate) return undefined
  const years = Number(day.slice(0, 4)) - Number(birthDate.slice(0, 4))
  return day.slice(5) < birthDate.slice(5) ? years - 1 : years
}

const DOOR_CODE = /^#?[0-9A-HJKMNP-TV-Z]{16}$/i

/** The digest by which the pack knows the code at a door; undefined when what was read is no such code. */
export async function doorDigest(read: string): Promise<string | undefined> {
  const code = read.trim()
  if (!DOOR_CODE.test(code)) return undefined
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(code.replace('#', '').toUpperCase()))
  return btoa(String.fromCharCode(...new Uint8Array(hash).subarray(0, 6))).replaceAll('+', '-').replaceAll('/', '_')
}

/** Households whose door, names or telephone contain every word typed; digits alone look at rooms and telephones. */
export function search(households: readonly Household[], typed: string): Household[] {
  const words = typed.trim().toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return []
  return households.filter((household) => {
    const texts = [household.address, household.phone ?? '', ...household.persons.flatMap((each) => [each.name, each.phone ?? ''])]
    return words.every((word) => texts.some((text) => text.toLowerCase().includes(word)))
  })
}

/** A household as it will be once what waits has arrived. */
export function withWaiting(household: Household, entries: readonly Shown[]): Household {
  let changed = household
  for (const { id, kind, targetId, body, state } of entries) {
    if (state !== 'queued') continue
    const { base: _, ...members } = body
    if (kind === 'household.change' && targetId === household.id) changed = { ...changed, ...members }
    if (kind === 'dwelling.change' && targetId === household.dwellingId) changed = { ...changed, ...members }
    if (kind === 'person.register' && body['householdId'] === household.id) changed = { ...changed, persons: [...changed.persons, newcomer(id, members)] }
    if (LEAVING.has(kind)) changed = { ...changed, persons: changed.persons.filter((person) => person.id !== targetId) }
    if (kind === 'person.change' && changed.persons.some((person) => person.id === targetId)) {
      const persons = changed.persons.map((person) => (person.id === targetId ? { ...person, ...members } : person))
      changed = { ...changed, persons }
    }
  }
  return changed
}

function newcomer(id: string, members: Record<string, unknown>): Member {
  return { version: 0, phone: null, registeredHere: false, ...members, id } as unknown as Member
}

/** Only what is different, and beside it what stood there before: what a merge needs. */
export function changeOf<T extends object>(before: T, after: Partial<T>): { members: Partial<T>; base: Partial<T> } | undefined {
  const names = (Object.keys(after) as (keyof T)[]).filter((name) => (after[name] ?? null) !== (before[name] ?? null))
  if (!names.length) return undefined
  const pick = (from: Partial<T>) => Object.fromEntries(names.map((name) => [name, from[name] ?? null])) as Partial<T>
  return { members: pick(after), base: pick(before) }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
