/** What stands on the workbench: figures with their links, and what is to be done, whichever is due first. */
import type { GatewayTypes, PopulationTypes } from '@grid/api'
import type { RouteLocationRaw } from 'vue-router'
import type { Week } from './parts/WeekChart.vue'
import { approval, dispute, gateway } from './api'

export type Progress = PopulationTypes['schemas']['ProgressOut']
export type AreaProgress = PopulationTypes['schemas']['AreaProgress']
export type Workbench = GatewayTypes['schemas']['WorkbenchOut']
export type WorkItem = GatewayTypes['schemas']['WorkItem']
type Part = GatewayTypes['schemas']['Part']

/** The data of a part of the overview, or undefined when it is not there. */
export function partOf<T>(part: Part | undefined): T | undefined {
  return (part?.data ?? undefined) as T | undefined
}

/** Everything that waits for this account, earliest end first, as the gateway composes it. */
export async function work(area: string): Promise<Workbench> {
  return (await gateway.GET('/workbench', { params: { query: { area } } })).data!
}

export interface Next {
  dueAt: string
  title: string
  to: RouteLocationRaw
}

/** What is due first of everything open, when nothing waits for this account; undefined when nothing has a limit. */
export async function nextDue(area: string): Promise<Next | undefined> {
  const query = { queue: 'open', order: 'due', area, limit: 1 } as const
  const [one, other] = await Promise.allSettled([
    dispute.GET('/cases', { params: { query } }).then(({ data }) => data!.items.map((each) => ({ dueAt: each.dueAt, title: each.title, to: { name: 'cases', params: { id: each.id } } }))),
    approval.GET('/applications', { params: { query } }).then(({ data }) => data!.items.map((each) => ({ dueAt: each.dueAt, title: each.itemName, to: { name: 'window', params: { id: each.id } } }))),
  ])
  const found = [one, other].flatMap((each) => (each.status === 'fulfilled' ? (each.value as { dueAt: string | null; title: string; to: RouteLocationRaw }[]) : []))
  const due = found.filter((each): each is Next => each.dueAt !== null)
  return due.sort((each, after) => Date.parse(each.dueAt) - Date.parse(after.dueAt))[0]
}

/** Applications and cases beside each other, week by week; a service that is away or forbidden adds nothing. */
export async function weeksOf(area: string): Promise<Week[]> {
  const query = { area }
  const [applications, cases] = await Promise.allSettled([
    approval.GET('/figures/weeks', { params: { query } }).then(({ data }) =>
      data!.weeks.map(({ week, submitted, ended }): Week => ({ week, fresh: [{ kind: 'applications', count: submitted.count, query: submitted.rows }], done: [{ kind: 'applications', count: ended.count, query: ended.rows }] })),
    ),
    dispute.GET('/figures/weeks', { params: { query } }).then(({ data }) =>
      data!.weeks.map((each): Week => ({ week: each.week, fresh: [{ kind: 'cases', count: each.reported, query: each.reportedQuery }], done: [{ kind: 'cases', count: each.closed, query: each.closedQuery }] })),
    ),
  ])
  const weeks = new Map<string, Week>()
  for (const part of [applications, cases]) {
    if (part.status !== 'fulfilled') continue
    for (const each of part.value) {
      const { fresh, done } = weeks.get(each.week) ?? { fresh: [], done: [] }
      weeks.set(each.week, { week: each.week, fresh: [...fresh, ...each.fresh], done: [...done, ...each.done] })
    }
  }
  return [...weeks.values()].sort((one, other) => one.week.localeCompare(other.week))
}

/** Where one is worked on. */
export function placeOf(item: WorkItem): RouteLocationRaw {
  if (item.kind === 'application') return { name: 'window', params: { id: item.id } }
  if (item.kind === 'case') return { name: 'cases', params: { id: item.id } }
  return { name: 'households', query: { area: item.areaCode } }
}

export interface Bar {
  areaCode: string
  households: number
  visited: number
  percent: number
  rest: number
}

const BELOW: Readonly<Record<number, number>> = { 6: 9, 9: 12, 12: 15 }

/** The areas one step down, in the order of their codes; grids are added up where there are many. */
export function coverageOf(progress: Progress, length = BELOW[progress.areaCode.length] ?? 15): Bar[] {
  const sums = new Map<string, { households: number; visited: number }>()
  for (const grid of progress.grids) {
    const code = grid.areaCode.slice(0, length)
    const sum = sums.get(code) ?? { households: 0, visited: 0 }
    sum.households += grid.households.value
    sum.visited += grid.visited.value
    sums.set(code, sum)
  }
  return [...sums]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([areaCode, { households, visited }]) => {
      const percent = households ? Math.floor((visited * 1000) / households) / 10 : 0
      return { areaCode, households, visited, percent, rest: households - visited }
    })
}
