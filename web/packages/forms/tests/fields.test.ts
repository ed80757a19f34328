import { describe, expect, it } from 'vitest'
import { fieldsOf, type JsonSchema } from '../src/fields'

const ALL: Record<string, JsonSchema> = {
  Presence: { type: 'string', enum: ['living', 'registered_only', 'reported_moved'] },
  Home: { type: 'object', properties: { floor: { type: 'integer' } }, required: ['floor'] },
}
const SCHEMA: JsonSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', maxLength: 100 },
    note: { anyOf: [{ type: 'string', maxLength: 2000 }, { type: 'null' }] },
    phone: { type: ['string', 'null'] },
    bornOn: { anyOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
    presence: { anyOf: [{ $ref: '#/components/schemas/Presence' }, { type: 'null' }], title: 'Presence' },
    urgent: { type: 'boolean' },
    home: { allOf: [{ $ref: '#/components/schemas/Home' }] },
    kinds: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
  },
}

describe('fields of a schema', () => {
  it('follow references and fold null into optional', () => {
    const found = Object.fromEntries(fieldsOf(SCHEMA, ALL).map((field) => [field.name, [field.kind, field.required]]))
    expect(found).toEqual({
      name: ['text', true],
      note: ['area', false],
      phone: ['text', false],
      bornOn: ['date', false],
      presence: ['radio', false],
      urgent: ['check', false],
      home: ['group', false],
      kinds: ['checks', false],
    })
  })

  it('carry their choices and the fields inside', () => {
    const [presence, home, kinds] = fieldsOf(SCHEMA, ALL, ['presence', 'home', 'kinds'])
    expect(presence?.choices).toHaveLength(3)
    expect(home?.fields[0]).toMatchObject({ name: 'floor', kind: 'number', required: true })
    expect(kinds?.choices).toEqual(['a', 'b'])
  })

  it('refuse a member the service does not take', () => {
    expect(() => fieldsOf(SCHEMA, ALL, ['religion'])).toThrow('religion')
  })
})
