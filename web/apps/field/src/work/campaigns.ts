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

/** What the phone has kept already is open no more. A pack from before there were campaigns has none. */
function openTargets(frames: readonly Frame[], kept: Kept): OpenCampaign[] {
  const waiting = kept.filter((each) => each.kind === 'campaign.answer' && each.state !== 'rejected')
  const answered = new Set(waiting.map((each) => `${String(each.body['campaignId'])} ${String(each.targetId)}`))
  const running = frames.flatMap((frame) => (frame.campaigns as Campaign[] | undefined) ?? [])
  const all = running.flatMap((campaign) => campaign.targets.map((target) => ({ campaign, target })))
  return all.filter(({ campaign, target }) => target.answeredAt === null && !answered.has(`${campaign.id} ${target.targetId}`))
}

/** What is open at a household or its dwelling. */
export function openAt(frames: readonly Frame[], household: Household, kept: Kept): OpenCampaign[] {
  return openTargets(frames, kept).filter(({ target }) => target.targetId === household.id || target.targetId === household.dwellingId)
}

/** What is open where no household lives: empty dwellings, buildings, things; campaign by campaign. */
export function openElsewhere(frames: readonly Frame[], households: ReadonlyMap<string, Household>, kept: Kept): { campaign: Campaign; open: OpenCampaign[] }[] {
  const lived = new Set([...households.values()].flatMap((household) => [household.id, household.dwellingId]))
  const away = openTargets(frames, kept).filter(({ target }) => target.label && !lived.has(target.targetId))
  const running = [...new Set(away.map(({ campaign }) => campaign))]
  return running.map((campaign) => ({ campaign, open: away.filter((each) => each.campaign === campaign) }))
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
