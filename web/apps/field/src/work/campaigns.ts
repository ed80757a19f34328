/** Campaigns that still want an answer at a home, and their forms as the phone asks them. */
import type { PopulationTypes } from '@grid/api'
import type { JsonSchema } from '@grid/forms'
import type { Frame, Household } from './pack'

type Campaign = PopulationTypes['schemas']['PackCampaign']
export interface OpenCampaign {
  campaign: Campaign
  target: Campaign['targets'][number]
}
type Kept = readonly { kind: string; targetId?: string | undefined; state: string; body: Readonly<Record<string, unknown>> }[]

/** What is open at a household or its dwelling, without what the phone has kept already. */
export function openAt(frames: readonly Frame[], household: Household, kept: Kept): OpenCampaign[] {
  const waiting = kept.filter((each) => each.kind === 'campaign.answer' && each.state !== 'rejected')
  const answered = new Set(waiting.map((each) => `${String(each.body['campaignId'])} ${String(each.targetId)}`))
  // A pack from before there were campaigns has none.
  const running = frames.flatMap((frame) => (frame.campaigns as Campaign[] | undefined) ?? [])
  return running.flatMap((campaign) => {
    const target = campaign.targets.find((each) => each.targetId === household.id || each.targetId === household.dwellingId)
    const open = target?.answeredAt === null && !answered.has(`${campaign.id} ${target.targetId}`)
    return target && open ? [{ campaign, target }] : []
  })
}

/** The schema without what is known; yes and no become two choices, so that nothing is a no unasked. */
export function askable(schema: JsonSchema): JsonSchema {
  const asked = Object.entries(schema.properties ?? {}).filter(([, member]) => !(member as { readOnly?: boolean }).readOnly)
  const shown = asked.map(([name, member]) => [name, member.type === 'boolean' ? { ...member, type: 'string', enum: ['yes', 'no'] } : member])
  return { ...schema, properties: Object.fromEntries(shown) as Record<string, JsonSchema> }
}

/** The values as the service takes them: those that were given, yes and no as such. */
export function answersOf(schema: JsonSchema, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return Object.fromEntries(given.map(([name, value]) => [name, schema.properties?.[name]?.type === 'boolean' ? value === 'yes' : value]))
}
