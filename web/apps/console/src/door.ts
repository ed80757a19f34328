/** The form of a sign-in: what is typed, whether a one-time code is asked for, and what was refused. */
import { Problem } from '@grid/api'
import { reactive } from 'vue'
import { signIn } from './session'

export interface Door {
  login: string
  password: string
  totp: string
  asksCode: boolean
  busy: boolean
  problem: Problem | undefined
  /** Signs in once, then goes on; a refusal stands in `problem`. */
  send: () => Promise<void>
}

export function useDoor(login: string, goOn: () => unknown): Door {
  const door: Door = reactive({ login, password: '', totp: '', asksCode: false, busy: false, problem: undefined, send })

  async function send(): Promise<void> {
    if (door.busy) return
    door.busy = true
    door.problem = undefined
    try {
      await signIn(door.login.trim(), door.password, door.totp.trim())
      await goOn()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      door.asksCode ||= error.code === 'second-factor-required'
      door.problem = error
    } finally {
      door.busy = false
    }
  }
  return door
}
