/** What waits in a grid besides visits, with what whoever walks there without a signal has to know. */
import { createClient, type DisputeTypes, Problem } from '@grid/api'
import type { CaseFacts, Task } from './pack'

type Case = DisputeTypes['schemas']['CaseOut']

/** A case whose unit says it is done: somebody of the grid goes and looks. */
export const TO_VERIFY = 'handled'
/** States in which the worker may solve it on the spot himself. */
const OPEN_TO_WORKER = new Set(['reported', 'dispatched'])

export const mayResolve = (state: string | null) => state !== null && OPEN_TO_WORKER.has(state)

export async function fetchTasks(grid: string): Promise<Task[]> {
  const { data } = await createClient('gateway').GET('/workbench', { params: { query: { area: grid } } })
  const waiting = (data?.items ?? []).filter((item) => (item.kind === 'case' ? item.state === TO_VERIFY : item.kind === 'application'))
  return Promise.all(waiting.map(withFacts))
}

async function withFacts(task: Task): Promise<Task> {
  if (task.kind !== 'case') return task
  const found = await fetchCase(task.id).catch(() => undefined)
  return found ? { ...task, more: factsOf(found) } : task
}

export async function fetchCase(id: string): Promise<Case | undefined> {
  return (await createClient('dispute').GET('/cases/{case_id}', { params: { path: { case_id: id } } })).data
}

/** A case of the own grid as a task; undefined when it lies elsewhere. */
export async function fetchTask(id: string): Promise<Task | undefined> {
  try {
    const found = await fetchCase(id)
    if (!found) return undefined
    const { caseCode: code, title, state, areaCode, dueAt, late } = found
    return { kind: 'case', id, code, title, state, areaCode: areaCode ?? '', dueAt, late, more: factsOf(found) }
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return undefined
    throw error
  }
}

/** An own report that lies outside the own grid: what became of it, and nothing that could be done there. */
export async function fetchOwnReport(id: string): Promise<Task | undefined> {
  const { data } = await createClient('dispute').GET('/my-reports/{case_id}', { params: { path: { case_id: id } } })
  if (!data) return undefined
  const { caseCode: code, title, state, dueAt, late, category, reportedAt } = data
  return { kind: 'case', id, code, title, state, areaCode: '', dueAt, late, more: { description: null, category, handled: null, reportedAt } }
}

export function factsOf({ description, category, entries, reportedAt }: Case): CaseFacts {
  const handled = entries.filter((entry) => entry.kind === 'handled').at(-1)?.note ?? null
  return { description, category, handled, reportedAt }
}
