/** From the query a service names for the rows behind a number to the screen that shows these rows. */
import type { RouteLocationRaw } from 'vue-router'

const SCREENS: Readonly<Record<string, string>> = { households: 'households', applications: 'window', cases: 'cases' }

/** Where the rows of a figure are; undefined when no screen shows them yet. */
export function rowsAt(query: string): RouteLocationRaw | undefined {
  const [path = '', search = ''] = query.split('?')
  const name = SCREENS[path.split('/').at(-1) ?? '']
  return name ? { name, query: Object.fromEntries(new URLSearchParams(search)) } : undefined
}
