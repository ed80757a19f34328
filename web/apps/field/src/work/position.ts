/** One fix, when the worker asks for it or has allowed it before; never a second one, never in the background. */

export interface Point {
  lon: number
  lat: number
  crs: 'WGS84' | 'CGCS2000'
  accuracyM: number
  capturedAt: string
  source: string
}

const PATIENCE_MS = 8_000

export async function whereAmI(): Promise<Point | undefined> {
  if (!('geolocation' in navigator)) return undefined
  return new Promise((found) =>
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) =>
        found({
          lon: coords.longitude,
          lat: coords.latitude,
          crs: 'WGS84',
          accuracyM: Math.round(coords.accuracy),
          capturedAt: new Date(timestamp).toISOString(),
          source: 'phone',
        }),
      () => found(undefined),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 30_000 },
    ),
  )
}
