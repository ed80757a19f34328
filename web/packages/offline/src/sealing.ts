/** AES-GCM for what lies on the phone; the key of personal data is wrapped by a PIN (PBKDF2, 600,000 rounds). */

export interface Sealed {
  iv: Uint8Array<ArrayBuffer>
  data: ArrayBuffer
}

export interface Wrapped extends Sealed {
  salt: Uint8Array<ArrayBuffer>
  rounds: number
}

export const ROUNDS = 600_000
const IV_BYTES = 12
const SALT_BYTES = 16

export async function seal(key: CryptoKey, value: unknown): Promise<Sealed> {
  return sealBytes(key, new TextEncoder().encode(JSON.stringify(value)))
}

export async function open<T>(key: CryptoKey, sealed: Sealed): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await openBytes(key, sealed))) as T
}

export async function sealBytes(key: CryptoKey, bytes: BufferSource): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  return { iv, data: await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, bytes) }
}

export async function openBytes(key: CryptoKey, { iv, data }: Sealed): Promise<ArrayBuffer> {
  return crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, data)
}

/** A key that programs may use and nobody may read: it never leaves the browser's own store. */
export async function makeDeviceKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

/** A fresh data key, and the same one wrapped by a PIN. */
export async function makeDataKey(pin: string, rounds: number = ROUNDS): Promise<{ key: CryptoKey; wrapped: Wrapped }> {
  const raw = crypto.getRandomValues(new Uint8Array(32))
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const wrapped = { ...(await sealBytes(await wrappingKey(pin, salt, rounds), raw)), salt, rounds }
  const key = await importKey(raw)
  raw.fill(0)
  return { key, wrapped }
}

/** The data key behind a PIN; undefined when the PIN is wrong. */
export async function openDataKey(wrapped: Wrapped, pin: string): Promise<CryptoKey | undefined> {
  try {
    return await importKey(await openBytes(await wrappingKey(pin, wrapped.salt, wrapped.rounds), wrapped))
  } catch {
    return undefined
  }
}

/** The same data key under another PIN; undefined when the present one is wrong. */
export async function rewrap(wrapped: Wrapped, pin: string, next: string): Promise<Wrapped | undefined> {
  try {
    const raw = await openBytes(await wrappingKey(pin, wrapped.salt, wrapped.rounds), wrapped)
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
    return { ...(await sealBytes(await wrappingKey(next, salt, wrapped.rounds), raw)), salt, rounds: wrapped.rounds }
  } catch {
    return undefined
  }
}

export async function sha256(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function wrappingKey(pin: string, salt: BufferSource, iterations: number): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveKey'])
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  return crypto.subtle.deriveKey(how, secret, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

async function importKey(raw: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
}
