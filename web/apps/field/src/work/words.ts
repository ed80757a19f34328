/** How households and people are said on the screens. */
import { words } from '@grid/i18n'
import { tables } from './phone'
import { buildingName, places } from './places'
import type { Household, Member } from './pack'
import { ageOn, buildingPart, headOf } from './rules'

export function coded(table: string, code: string): string {
  return tables.value[table]?.[code] ?? code
}

export function buildingOf(household: Household): string {
  const building = places.buildings.find((each) => each.id === household.buildingId)
  return building ? buildingName(building) : buildingPart(household)
}

export function door(household: Household): string {
  return words.t('field.door', { entrance: String(household.entrance), room: household.roomNo })
}

export function titleOf(household: Household): string {
  return `${buildingOf(household)}${door(household)}`
}

export function headName(household: Household): string {
  return headOf(household)?.name ?? words.t('field.household.nobody')
}

/** 王建国 · 户主 · 72岁: what is known, without what is not. */
export function memberNote(person: Member, day: string): string {
  const age = ageOn(person.birthDate, day)
  const parts = [coded('family_relations', person.relationToHead), coded('sexes', person.sex)]
  return [...parts, age === undefined ? '' : words.t('field.household.age', { n: age })].filter(Boolean).join(' · ')
}

export function lastVisit(household: Household): string {
  if (!household.lastVisitedOn) return words.t('field.household.never')
  return words.t('field.household.last', { day: words.date(household.lastVisitedOn), outcome: outcome(household.lastOutcome ?? '') })
}

export function outcome(code: string): string {
  return words.maybe(`field.outcomes.${code}`, code)
}
