/** Input schemas of the services as JSON Schema, for forms that follow what the service takes. */
import type { JsonSchema } from '@grid/forms'
import population from '../documents/forms/population.json'

type Named = Readonly<Record<string, JsonSchema>>

/** Everything a `$ref` may lead to, by its name. */
export const POPULATION_SCHEMAS = population as unknown as Named
