/** Working without a connection: the phone's store, its lock, the queue and who carries it. */
export { Courier, BATCH, type Circumstances, type Operation, type Transport } from './courier'
export { Outbox, type Act, type Answer, type Payload, type Shown } from './outbox'
export { Packs, type Held, type Pack } from './packs'
export { shrink } from './photos'
export { open, seal, sha256 } from './sealing'
export { Store, type Entry, type EntryState, type Service } from './store'
export { MOST_TRIES, PIN, Vault, type Opened } from './vault'
export { liveQuery } from 'dexie'
