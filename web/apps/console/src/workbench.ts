/** What stands on the workbench: figures with their links, and what is to be done, whichever is due first. */
import type { ApprovalTypes, DisputeTypes, GatewayTypes, PopulationTypes } from '@grid/api'
import type { RouteLocationRaw } from 'vue-router'
import { approval, dispute } from './api'
import { holdsAnywhere, isDepartment } from './rules'
import type { Me } from './session'

export type Progress = PopulationTypes['schemas']['ProgressOut']
export type AreaProgress = PopulationTypes['schemas']['AreaProgress']
type Part = GatewayTypes['schemas']['Part']

export interface Task {
  id: string
  kind: 'application' | 'case'
  title: string
  state: string
  areaCode: string
  unitCode: string | null
  dueAt: string | null
  to: RouteLocationRaw
}

const MOST = 100

/** The data of a part of the overview, or undefined when it is not there. */
export function partOf<T>(part: Part | undefined): T | undefined {
  return (part?.data ?? undefined) as T | undefined
}

/** Everything that waits for this account, by what is due first; what has no limit comes last. */
export async function tasksOf(me: Me): Promise<Task[]> {
  const [applications, cases] = await Promise.all([applicationsFor(me), casesFor(me)])
  const tasks = [...applications.map(ofApplication), ...cases.map(ofCase)]
  return tasks.sort((one, other) => moment(one) - moment(other))
}

function moment(task: Task): number {
  return task.dueAt ? Date.parse(task.dueAt) : Number.MAX_SAFE_INTEGER
}

async function applicationsFor(me: Me): Promise<ApprovalTypes['schemas']['ApplicationLine'][]> {
  const desk = holdsAnywhere(me, ['window_clerk', 'station_head'])
  const unit = isDepartment(me)
  if (!desk && !unit) return []
  const query = { queue: unit ? 'unit' : 'desk', order: 'due', limit: MOST } as const
  return (await approval.GET('/applications', { params: { query } })).data?.items ?? []
}

async function casesFor(me: Me): Promise<DisputeTypes['schemas']['CaseSummary'][]> {
  const ask = async (queue: string) =>
    (await dispute.GET('/cases', { params: { query: { queue, limit: MOST } } })).data?.items ?? []
  if (holdsAnywhere(me, ['party_building_guide'])) return []
  const queues = holdsAnywhere(me, ['department_handler', 'mediator'])
    ? ['unit']
    : holdsAnywhere(me, ['arbiter'])
      ? ['objected', 'undispatched', 'unit']
      : ['to-verify', 'to-close', 'late']
  const found = (await Promise.all(queues.map(ask))).flat()
  return [...new Map(found.map((each) => [each.id, each])).values()]
}

function ofApplication(one: ApprovalTypes['schemas']['ApplicationLine']): Task {
  const { id, itemName, state, areaCode, unitCode, dueAt } = one
  return { id, kind: 'application', title: itemName, state, areaCode, unitCode, dueAt, to: { name: 'window', params: { id } } }
}

function ofCase(one: DisputeTypes['schemas']['CaseSummary']): Task {
  const { id, title, state, areaCode, leadUnit, dueAt } = one
  return { id, kind: 'case', title, state, areaCode, unitCode: leadUnit, dueAt, to: { name: 'cases', params: { id } } }
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
export function coverageOf(progress: Progress): Bar[] {
  const length = BELOW[progress.areaCode.length] ?? 15
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
