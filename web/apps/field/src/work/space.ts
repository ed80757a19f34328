/** When the phone is full. */

/** Whether storing failed for want of room; Dexie wraps what the browser says. */
export function isFull(error: unknown): boolean {
  const named = error as { name?: string; inner?: { name?: string } } | undefined
  return named?.name === 'QuotaExceededError' || named?.inner?.name === 'QuotaExceededError'
}
