/** Buildings drawn by Leaflet without any tile: footprints shaded by what is left, their names below them from near. */
import type { Map as LeafletMap, PathOptions } from 'leaflet'
import type { Building } from './places'

export type LonLat = { lon: number; lat: number }

export interface Shape {
  building: Building
  name: string
  homes: number
  left: number
}

const NAMES_FROM_ZOOM = 17.5
const MOST_ZOOM = 20

/** 0 nothing left … 3 nobody reached. */
export function level({ homes, left }: Pick<Shape, 'homes' | 'left'>): number {
  if (!homes || !left) return 0
  if (left === homes) return 3
  return left * 2 < homes ? 1 : 2
}

const FINGER_PX = 22
const PIN_RADIUS = 10
const PLACE_ZOOM = 18

/** The same drawing, to touch a place on: each touch moves the pin there, as exact as a finger is. */
export async function pick(canvas: HTMLElement, shapes: readonly Shape[], start: LonLat | undefined, put: (at: LonLat, accuracyM: number) => void): Promise<LeafletMap> {
  const { circleMarker } = await import('leaflet')
  const map = await draw(canvas, shapes, () => undefined)
  const pin = circleMarker([start?.lat ?? 0, start?.lon ?? 0], { radius: PIN_RADIUS, className: 'own-place', interactive: false })
  if (start) {
    pin.addTo(map)
    map.setView(pin.getLatLng(), PLACE_ZOOM)
  }
  map.on('click', ({ latlng, containerPoint }) => {
    pin.setLatLng(latlng).addTo(map)
    const edge = map.containerPointToLatLng(containerPoint.add([FINGER_PX, 0]))
    put({ lon: latlng.lng, lat: latlng.lat }, Math.ceil(map.distance(latlng, edge)))
  })
  return map
}

export async function draw(canvas: HTMLElement, shapes: readonly Shape[], open: (buildingId: string) => void): Promise<LeafletMap> {
  const { circleMarker, featureGroup, geoJSON, map: makeMap } = await import('leaflet')
  const map = makeMap(canvas, { attributionControl: false, zoomSnap: 0.5, maxZoom: MOST_ZOOM, zoomAnimation: false, fadeAnimation: false })
  const group = featureGroup()
  for (const shape of shapes) {
    const { building } = shape
    const geometry = building.footprint ?? { type: 'Point', coordinates: [building.position.lon, building.position.lat] }
    const style: PathOptions = { className: `building-shape left-${level(shape)}`, weight: 1.5 }
    const layer = geoJSON(geometry as never, { style, pointToLayer: (_, at) => circleMarker(at, { radius: 6 }) })
    layer.bindTooltip(shape.name, { permanent: true, direction: 'bottom', className: 'building-name' })
    layer.on('click', () => open(building.id))
    group.addLayer(layer)
  }
  group.addTo(map)
  map.fitBounds(group.getBounds(), { padding: [16, 16] })
  const names = () => canvas.classList.toggle('names', map.getZoom() >= NAMES_FROM_ZOOM)
  map.on('zoomend', names)
  names()
  return map
}
