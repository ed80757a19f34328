/** UUIDv7 (RFC 9562): ordered by the moment it was made, so that a queue sorted by id is a queue sorted by time. */

let last = 0
let count = 0

export function uuid7(now: number = Date.now()): string {
  // Within one millisecond the twelve bits after the version count, so that order holds.
  count = now > last ? 0 : count + 1
  last = count > 0xfff ? last + 1 : Math.max(now, last)
  if (count > 0xfff) count = 0
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  new DataView(bytes.buffer).setBigUint64(0, (BigInt(last) << 16n) | 0x7000n | BigInt(count))
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
