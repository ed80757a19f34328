/** Buildings drawn by Leaflet without any tile: footprints shaded by what is left, their names from near. */
import type { Map as LeafletMap, PathOptions } from 'leaflet'
import type { Building } from './places'

export interface Shape {
  building: Building
  name: string
  homes: number
  left: number
}

const NAMES_FROM_ZOOM = 17
const MOST_ZOOM = 20

/** 0 nothing left … 3 nobody reached. */
export function level({ homes, left }: Pick<Shape, 'homes' | 'left'>): number {
  if (!homes || !left) return 0
  if (left === homes) return 3
  return left * 2 < homes ? 1 : 2
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
    layer.bindTooltip(shape.name, { permanent: true, direction: 'center', className: 'building-name' })
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
