import 'fake-indexeddb/auto'
import { Problem } from '@grid/api'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import Dexie from 'dexie'
import { type Answer, Courier, Marks, type Operation, Outbox, Packs, Store, type Transport, Vault } from '../src'

const ROUNDS = 1_000
const ME = 'worker'
let store: Store
let made = 0

/** A server that keeps every operation once, and may be told to lose replies or to refuse. */
class Server implements Transport {
  readonly kept = new Map<string, Operation>()
  readonly photos = new Set<string>()
  readonly received: string[] = []
  loses = false
  refuse: (operation: Operation) => Partial<Answer> | undefined = () => undefined
  unreadable: (operation: Operation) => boolean = () => false

  async putPhoto(sha256: string): Promise<void> {
    this.photos.add(sha256)
    this.#lose()
  }

  async sync(_: string, operations: Operation[]): Promise<(Answer & { id: string })[]> {
    if (operations.some(this.unreadable)) throw new Problem(400, 'invalid-input', 'unreadable', '')
    const answers = operations.map((operation) => {
      this.received.push(operation.id)
      const known = this.kept.has(operation.id)
      const refused = this.refuse(operation)
      if (!refused) this.kept.set(operation.id, operation)
      return { id: operation.id, result: known ? 'duplicate' : 'created', ...refused } as Answer & { id: string }
    })
    this.#lose()
    return answers
  }

  #replies = 0
  #lose(): void {
    if (this.loses && ++this.#replies % 2) throw Problem.unreachable(undefined)
  }
}

function carrier(server: Server, more: Partial<ConstructorParameters<typeof Courier>[2]> = {}): Courier {
  return new Courier(store, server, { account: () => ME, photosMayTravel: () => true, ...more })
}

const visit = (group: string, note = '') => ({ service: 'population' as const, kind: 'visit.record', group, title: group, body: { note } })
const report = { service: 'dispute' as const, kind: 'case.report', group: 'case', title: 'case', body: {} }
const photo = (text: string) => new Blob([text], { type: 'image/jpeg' })

beforeEach(() => {
  store = new Store(`test-${++made}`)
  const held = new Set<string>()
  vi.stubGlobal('navigator', {
    locks: {
      async request(name: string, _: unknown, act: (lock: object | null) => Promise<unknown>) {
        if (held.has(name)) return act(null)
        held.add(name)
        return act({}).finally(() => held.delete(name))
      },
    },
  })
})

