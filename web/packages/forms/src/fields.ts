/** From a JSON Schema as Pydantic writes it to a list of fields: references followed, `null` folded into "optional". */

export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: readonly string[]
  anyOf?: readonly JsonSchema[]
  allOf?: readonly JsonSchema[]
  items?: JsonSchema
  properties?: Readonly<Record<string, JsonSchema>>
  required?: readonly string[]
  maxLength?: number
  title?: string
}
export type FieldKind = 'text' | 'area' | 'number' | 'date' | 'radio' | 'select' | 'checks' | 'check' | 'group'

export interface FormField {
  name: string
  kind: FieldKind
  required: boolean
  choices: readonly string[]
  maxLength: number | undefined
  fields: readonly FormField[]
}
type Schemas = Readonly<Record<string, JsonSchema>>

const FEW = 7
const LONG = 200

function plain(schema: JsonSchema, all: Schemas): JsonSchema {
  if (schema.$ref) return plain({ ...all[schema.$ref.split('/').at(-1)!]!, ...rest(schema) }, all)
  const some = (schema.anyOf ?? schema.allOf)?.filter((each) => each.type !== 'null')
  if (some?.length === 1) return plain({ ...some[0]!, ...rest(schema) }, all)
  const type = Array.isArray(schema.type) ? schema.type.find((each) => each !== 'null') : schema.type
  return type ? { ...schema, type } : schema
}

function rest({ $ref: _, anyOf: __, allOf: ___, ...more }: JsonSchema): JsonSchema {
  return more
}

function kindOf(schema: JsonSchema): FieldKind {
  if (schema.type === 'boolean') return 'check'
  if (schema.type === 'array') return 'checks'
  if (schema.type === 'object') return 'group'
  if (schema.type === 'number' || schema.type === 'integer') return 'number'
  if (schema.format === 'date') return 'date'
  if (schema.enum) return schema.enum.length < FEW ? 'radio' : 'select'
  return (schema.maxLength ?? 0) > LONG ? 'area' : 'text'
}

/** The fields of an object schema; `only` names which, in which order. */
export function fieldsOf(schema: JsonSchema, all: Schemas, only?: readonly string[]): FormField[] {
  const object = plain(schema, all)
  return (only ?? Object.keys(object.properties ?? {})).map((name) => {
    const found = object.properties?.[name]
    if (!found) throw new Error(`the schema has no member ${name}`)
    const member = plain(found, all)
    const kind = kindOf(member)
    const choices = member.enum ?? (member.items && plain(member.items, all).enum) ?? []
    const required = object.required?.includes(name) ?? false
    const fields = kind === 'group' ? fieldsOf(member, all) : []
    return { name, kind, required, choices, maxLength: member.maxLength, fields }
  })
}
