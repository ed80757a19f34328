/** The phone as a whole: who is signed in, whether it is unlocked, what it holds, and who carries the queue. */
import { createClient, type GatewayTypes, Problem } from '@grid/api'
import { words } from '@grid/i18n'
import { Courier, type Entry, type Mark, Marks, Outbox, Packs, type Shown, liveQuery } from '@grid/offline'
import { computed, reactive, shallowReactive, shallowRef } from 'vue'
import type { CodeTables, Frame, Household } from './pack'
import { preferences } from './preferences'
import { readPlaces, refreshPlaces } from './places'
import { unknownVisits, withWaiting } from './rules'
import { store, vault } from './store'
import { fetchTasks } from './tasks'
import { fetchPack, fetchTables, transport } from './transport'

export type Me = GatewayTypes['schemas']['MeOut']
export type Phase = 'starting' | 'signed-out' | 'no-pin' | 'locked' | 'open'

const GRID_LENGTH = 15
/** Kept while the list was removed and nobody has signed in since: a new PIN alone opens nothing. */
const SIGN_IN_AGAIN = 'sign-in-again'
const SHORT_MS = 5_000
const IDLE_LOCK_MS = 15 * 60_000
const KEPT_STATES = ['draft', 'queued', 'conflict', 'rejected', 'done'] as const

export const outbox = new Outbox(store, () => phone.me?.accountId ?? '')
export const marks = new Marks(store, () => phone.me?.accountId ?? '')
const packs = new Packs<Household, Frame>(store)

export const phone = reactive({
  phase: 'starting' as Phase,
  me: undefined as Me | undefined,
  online: navigator.onLine,
  /** The server does not know the session any more; what is here can still be worked with. */
  expired: false,
  wiped: false,
  lastUpload: undefined as number | undefined,
  uploading: false,
  loadingPack: false,
  packProblem: undefined as Problem | undefined,
  /** The first download of this phone, to say what it took. */
  downloaded: undefined as { households: number; bytes: number; ms: number } | undefined,
})
export const tables = shallowRef<CodeTables>({})
const held = shallowReactive({ households: new Map<string, Household>(), frames: [] as Frame[] })
export const entries = shallowRef<Shown[]>([])
export const marked = shallowRef<Mark[]>([])
let key: CryptoKey | undefined
let ending: Promise<void> | undefined

export const frames = computed(() => held.frames)
export const visits = computed(() => unknownVisits(held.frames, entries.value))
export const waiting = computed(() => entries.value.filter((entry) => entry.state === 'queued'))
export const needsMe = computed(() => entries.value.filter((entry) => entry.state === 'conflict' || entry.state === 'rejected'))
export const drafts = computed(() => entries.value.filter((entry) => entry.state === 'draft'))
/** Households as they will be once everything here has arrived. */
export const households = computed(() => {
  const changes = waiting.value.filter((entry) => entry.service === 'population' && entry.kind !== 'visit.record')
  if (!changes.length) return held.households
  return new Map([...held.households].map(([id, household]) => [id, withWaiting(household, changes)]))
})
/** Cases to look at and papers that came back, without those that are done already. */
export const tasks = computed(() => {
  const done = new Set(entries.value.filter((entry) => entry.kind === 'case.verify' && entry.state !== 'draft').map((entry) => entry.targetId))
  return held.frames.flatMap((frame) => frame.tasks ?? []).filter((task) => !done.has(task.id))
})
/** A household as the server last told it: what a change is based on. */
export const asTold = (id: string): Household | undefined => held.households.get(id)
export const grids = computed(() => (phone.me?.areas ?? []).filter((area) => area.length === GRID_LENGTH))

export const courier = new Courier(store, transport, {
  account: () => (phone.expired ? undefined : phone.me?.accountId),
  photosMayTravel: () => !preferences.photosByWifiOnly || connection()?.type !== 'cellular',
  onDelivered: (delivered) => void afterDelivery(delivered),
  onSignedOut: () => void revoked(),
})

/** Take up where the phone was left: nothing here needs a connection. */
export async function start(): Promise<void> {
  phone.me = await store.read<Me>('me')
  phone.lastUpload = await store.read<number>('last-upload')
  tables.value = (await store.read<CodeTables>(`tables-${words.language.value}`)) ?? {}
  await readPlaces()
  if (await vault.expire()) await store.write(SIGN_IN_AGAIN, true)
  phone.phase = await nextPhase()
  if (phone.wiped) ending = endSession()
  addEventListener('online', () => (phone.online = true))
  addEventListener('offline', () => (phone.online = false))
  liveQuery(() => store.entries.where('state').anyOf(KEPT_STATES).toArray()).subscribe((found) => void show(found))
  liveQuery(() => vault.exists()).subscribe((there) => void (there || lockedElsewhere()))
  liveQuery(() => store.marks.toArray()).subscribe(async (found) => (marked.value = await marks.show(found)))
  lockWhenIdle()
  await navigator.storage?.persist?.()
  courier.watch()
  void outbox.tidy()
  void marks.tidy()
}

/** Sign in; another account than the last one finds nothing of it but that something waits. */
export async function signIn(login: string, password: string, totp: string | undefined): Promise<void> {
  await ending
  const { data } = await createClient('gateway').POST('/session', { body: { login, password, totp: totp || null, keep: true } })
  const me = data!
  if (phone.me && phone.me.accountId !== me.accountId) await vault.wipe()
  await remember(me)
  phone.wiped = false
  await store.meta.delete(SIGN_IN_AGAIN)
  if (phone.phase !== 'open') phone.phase = await nextPhase()
  await vault.contact()
  void courier.run()
  void refresh()
}

export async function signOut(): Promise<void> {
  await wipe()
  await store.meta.delete('me')
  phone.me = undefined
  phone.wiped = false
  phone.phase = 'signed-out'
}

