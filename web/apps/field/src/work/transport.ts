/** How the phone speaks to the gateway: photos by their hash, operations in batches, the pack with its ETag. */
import { createClient, Problem } from '@grid/api'
import type { Answer, Operation, Service, Transport } from '@grid/offline'
import type { CodeTables, Frame, PackOut } from './pack'

const PATIENCE_MS = 30_000
const TABLES = ['care_reasons', 'family_relations', 'population_types', 'dwelling_uses', 'sexes', 'visit_needs'] as const
const patience = () => AbortSignal.timeout(PATIENCE_MS)
const language = () => document.documentElement.lang
const population = () => createClient('population', language())
const dispute = () => createClient('dispute', language())

export const transport: Transport = {
  async putPhoto(sha256, bytes) {
    const how = { params: { path: { sha256 } }, body: bytes as never, bodySerializer: () => bytes, signal: patience() }
    await dispute().PUT('/attachments/{sha256}', { ...how, headers: { 'Content-Type': 'application/octet-stream' } })
  },

  async sync(service: Service, operations: Operation[]) {
    const how = { body: { operations } as never, signal: patience() }
    const { data } = service === 'population' ? await population().POST('/sync', how) : await dispute().POST('/sync', how)
    return data!.results as (Answer & { id: string })[]
  },
}

/** The pack of a grid, or what changed since the one at hand; undefined when nothing did. */
export async function fetchPack(grid: string, known: Frame | undefined): Promise<{ pack: PackOut; etag: string | null; bytes: number } | undefined> {
  const params = { path: { grid_code: grid }, query: known ? { since: known.cursor } : {} }
  const headers: Record<string, string> = known?.etag ? { 'If-None-Match': known.etag } : {}
  const { data, response } = await population().GET('/packs/{grid_code}', { params, headers, signal: patience() })
  if (response.status === 304) return undefined
  if (!data) throw new Problem(response.status, 'no-pack', '', '')
  return { pack: data, etag: response.headers.get('ETag'), bytes: travelled(response.url) }
}

/** Bytes of the last answer from an address as they came over the line, 0 where the browser does not say. */
function travelled(url: string): number {
  const timing = performance.getEntriesByName(url).at(-1) as PerformanceResourceTiming | undefined
  return timing?.transferSize ?? 0
}

/** The code tables whose words the screens need, code → label in the language of the page. */
export async function fetchTables(): Promise<CodeTables> {
  const name = language() === 'en' ? 'name_en' : 'name_zh'
  const tables: CodeTables = {}
  for (const table of TABLES) {
    const { data } = await population().GET('/code-tables/{name}', { params: { path: { name: table } } })
    tables[table] = Object.fromEntries((data?.rows ?? []).map((row) => [row['code']!, row[name]!]))
  }
  return tables
}
