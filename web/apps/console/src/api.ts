/** The five clients, answering in the language the reader chose. */
import { createClient, type Problem, type ServiceName } from '@grid/api'
import { words } from '@grid/i18n'
import { ref } from 'vue'

/** The session has ended while the page was open. */
export const expired = ref(false)

function client<S extends ServiceName>(service: S) {
  const made = createClient(service)
  made.use({
    onRequest({ request }) {
      request.headers.set('Accept-Language', words.language.value)
      return request
    },
    onResponse({ request, response }) {
      // Who is nobody yet is asked at the door; who was somebody is asked where they are.
      if (response.status === 401 && !/\/(me|session)$/.test(new URL(request.url).pathname)) expired.value = true
      return response
    },
  })
  return made
}

export const approval = client('approval')
export const dispute = client('dispute')
export const gateway = client('gateway')
export const gis = client('gis')
export const population = client('population')

/** The headers of an act on something that has a version: what is stale is refused with 412. */
export function ifMatch(version: number): { 'If-Match': string } {
  return { 'If-Match': `"${version}"` }
}

interface Page<T> {
  items: T[]
  nextCursor?: string | null | undefined
}

/** All pages of a list, at most `most` rows. */
export async function every<T>(read: (cursor: string | undefined) => Promise<Page<T> | undefined>, most = 2000): Promise<T[]> {
  const found: T[] = []
  let cursor: string | undefined
  do {
    const page = await read(cursor)
    found.push(...(page?.items ?? []))
    cursor = page?.nextCursor ?? undefined
  } while (cursor && found.length < most)
  return found
}

/** What to say about a refusal: the service's own words, or ours when nobody answered. */
export function told(problem: Problem): { title: string; detail: string } {
  if (problem.title) return { title: problem.title, detail: problem.detail }
  return { title: words.t('console.away.title'), detail: words.t('console.away.detail') }
}
