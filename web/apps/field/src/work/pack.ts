/** What the phone holds of a grid, in the shapes of the services. */
import type { GatewayTypes, PopulationTypes } from '@grid/api'

type Schemas = PopulationTypes['schemas']
export type Member = Schemas['PackMember']
export type Household = Schemas['PackHousehold']
export type PackOut = Schemas['PackOut']

/** What waits for the worker besides visits: a look on the spot, papers that came back. */
export type Task = GatewayTypes['schemas']['WorkItem'] & { more?: CaseFacts }

/** What whoever goes to look has to know of a case, without the people in it. */
export interface CaseFacts {
  description: string | null
  category: string
  handled: string | null
  reportedAt: string
}

/** A pack without its rows, the ETag it came with, and what else waits in its grid. */
export type Frame = Omit<PackOut, 'households' | 'gone' | 'complete'> & { etag: string | null; tasks?: Task[] }

/** Code tables: name → code → label. */
export type CodeTables = Record<string, Record<string, string>>
