/** The classes of coverage on every map: light to dark in one hue, the last one is the target and above. */
export const LEASTS = [0, 40, 50, 60, 75, 90] as const

export function classOf(percent: number | undefined): string {
  return percent === undefined ? 'none' : `c${LEASTS.filter((least) => least <= percent).length - 1}`
}
