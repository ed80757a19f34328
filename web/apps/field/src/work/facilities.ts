/** Facilities around a building, by the standard interface of features. */

export interface Facility {
  id: string
  name: string
  kind: string
  nextInspectionOn: string | null
}

interface Features {
  features: { id: string; properties: { name: string | null; kind: string; nextInspectionOn: string | null } }[]
}

/** About 40 metres to each side, in degrees at the district's latitude. */
const REACH = { lon: 0.00047, lat: 0.00036 }
const MOST = 12

export async function facilitiesAround({ lon, lat }: { lon: number; lat: number }): Promise<Facility[]> {
  const box = [lon - REACH.lon, lat - REACH.lat, lon + REACH.lon, lat + REACH.lat].join(',')
  const answer = await fetch(`/ogc/collections/things/items?f=json&limit=${MOST}&bbox=${box}`, { headers: { 'X-Grid-Request': '1' } })
  if (!answer.ok) throw new Error(`facilities: ${answer.status}`)
  const { features } = (await answer.json()) as Features
  return features.map(({ id, properties }) => ({ id: String(id), name: properties.name ?? properties.kind, kind: properties.kind, nextInspectionOn: properties.nextInspectionOn }))
}
