/** Photos and scans: sent under the SHA-256 of their bytes, read back through the record that names them. */
import { Problem } from '@grid/api'

type Owner = 'approval' | 'dispute'
const HEX = 16
const SIGNS: readonly (readonly [string, string])[] = [['89504e47', 'image/png'], ['ffd8ff', 'image/jpeg'], ['52494646', 'image/webp'], ['25504446', 'application/pdf']]

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(HEX).padStart(2, '0')).join('')
}

/** Keeps a file; sending it twice changes nothing. */
export async function keep(owner: Owner, file: Blob): Promise<string> {
  const bytes = await file.arrayBuffer()
  const digest = hex(await crypto.subtle.digest('SHA-256', bytes))
  const headers = { 'Content-Type': 'application/octet-stream', 'X-Grid-Request': '1' }
  const answer = await fetch(`/api/${owner}/v1/attachments/${digest}`, { method: 'PUT', body: bytes, headers })
  if (!answer.ok) throw await Problem.of(answer)
  return digest
}

export interface Shown {
  url: string
  type: string
}

/** A file as something an element can show; whoever asked revokes the address. */
export async function show(address: string): Promise<Shown> {
  const answer = await fetch(address, { headers: { 'X-Grid-Request': '1' } })
  if (!answer.ok) throw await Problem.of(answer)
  const bytes = await answer.arrayBuffer()
  const begins = hex(bytes.slice(0, 4))
  const type = SIGNS.find(([sign]) => begins.startsWith(sign))?.[1] ?? 'application/octet-stream'
  return { url: URL.createObjectURL(new Blob([bytes], { type })), type }
}
