/** From the query a service names for the rows behind a number to the screen that shows these rows. */
import { words } from '@grid/i18n'
import type { LocationQuery, RouteLocationRaw } from 'vue-router'

const SCREENS: Readonly<Record<string, string>> = { households: 'households', applications: 'window', cases: 'cases' }

/** The members of an address that narrow a list to what came in, or was done, in one week. */
const WEEKS: Readonly<Record<string, string>> = {
  reportedWeek: 'console.weeks.fresh-in',
  closedWeek: 'console.weeks.done-in',
  submittedWeek: 'console.weeks.fresh-in',
  endedWeek: 'console.weeks.done-in',
}

/** The week an address asks for, with its name; undefined when it asks for none. */
export function weekOf(query: LocationQuery): { query: Record<string, string>; text: string } | undefined {
  const found = Object.entries(WEEKS).find(([name]) => query[name])
  if (!found) return undefined
  const week = String(query[found[0]])
  return { query: { [found[0]]: week }, text: words.t(found[1], { week }) }
}

/** Where the rows of a figure are; undefined when no screen shows them yet. */
export function rowsAt(query: string): RouteLocationRaw | undefined {
  const [path = '', search = ''] = query.split('?')
  const name = SCREENS[path.split('/').at(-1) ?? '']
  return name ? { name, query: Object.fromEntries(new URLSearchParams(search)) } : undefined
}