export async function choosePin(pin: string): Promise<void> {
  key = await vault.make(pin)
  phone.phase = 'open'
  await refresh()
}

/** Unlock; how many tries are left, or undefined when it is open or everything is gone. */
export async function unlock(pin: string): Promise<number | undefined> {
  const opened = await vault.open(pin)
  if (opened === 'wiped' || opened === 'none') {
    await wipe()
    return undefined
  }
  if ('left' in opened) return opened.left
  key = opened.key
  await read()
  phone.phase = 'open'
  void refresh()
  return undefined
}

export function lock(): void {
  key = undefined
  held.households = new Map()
  held.frames = []
  if (phone.phase === 'open') phone.phase = 'locked'
}

/** Another page of this phone removed the list and its key: this one holds nothing any more either. */
async function lockedElsewhere(): Promise<void> {
  // What is told late may be the moment in which a new PIN was made.
  if (phone.phase !== 'open' || (await vault.exists())) return
  lock()
  phone.phase = await nextPhase()
}

/** Personal data go; what waits to be uploaded stays until its owner signs in. */
export async function wipe(): Promise<void> {
  await vault.wipe()
  await store.write(SIGN_IN_AGAIN, true)
  lock()
  phone.wiped = true
  if (phone.me) phone.phase = 'signed-out'
  ending = endSession()
}

/** Nobody goes on in the name of the last worker; without a connection this is done at the next one. */
async function endSession(): Promise<void> {
  await createClient('gateway').DELETE('/session', { signal: AbortSignal.timeout(SHORT_MS) }).catch(() => {
    addEventListener('online', () => phone.wiped && void endSession(), { once: true })
  })
}

/**
 * The server does not know this session any more: it was ended elsewhere, the account is locked, or nobody asked for
 * a week. The list goes; what waits stays and is sent after its owner has signed in.
 */
async function revoked(): Promise<void> {
  phone.expired = true
  await wipe()
}

/** Ask who I am and what has changed in my grids; without a connection everything stays as it is. */
export async function refresh(): Promise<void> {
  if (phone.loadingPack || !key || !navigator.onLine) return
  phone.loadingPack = true
  try {
    const { data } = await createClient('gateway').GET('/me')
    await remember(data!)
    await vault.contact()
    await packs.keepOnly(grids.value)
    for (const grid of grids.value) await refreshGrid(key, grid)
    // Shown only with its words and places, so that whoever sees the list may walk away from the signal.
    const beside = await Promise.allSettled([refreshWords(), refreshPlaces(grids.value)])
    await read()
    for (const each of beside) if (each.status === 'rejected') throw each.reason
    phone.packProblem = undefined
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.status === 401) await revoked()
    else phone.packProblem = error
  } finally {
    phone.loadingPack = false
  }
}

async function refreshGrid(key: CryptoKey, grid: string): Promise<void> {
  const known = held.frames.find((frame) => frame.areaCode === grid)
  const began = performance.now()
  // The list does not wait for what waits beside it: another service may be away.
  const [found, tasks] = await Promise.all([fetchPack(grid, known), fetchTasks(grid).catch(() => known?.tasks ?? [])])
  if (!found) return void (known && (await packs.keepFrame(key, grid, { ...known, tasks })))
  const { households: changed, gone, complete, ...rest } = found.pack
  const frame: Frame = { ...rest, etag: found.etag, tasks }
  await packs.apply(key, { areaCode: grid, complete, households: changed, gone }, frame)
  if (!known) phone.downloaded = { households: changed.length, bytes: found.bytes, ms: performance.now() - began }
}

async function refreshWords(): Promise<void> {
  tables.value = await fetchTables()
  await store.write(`tables-${words.language.value}`, tables.value)
}

async function read(): Promise<void> {
  if (!key) return
  const { households: all, frames: some } = await packs.read(key)
  held.households = new Map(all.map((household) => [household.id, household]))
  held.frames = Object.values(some).sort((one, other) => (one.areaCode < other.areaCode ? -1 : 1))
}

async function show(found: Entry[]): Promise<void> {
  const mine = found.filter((entry) => entry.account === phone.me?.accountId)
  entries.value = (await outbox.show(mine)).sort((one, other) => (one.id < other.id ? -1 : 1))
}

async function afterDelivery(delivered: readonly Entry[]): Promise<void> {
  phone.lastUpload = Date.now()
  await store.write('last-upload', phone.lastUpload)
  await vault.contact()
  // What was changed on the phone comes back with its new version.
  if (delivered.some((entry) => entry.service === 'population')) await refresh()
}

async function remember(me: Me): Promise<void> {
  phone.me = me
  phone.expired = false
  await store.write('me', { ...me, grants: me.grants.map((grant) => ({ ...grant })), areas: [...me.areas] })
}

async function nextPhase(): Promise<Phase> {
  phone.wiped = (await store.read(SIGN_IN_AGAIN)) === true && phone.me !== undefined
  if (!phone.me || phone.wiped) return 'signed-out'
  if (await vault.exists()) return 'locked'
  return 'no-pin'
}

function lockWhenIdle(): void {
  let timer: ReturnType<typeof setTimeout>
  const again = () => {
    clearTimeout(timer)
    timer = setTimeout(lock, IDLE_LOCK_MS)
  }
  for (const kind of ['pointerdown', 'keydown'] as const) addEventListener(kind, again, { passive: true })
  again()
}

function connection(): { type?: string } | undefined {
  return (navigator as Navigator & { connection?: { type?: string } }).connection
}

/** Upload by hand: wait for it, and say whether everything went. */
export async function uploadNow(): Promise<void> {
  phone.uploading = true
  try {
    await courier.run()
  } finally {
    phone.uploading = false
  }
}
