/** The one store of this phone. */
import { Store, Vault } from '@grid/offline'

export const store = new Store()
export const vault = new Vault(store)
