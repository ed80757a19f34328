/** What the screens say, worked out of pack and queue alone: pure, so that it is the same without a connection. */
import type { Shown } from '@grid/offline'
import type { Frame, Household, Member } from './pack'

/** Outcomes that count as entering the home. */
const ENTERED = 'done'

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
  const entered = new Set(visits.filter((visit) => visit.body['outcome'] === ENTERED).map((visit) => visit.group))
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

/** Today's list without what was done meanwhile, cut into buildings in the order of the walk. */
export function todaysGroups(
  frames: readonly Frame[],
  households: ReadonlyMap<string, Household>,
  done: ReadonlySet<string>,
  nameOf: (household: Household) => string,
): Group[] {
  const groups: Group[] = []
  for (const frame of frames) {
    for (const { householdId, reasons, dueOn } of frame.plan) {
      const household = households.get(householdId)
      if (!household || done.has(householdId)) continue
      const last = groups.at(-1)
      const line = { household, reasons, dueOn, frame }
      if (last?.building === household.buildingId) last.lines.push(line)
      else groups.push({ building: household.buildingId, name: nameOf(household), lines: [line] })
    }
  }
  return groups
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
  for (const { kind, targetId, body, state } of entries) {
    if (state !== 'queued') continue
    const { base: _, ...members } = body
    if (kind === 'household.change' && targetId === household.id) changed = { ...changed, ...members }
    if (kind === 'dwelling.change' && targetId === household.dwellingId) changed = { ...changed, ...members }
    if (kind === 'person.change' && changed.persons.some((person) => person.id === targetId)) {
      const persons = changed.persons.map((person) => (person.id === targetId ? { ...person, ...members } : person))
      changed = { ...changed, persons }
    }
  }
  return changed
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
