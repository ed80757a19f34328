/** What the phone holds of a grid, in the shapes of the services. */
import type { PopulationTypes } from '@grid/api'

type Schemas = PopulationTypes['schemas']
export type Member = Schemas['PackMember']
export type Household = Schemas['PackHousehold']
export type PackOut = Schemas['PackOut']

/** A pack without its rows, and the ETag it came with. */
export type Frame = Omit<PackOut, 'households' | 'gone' | 'complete'> & { etag: string | null }

/** Code tables: name → code → label. */
export type CodeTables = Record<string, Record<string, string>>
