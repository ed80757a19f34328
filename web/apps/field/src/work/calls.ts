/** Calling a household: asked of the server where there is a line, so that it is recorded; else the number of the pack. */
import { createClient, Problem } from '@grid/api'
import { toast } from '@grid/ui'
import type { Household } from './pack'
import { wordsOf } from './problems'

const PATIENCE_MS = 4_000

export async function call(household: Household): Promise<void> {
  const number = navigator.onLine ? await askedNumber(household) : household.phone
  if (number) location.href = `tel:${number}`
}

async function askedNumber(household: Household): Promise<string | null> {
  const how = { params: { path: { household_id: household.id } }, signal: AbortSignal.timeout(PATIENCE_MS) }
  try {
    return (await createClient('population').POST('/households/{household_id}/call', how)).data?.phone ?? household.phone
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    // Nobody answered: the worker stands at a door, and the number is here.
    if (error.passing) return household.phone
    toast(wordsOf(error).title)
    return null
  }
}
