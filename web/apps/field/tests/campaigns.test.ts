import type { JsonSchema } from '@grid/forms'
import { describe, expect, it } from 'vitest'
import { answersOf, askable, openAt, openElsewhere } from '../src/work/campaigns'
import type { Frame, Household } from '../src/work/pack'

const schema = {
  type: 'object',
  properties: { address: { type: 'string', readOnly: true }, hose: { type: 'string', enum: ['a', 'b'] }, alarm: { type: 'boolean' } },
  required: ['hose'],
} as JsonSchema
const home = { id: 'h', dwellingId: 'd' } as Household
const frame = (answeredAt: string | null, targetId = 'h') => ({ campaigns: [{ id: 'c', targets: [{ targetId, known: {}, answeredAt }] }] }) as unknown as Frame

describe('a campaign at a home', () => {
  it('asks only what nobody knew, and yes or no as a choice', () => {
    expect(Object.keys(askable(schema).properties!)).toEqual(['hose', 'alarm'])
    expect(askable(schema).properties!['alarm']!.enum).toEqual(['yes', 'no'])
  })
  it('tells the service a yes as such, and leaves out what was not asked', () => {
    expect(answersOf(schema, { hose: 'a', alarm: 'no' })).toEqual({ hose: 'a', alarm: false })
    expect(answersOf(schema, { hose: 'a', alarm: null })).toEqual({ hose: 'a' })
  })
  it('is open until it was answered here or by somebody else', () => {
    expect(openAt([frame(null)], home, [])).toHaveLength(1)
    expect(openAt([frame(null, 'd')], home, [])).toHaveLength(1)
    expect(openAt([frame('2026-11-25')], home, [])).toHaveLength(0)
    const kept = [{ kind: 'campaign.answer', targetId: 'h', state: 'queued', body: { campaignId: 'c' } }]
    expect(openAt([frame(null)], home, kept)).toHaveLength(0)
    expect(openAt([{} as Frame], home, [])).toHaveLength(0)
  })
  it('is shown by name where no household stands behind it', () => {
    const targets = [
      { targetId: 'd', label: '16栋101', known: {}, answeredAt: null },
      { targetId: 'empty', label: '16栋102', known: {}, answeredAt: null },
      { targetId: 'told', label: '16栋103', known: {}, answeredAt: '2026-11-25' },
    ]
    const frames = [{ campaigns: [{ id: 'c', targets }] }] as unknown as Frame[]
    expect(openElsewhere(frames, new Map([['h', home]]), []).map((each) => each.open.map(({ target }) => target.label))).toEqual([['16栋102']])
    const kept = [{ kind: 'campaign.answer', targetId: 'empty', state: 'queued', body: { campaignId: 'c' } }]
    expect(openElsewhere(frames, new Map([['h', home]]), kept)).toEqual([])
  })
})