describe('the queue', () => {
  it('keeps an act and its photos together, unreadable in the store', async () => {
    const outbox = new Outbox(store, () => ME)
    await outbox.add(visit('household', 'secret words'), [photo('one'), photo('two'), photo('one')])
    expect(await store.photos.count()).toBe(2)
    expect(JSON.stringify(await store.entries.toArray())).not.toContain('secret words')
    expect((await outbox.list('queued'))[0]?.body).toEqual({ note: 'secret words' })
  })

  it('loses and doubles nothing when every second reply is lost and two tabs carry', async () => {
    const outbox = new Outbox(store, () => ME)
    for (let place = 0; place < 60; place++) await outbox.add(place % 3 ? visit(`h${place}`) : report, [photo(`p${place}`)])
    const server = new Server()
    server.loses = true
    const tabs = [carrier(server), carrier(server)]
    for (let round = 0; round < 80 && (await outbox.list('queued')).length; round++) await Promise.all(tabs.map((tab) => tab.run()))
    expect(await store.entries.where('state').equals('done').count()).toBe(60)
    expect(server.kept.size).toBe(60)
    expect(server.photos.size).toBe(60)
    expect(server.received.length).toBeGreaterThan(60)
    expect(await store.photos.count()).toBe(0)
  })

  it('sends visits before reports, photos before both, and in the order of acting', async () => {
    const outbox = new Outbox(store, () => ME)
    await outbox.add(report, [photo('x')])
    const first = await outbox.add(visit('a'))
    const second = await outbox.add(visit('a'))
    const server = new Server()
    await carrier(server).run()
    expect([...server.kept.values()].map((each) => each.kind)).toEqual(['visit.record', 'visit.record', 'case.report'])
    expect([...server.kept.keys()].slice(0, 2)).toEqual([first, second])
  })

  it('lets what is refused wait for the worker and carries on with the rest', async () => {
    const outbox = new Outbox(store, () => ME)
    await outbox.add(visit('bad'))
    await outbox.add(visit('good'))
    const server = new Server()
    server.refuse = (operation) => (operation.id === server.received[0] ? { result: 'rejected', title: '这户已注销' } : undefined)
    await carrier(server).run()
    expect((await outbox.list('rejected')).map((each) => [each.group, each.answer?.title])).toEqual([['bad', '这户已注销']])
    expect((await outbox.list('done')).map((each) => each.group)).toEqual(['good'])
  })

  it('finds the one act that makes a batch unreadable', async () => {
    const outbox = new Outbox(store, () => ME)
    for (let place = 0; place < 9; place++) await outbox.add(visit(`h${place}`, place === 4 ? 'bad' : ''))
    const server = new Server()
    server.unreadable = (operation) => operation.body['note'] === 'bad'
    await carrier(server).run()
    expect((await outbox.list('rejected')).map((each) => each.group)).toEqual(['h4'])
    expect(server.kept.size).toBe(8)
  })

  it('waits while an act can be taken back, and then is gone', async () => {
    const outbox = new Outbox(store, () => ME)
    const id = await outbox.add(visit('h'), [photo('x')], { holdMs: 60_000 })
    const server = new Server()
    await carrier(server).run()
    expect(server.kept.size).toBe(0)
    expect(await outbox.takeBack(id)).toBe(true)
    expect([await store.entries.count(), await store.photos.count()]).toEqual([0, 0])
  })

  it('keeps a report back whose photo may not travel yet, and no other', async () => {
    const outbox = new Outbox(store, () => ME)
    await outbox.add(report, [photo('x')])
    await outbox.add(visit('h'))
    const server = new Server()
    await carrier(server, { photosMayTravel: () => false }).run()
    expect([...server.kept.values()].map((each) => each.kind)).toEqual(['visit.record'])
    await carrier(server).run()
    expect(server.kept.size).toBe(2)
  })

  it('is never sent in the name of another account', async () => {
    await new Outbox(store, () => 'somebody else').add(visit('h'))
    const server = new Server()
    await carrier(server).run()
    expect(server.received).toEqual([])
  })

  it('comes again later each time, and says when it is signed out', async () => {
    const problem = new Problem(503, 'unavailable', '', '', { retryAfter: 60 })
    const courier = new Courier(store, new Server(), { account: () => ME, photosMayTravel: () => true }, () => 1)
    const waits = [0, 1, 2].map(() => courier.wait(Problem.unreachable(undefined)))
    expect(waits).toEqual([2_000, 4_000, 8_000])
    expect(courier.wait(problem)).toBe(60_000)
    await new Outbox(store, () => ME).add(visit('h'))
    const server = new Server()
    server.sync = async () => Promise.reject(new Problem(401, 'unauthorised', '', ''))
    const onSignedOut = vi.fn()
    await carrier(server, { onSignedOut }).run()
    expect(onSignedOut).toHaveBeenCalledOnce()
    expect(await store.entries.where('state').equals('queued').count()).toBe(1)
  })

  it('sends what was decided under a new id', async () => {
    const outbox = new Outbox(store, () => ME)
    const id = await outbox.add(visit('h', 'old'))
    const [shown] = await outbox.list('queued')
    await outbox.resolve(id, { ...shown!, body: { note: 'new' } })
    const server = new Server()
    await carrier(server).run()
    expect([...server.kept.values()].map((each) => each.body)).toEqual([{ note: 'new' }])
    expect([...server.kept.keys()]).not.toContain(id)
    expect((await outbox.list('done')).map((each) => each.id)).toEqual([...server.kept.keys()])
  })
})

