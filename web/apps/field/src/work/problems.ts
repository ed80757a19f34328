/** What a refusal says to the worker: the service's own words, or ours where nobody answered. */
import type { Problem } from '@grid/api'
import { words } from '@grid/i18n'

export function wordsOf(problem: Problem): { title: string; detail: string; code: string | null } {
  if (problem.status === 0) return { title: words.t('field.problems.unreachable'), detail: words.t('field.problems.unreachable-detail'), code: null }
  const title = problem.title || words.t('field.problems.other')
  return { title, detail: problem.detail, code: problem.traceId }
}
