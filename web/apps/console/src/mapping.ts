/** The map of the district: our own vector tiles, no glyph server, one hue for coverage, a second sign for cases. */
import * as maplibregl from 'maplibre-gl'
import type { ExpressionSpecification, Map as LibreMap, StyleSpecification } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import { LEASTS } from './coverage'

maplibregl.setWorkerUrl(workerUrl)

const GRID_LENGTH = 15
const FONTS = ['PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'sans-serif']

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}

function tiles(collection: string, minzoom: number, maxzoom: number) {
  const address = `${location.origin}/ogc/collections/${collection}/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt`
  return { type: 'vector' as const, tiles: [address], minzoom, maxzoom, promoteId: 'code' }
}

/** Light to dark in one hue; what has no figure stays pale. */
function byCoverage(): ExpressionSpecification {
  const percent = ['coalesce', ['feature-state', 'percent'], -1]
  const steps = LEASTS.flatMap((least, place) => [least, colour(`map-${place}`)])
  return ['step', percent, colour('line-2'), ...steps] as unknown as ExpressionSpecification
}

function style(): StyleSpecification {
  const line = (id: string, source: string, width: number, from: number, ink: string, to = 24) => ({
    id, type: 'line' as const, source, 'source-layer': source, minzoom: from, maxzoom: to,
    paint: { 'line-color': colour(ink), 'line-width': width },
  })
  const LAST_DIGITS: ExpressionSpecification = ['slice', ['get', 'code'], 12]
  const NAME: ExpressionSpecification = ['get', 'name']
  const names = (id: string, source: string, from: number, to: number, size: number, field: ExpressionSpecification = NAME) => ({
    id, type: 'symbol' as const, source, 'source-layer': `${source}-labels`, minzoom: from, maxzoom: to,
    layout: { 'text-field': field, 'text-font': FONTS, 'text-size': size, 'text-padding': 4 },
    paint: { 'text-color': colour('ink-1'), 'text-halo-color': colour('paper'), 'text-halo-width': 1.5 },
  })
  const dots = (id: string, source: string, minzoom: number, radius: number) => ({
    id, type: 'circle' as const, source, 'source-layer': source, minzoom,
    paint: { 'circle-radius': radius, 'circle-color': colour('paper'), 'circle-stroke-color': colour('ink-1'), 'circle-stroke-width': 2 },
  })
  return {
    version: 8,
    sources: {
      streets: tiles('streets', 8, 14),
      communities: tiles('communities', 10, 15),
      grids: tiles('grids', 11, 16),
      buildings: tiles('buildings', 14, 16),
      things: tiles('things', 13, 16),
      'service-points': tiles('service-points', 10, 16),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': colour('bg') } },
      { id: 'community-fill', type: 'fill', source: 'communities', 'source-layer': 'communities', maxzoom: NEAR, paint: { 'fill-color': byCoverage() } },
      { id: 'grid-fill', type: 'fill', source: 'grids', 'source-layer': 'grids', minzoom: NEAR, paint: { 'fill-color': byCoverage() } },
      { id: 'building-fill', type: 'fill', source: 'buildings', 'source-layer': 'buildings', minzoom: 15,
        paint: { 'fill-color': colour('paper'), 'fill-opacity': 0.55, 'fill-outline-color': colour('ink-3') } },
      dots('thing-dots', 'things', 15, 4), dots('service-dots', 'service-points', 12, 6),
      line('grid-line', 'grids', 1, 13, 'paper'),
      line('community-line', 'communities', 1.5, 11, 'ink-3'),
      line('street-line', 'streets', 2, 8, 'ink-2'),
      { id: 'chosen-line', type: 'line', source: 'grids', 'source-layer': 'grids', filter: ['==', ['get', 'code'], ''],
        paint: { 'line-color': colour('ink-1'), 'line-width': 3 } },
      names('building-names', 'buildings', 16.5, 24, 12),
      names('service-names', 'service-points', 15, 24, 12),
      names('street-names', 'streets', 9, 12, 14),
      names('community-names', 'communities', 12, 14.5, 13),
      // Inside its community a grid is known by its last three digits.
      names('grid-names', 'grids', 14.5, 24, 15, LAST_DIGITS),
    ],
  }
}

/** Whether this browser can draw vector tiles at all. */
export function canDraw(): boolean {
  try {
    return document.createElement('canvas').getContext('webgl2') !== null
  } catch {
    return false
  }
}

/** Cases of a grid, or of a community for a look from afar. */
export interface Mark {
  code: string
  at: [number, number]
  count: number
  late: number
}

/** From here on grids can be told apart. */
const NEAR = 13

/** What can be shown and hidden; cases are marks, not a layer. */
export type LayerName = 'grids' | 'buildings' | 'coverage' | 'things'
const LAYERS: Readonly<Record<LayerName, readonly string[]>> = {
  grids: ['grid-line', 'grid-names'],
  buildings: ['building-fill', 'building-names'],
  coverage: ['community-fill', 'grid-fill'],
  things: ['thing-dots', 'service-dots', 'service-names'],
}