describe('the lock', () => {
  it('opens by the PIN, counts wrong ones and wipes at the fifth; what waits stays', async () => {
    const vault = new Vault(store, ROUNDS)
    const key = await vault.make('123456')
    const packs = new Packs(store)
    const pack = { areaCode: 'g', complete: true, households: [{ id: 'h' }], gone: { households: [] } }
    await packs.apply(key, pack, {})
    await new Outbox(store, () => ME).add(visit('h'))
    for (let left = 4; left > 0; left--) expect(await vault.open('000000')).toEqual({ left })
    expect(await vault.open('000000')).toBe('wiped')
    expect([await store.rows.count(), await store.entries.count(), await vault.exists()]).toEqual([0, 1, false])
    expect(await vault.open('123456')).toBe('none')
  })

  it('forgets wrong tries after a right one and keeps the key when the PIN changes', async () => {
    const vault = new Vault(store, ROUNDS)
    const key = await vault.make('123456')
    const packs = new Packs<{ id: string }, object>(store)
    const pack = { areaCode: 'g', complete: true, households: [{ id: 'h' }], gone: { households: [] } }
    await packs.apply(key, pack, {})
    await vault.open('000000')
    expect(await vault.change('999999', '654321')).toBe(false)
    expect(await vault.change('123456', '654321')).toBe(true)
    const opened = await vault.open('654321')
    expect((await packs.read((opened as { key: CryptoKey }).key)).households).toEqual([{ id: 'h' }])
  })

  it('wipes after seven days without the server', async () => {
    let now = 1_000
    const vault = new Vault(store, ROUNDS, () => now)
    await vault.make('123456')
    now += 6 * 24 * 3600 * 1000
    await vault.contact()
    now += 7 * 24 * 3600 * 1000
    expect(await vault.expire()).toBe(false)
    now += 1
    expect(await vault.open('123456')).toBe('wiped')
  })
})

describe('the pack', () => {
  it('replaces everything of its grid, or changes what has changed', async () => {
    const key = await new Vault(store, ROUNDS).make('123456')
    const packs = new Packs<{ id: string; version?: number }, { cursor: string }>(store)
    const whole = { areaCode: 'g', complete: true, households: [{ id: 'a' }, { id: 'b' }], gone: { households: [] } }
    await packs.apply(key, whole, { cursor: '1' })
    await packs.apply(key, { ...whole, areaCode: 'other', households: [{ id: 'c' }] }, { cursor: '1' })
    const change = { ...whole, complete: false, households: [{ id: 'a', version: 2 }], gone: { households: ['b'] } }
    await packs.apply(key, change, { cursor: '2' })
    const held = await packs.read(key)
    expect(held.households).toEqual([{ id: 'a', version: 2 }, { id: 'c' }])
    expect(held.frames['g']).toEqual({ cursor: '2' })
    await packs.keepOnly(['other'])
    expect((await packs.read(key)).households).toEqual([{ id: 'c' }])
  })
})

describe('a store of the version before', () => {
  it('keeps what waits when the new version opens it', async () => {
    const name = `older-${++made}`
    const older = new Dexie(name)
    older.version(1).stores({ entries: 'id, state, group', photos: 'sha256', rows: 'id, grid', meta: 'key' })
    const before = Object.assign(older, { read: Store.prototype.read, write: Store.prototype.write, deviceKey: Store.prototype.deviceKey }) as unknown as Store
    const ids = await Promise.all(['a', 'b', 'c'].map((group) => new Outbox(before, () => ME).add(visit(group), [photo(group)])))
    older.close()
    store = new Store(name)
    expect((await new Outbox(store, () => ME).list('queued')).map((entry) => entry.id)).toEqual([...ids].sort())
    const server = new Server()
    await carrier(server).run()
    expect([...server.kept.keys()].sort()).toEqual([...ids].sort())
  })
})

describe('marks', () => {
  const mark = { kind: 'later' as const, until: '2026-11-27', reason: null, at: '2026-11-25T09:00:00+08:00' }

  it('are of one account, sealed, and forgotten when they are long over', async () => {
    const mine = new Marks(store, () => ME)
    await mine.set({ ...mark, id: 'a' })
    await mine.set({ ...mark, id: 'b', until: '2026-10-01' })
    await new Marks(store, () => 'other').set({ ...mark, id: 'c' })
    await mine.tidy(Date.parse('2026-11-26'))
    const rows = await store.marks.toArray()
    expect((await mine.show(rows)).map((each) => each.id)).toEqual(['a'])
    expect(JSON.stringify(rows)).not.toContain('later')
  })
})
