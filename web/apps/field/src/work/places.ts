/** Grids, their buildings, categories and where their reports go: nothing personal, kept for days without a connection. */
import { createClient, type DisputeTypes, type GisTypes } from '@grid/api'
import { shallowReactive } from 'vue'
import { store } from './store'

export type Category = DisputeTypes['schemas']['CategoryOut']
export type Route = DisputeTypes['schemas']['RouteOut']
export type Building = Pick<GisTypes['schemas']['BuildingOut'], 'id' | 'areaCode' | 'name' | 'compound' | 'position' | 'footprint'>
export type Area = Pick<GisTypes['schemas']['AreaOut'], 'code' | 'name'>

export interface Places {
  areas: Record<string, Area>
  buildings: Building[]
  categories: Category[]
  routes: Record<string, Route[]>
}

const PAGE = 100
export const places = shallowReactive<Places>({ areas: {}, buildings: [], categories: [], routes: {} })

export async function readPlaces(): Promise<void> {
  Object.assign(places, (await store.read<Places>('places')) ?? {})
}

export async function refreshPlaces(grids: readonly string[]): Promise<void> {
  const dispute = createClient('dispute')
  const gis = createClient('gis')
  const fresh: Places = { areas: {}, buildings: [], categories: (await dispute.GET('/categories')).data ?? [], routes: {} }
  for (const code of grids) {
    const { name } = (await gis.GET('/areas/{code}', { params: { path: { code } } })).data!
    fresh.areas[code] = { code, name }
    fresh.buildings.push(...(await buildingsOf(code)))
    fresh.routes[code] = (await dispute.GET('/routing-tables/{grid_code}', { params: { path: { grid_code: code } } })).data ?? []
  }
  Object.assign(places, fresh)
  await store.write('places', fresh)
}

export function buildingName({ compound, name }: Building): string {
  return compound && !name.startsWith(compound) ? `${compound}${name}` : name
}

async function buildingsOf(grid: string): Promise<Building[]> {
  const found: Building[] = []
  let cursor: string | null | undefined
  do {
    const query = { within: grid, limit: PAGE, ...(cursor ? { cursor } : {}) }
    const { data } = await createClient('gis').GET('/buildings', { params: { query } })
    for (const { id, areaCode, name, compound, position, footprint } of data?.items ?? [])
      found.push({ id, areaCode, name, compound, position, footprint })
    cursor = data?.nextCursor
  } while (cursor)
  return found
}