export interface Drawn {
  layer(name: LayerName, on: boolean): void
  /** A sign where somebody looked for something. */
  spot(at: [number, number] | undefined): void
  show(percents: ReadonlyMap<string, number>): void
  mark(counts: readonly Mark[], open: (code: string) => void): void
  choose(code: string | undefined): void
  fit(box: readonly number[]): void
  remove(): void
}

/** Draws into an element; a click on a grid is told by its code. */
export function draw(element: HTMLElement, box: readonly number[], onGrid: (code: string) => void, onBuilding: (id: string) => void, words: { zoomIn: string; zoomOut: string; label: string; cases: (count: number) => string }): Drawn {
  const map: LibreMap = new maplibregl.Map({
    container: element,
    style: style(),
    bounds: bounds(box),
    fitBoundsOptions: { padding: 24 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    locale: { 'NavigationControl.ZoomIn': words.zoomIn, 'NavigationControl.ZoomOut': words.zoomOut, 'Map.Title': words.label },
  })
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'top-right')
  for (const layer of ['grid-fill', 'community-fill']) {
    map.on('click', layer, (event) => {
      const code: unknown = event.features?.[0]?.properties['code']
      if (typeof code === 'string') onGrid(code)
    })
    map.on('mouseenter', layer, () => (map.getCanvas().style.cursor = 'pointer'))
    map.on('mouseleave', layer, () => (map.getCanvas().style.cursor = ''))
  }
  map.on('click', 'building-fill', (event) => {
    const id: unknown = event.features?.[0]?.properties['id']
    if (typeof id === 'string') onBuilding(id)
  })
  map.on('idle', () => {
    stand()
    element.setAttribute('data-idle', 'true')
  })
  const look = (): void => void element.classList.toggle('far', map.getZoom() < NEAR)
  map.on('zoom', look)
  look()
  const whenReady = (act: () => void): void => void (map.isStyleLoaded() ? act() : map.once('load', act))
  let markers: maplibregl.Marker[] = []
  let near = new Map<string, maplibregl.Marker>()
  /** Cases of a grid stand above its number, wherever the tiles write it. */
  function stand(): void {
    for (const { properties, geometry } of map.querySourceFeatures('grids', { sourceLayer: 'grids-labels' })) {
      if (geometry.type === 'Point') near.get(String(properties['code']))?.setLngLat(geometry.coordinates as [number, number])
    }
  }
  let place: maplibregl.Marker | undefined

  return {
    show: (percents) => whenReady(() => {
      percents.forEach((percent, id) => {
        const source = id.length === GRID_LENGTH ? 'grids' : 'communities'
        map.setFeatureState({ source, sourceLayer: source, id }, { percent })
      })
    }),
    mark(counts, open) {
      markers.forEach((marker) => marker.remove())
      near = new Map()
      markers = counts.map(({ code, at, count, late }) => {
        const dot = document.createElement('button')
        dot.className = `dot ${code.length === GRID_LENGTH ? 'near' : 'wide'}${late ? ' late' : ''}`
        dot.type = 'button'
        dot.textContent = String(count)
        dot.setAttribute('aria-label', words.cases(count))
        dot.addEventListener('click', (event) => {
          event.stopPropagation()
          open(code)
        })
        const marker = new maplibregl.Marker({ element: dot, anchor: 'bottom', offset: [0, -10] }).setLngLat(at).addTo(map)
        if (code.length === GRID_LENGTH) near.set(code, marker)
        return marker
      })
      stand()
    },
    layer: (name, on) => whenReady(() => {
      // Coverage stays there to be clicked on: only its colour goes.
      for (const id of LAYERS[name]) {
        if (name === 'coverage') map.setPaintProperty(id, 'fill-opacity', on ? 1 : 0)
        else map.setLayoutProperty(id, 'visibility', on ? 'visible' : 'none')
      }
    }),
    spot(at) {
      place?.remove()
      if (!at) return
      const dot = document.createElement('span')
      dot.className = 'dot spot'
      place = new maplibregl.Marker({ element: dot }).setLngLat(at).addTo(map)
    },
    choose: (code) => whenReady(() => void map.setFilter('chosen-line', ['==', ['get', 'code'], code ?? ''])),
    fit: (to) => void map.fitBounds(bounds(to), { padding: 40, animate: false }),
    remove: () => map.remove(),
  }
}

/** A small map around one place. */
export function drawPlace(element: HTMLElement, at: [number, number], words: { zoomIn: string; zoomOut: string; label: string }): { remove(): void } {
  const map: LibreMap = new maplibregl.Map({
    container: element, style: style(), center: at, zoom: 16, attributionControl: false, dragRotate: false, pitchWithRotate: false, fadeDuration: 0,
    locale: { 'NavigationControl.ZoomIn': words.zoomIn, 'NavigationControl.ZoomOut': words.zoomOut, 'Map.Title': words.label },
  })
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'top-right')
  const dot = document.createElement('span')
  dot.className = 'dot spot'
  new maplibregl.Marker({ element: dot }).setLngLat(at).addTo(map)
  map.on('idle', () => element.setAttribute('data-idle', 'true'))
  return { remove: () => map.remove() }
}

function bounds(box: readonly number[]): [[number, number], [number, number]] {
  const [west = 0, south = 0, east = 0, north = 0] = box
  return [[west, south], [east, north]]
}
