/** From one line of text to what the register can be asked. */
import type { PopulationTypes } from '@grid/api'
import { isIdNumber } from './rules'

type Search = PopulationTypes['schemas']['PersonSearch']
const GRID_CODE_LENGTH = 15
const SHORTEST_ADDRESS = 4

/** An identity number alone, or a name with a grid, a birthday or four signs of an address; undefined when it is too little. */
export function wanted(text: string, area: string): Search | undefined {
  const [first = '', ...rest] = text.trim().split(/\s+/)
  const number = first.toUpperCase()
  if (!rest.length && isIdNumber(number)) return { idNumber: number }
  const more = rest.join('')
  const name = first
  if (!name || /^\d/.test(name)) return undefined
  if (/^\d{4}-\d\d-\d\d$/.test(more)) return { name, birthDate: more }
  if (/^\d{8}$/.test(more)) return { name, birthDate: `${more.slice(0, 4)}-${more.slice(4, 6)}-${more.slice(6)}` }
  if (/^\d{15}$/.test(more)) return { name, grid: more }
  if (/^\d{1,3}$/.test(more) && area.length >= 12) return { name, grid: area.slice(0, 12) + more.padStart(3, '0') }
  if (more.length >= SHORTEST_ADDRESS) return { name, address: more }
  return !more && area.length === GRID_CODE_LENGTH ? { name, grid: area } : undefined
}
