/** Days as the district counts them: Asia/Shanghai, written 2026-11-25. */

const ZONE = 'Asia/Shanghai'
const DAY_MS = 24 * 3600 * 1000

export function today(now: number = Date.now()): string {
  // The Swedish way of writing a date is the one of ISO 8601.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE }).format(now)
}

export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)
}
