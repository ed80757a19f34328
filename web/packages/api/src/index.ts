/** The typed clients of the five services; everything goes through the gateway of the page's own origin. */
import createFetchClient, { type Client, type Middleware } from 'openapi-fetch'
import type { paths as Approval } from './generated/approval'
import type { paths as Dispute } from './generated/dispute'
import type { paths as Gateway } from './generated/gateway'
import type { paths as Gis } from './generated/gis'
import type { paths as Population } from './generated/population'
import { Problem } from './problem'

export { Problem, type ProblemError } from './problem'
export { uuid7 } from './uuid'
export type { components as ApprovalTypes } from './generated/approval'
export type { components as DisputeTypes } from './generated/dispute'
export type { components as GatewayTypes } from './generated/gateway'
export type { components as GisTypes } from './generated/gis'
export type { components as PopulationTypes } from './generated/population'

export interface Documents {
  approval: Approval
  dispute: Dispute
  gateway: Gateway
  gis: Gis
  population: Population
}
export type ServiceName = keyof Documents

/** Says to the gateway that the request comes from our own page (its check against foreign forms). */
export const OWN_PAGE = { 'X-Grid-Request': '1' } as const

const whole: Middleware = {
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await Problem.of(response)
    return response
  },
  onError({ error }) {
    return error instanceof Problem ? error : Problem.unreachable(error)
  },
}

/** A client whose answers are typed and whose refusals are thrown as `Problem`. */
export function createClient<S extends ServiceName>(service: S, language = 'zh-CN'): Client<Documents[S]> {
  const client = createFetchClient<Documents[S]>({
    baseUrl: `/api/${service}/v1`,
    headers: { ...OWN_PAGE, 'Accept-Language': language },
    credentials: 'same-origin',
    cache: 'no-store',
  })
  client.use(whole)
  return client
}

/** A fresh Idempotency-Key: keep it for the repetition of the same act. */
export function idempotencyKey(): string {
  return crypto.randomUUID()
}
