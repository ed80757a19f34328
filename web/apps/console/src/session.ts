/** Who is at this browser. */
import type { GatewayTypes } from '@grid/api'
import { computed, shallowRef } from 'vue'
import { gateway } from './api'

export type Me = GatewayTypes['schemas']['MeOut']

export const me = shallowRef<Me>()

/** The area of the own work: the shortest of the grants, so that a centre of the district sees the district. */
export const homeArea = computed(() => [...(me.value?.areas ?? [])].sort((one, other) => one.length - other.length)[0] ?? '')
export const posts = computed(() => new Set(me.value?.grants.map((grant) => grant.post) ?? []))
export const ownUnits = computed(() => new Set(me.value?.grants.flatMap((grant) => grant.unitCode ?? []) ?? []))

/** Asks the gateway once; somebody without a session is nobody, not an error. */
export async function whoAmI(): Promise<Me | undefined> {
  if (me.value) return me.value
  try {
    me.value = (await gateway.GET('/me')).data
  } catch (error) {
    if (!(error instanceof Error && 'status' in error && error.status === 401)) throw error
  }
  return me.value
}

export async function signIn(login: string, password: string, totp: string): Promise<void> {
  const given = totp ? { login, password, totp } : { login, password }
  me.value = (await gateway.POST('/session', { body: given })).data
}

export async function signOut(): Promise<void> {
  await gateway.DELETE('/session')
  me.value = undefined
}
