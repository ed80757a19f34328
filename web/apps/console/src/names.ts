/** Names for codes: areas, units, categories, and the words the services have for their states. */
import type { DisputeTypes } from '@grid/api'
import { label, words, type Labels } from '@grid/i18n'
import { reactive, shallowReactive } from 'vue'
import { approval, dispute, every, gateway, gis, population } from './api'

type Category = DisputeTypes['schemas']['CategoryOut']
const AREA_LENGTHS = [6, 9, 12, 15]

const labels = shallowReactive<Record<string, Labels>>({})
const areas = reactive(new Map<string, string>())
const units = reactive(new Map<string, string>())
export const categories = shallowReactive<Category[]>([])

/** Everything that is read once per session; each part may be away without the others. */
export async function loadNames(area: string): Promise<void> {
  await Promise.allSettled([loadLabels(), loadAreas(area), loadUnits(), loadCategories()])
}

export async function loadLabels(): Promise<void> {
  const clients = { approval, dispute, population }
  await Promise.allSettled(
    Object.entries(clients).map(async ([name, client]) => {
      const { data } = await (client as typeof approval).GET('/labels')
      labels[name] = data?.labels ?? {}
    }),
  )
}

async function loadAreas(within: string): Promise<void> {
  const above = AREA_LENGTHS.filter((length) => length < within.length).map((length) => within.slice(0, length))
  await Promise.allSettled(
    above.map(async (code) => {
      const { data } = await gis.GET('/areas/{code}', { params: { path: { code } } })
      if (data) areas.set(data.code, data.name)
    }),
  )
  const found = await every(async (cursor) => {
    const query = cursor ? { within, limit: 100, cursor } : { within, limit: 100 }
    return (await gis.GET('/areas', { params: { query } })).data
  })
  found.forEach((each) => areas.set(each.code, each.name))
}

async function loadUnits(): Promise<void> {
  const found = await every(async (cursor) => {
    const query = cursor ? { limit: 100, cursor } : { limit: 100 }
    return (await gateway.GET('/units', { params: { query } })).data
  })
  found.forEach((each) => units.set(each.code, each.name))
}

async function loadCategories(): Promise<void> {
  const { data } = await dispute.GET('/categories')
  categories.splice(0, categories.length, ...(data ?? []))
}

export function areaName(code: string): string {
  return areas.get(code) ?? code
}

/** A grid inside a screen about its community: without the community's name. */
export function shortAreaName(code: string): string {
  const name = areaName(code)
  const parent = areas.get(code.slice(0, 12))
  return code.length === 15 && parent && name.startsWith(parent) ? name.slice(parent.length) : name
}

/** An address without what is the same for a whole street. */
export function placeOf(address: string, areaCode: string): string {
  const street = areas.get(areaCode.slice(0, 9))
  return (street && address.split(street).at(-1)) || address
}

/** The building of a household: its place without entrance and door. */
export function buildingOf(row: { address: string; areaCode: string; entrance: number; roomNo: string }): string {
  return placeOf(row.address, row.areaCode).replace(new RegExp(`${row.entrance}\\D+${row.roomNo.replace(/\W/g, '.')}\\D*$`), '')
}

export function unitName(code: string | null | undefined): string {
  return code ? (units.get(code) ?? code) : ''
}

/** The departments work can be given to, by name. */
export function unitChoices(): { value: string; label: string }[] {
  return [...units]
    .map(([value, name]) => ({ value, label: name }))
    .sort((one, other) => one.label.localeCompare(other.label, 'zh-CN'))
}

export function categoryName(code: string): string {
  const found = categories.find((each) => each.code === code)
  return found ? (words.language.value === 'en' ? found.nameEn : found.nameZh) : code
}

export function word(service: 'approval' | 'dispute' | 'population', name: string, value: string): string {
  return label(labels[service], name, value)
}
