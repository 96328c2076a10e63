/**
 * The users of FreeSWITCH behind telephones. An agent's telephone is `user/1001`, which is a user of any domain, or
 * `user/1001@example.com`. Used by registrations.ts and external-calls.ts.
 */
import { telephonesOf } from '../agent/settings.ts'
import type { SwitchEvent } from '../esl/event.ts'

export interface PhoneUser {
  readonly user: string
  readonly host: string
}

/** The telephones of agents that this user may have. */
export const telephonesOfUser = ({ user, host }: PhoneUser): readonly string[] => [
  `user/${user}`,
  ...(host === '' ? [] : [`user/${user}@${host}`]),
]

/** True when every telephone of the agent is that of a user, so that one must be registered. */
export const mustRegister = (agent: { readonly endpoint: string }): boolean =>
  telephonesOf(agent).every(one => one.startsWith('user/'))

/**
 * The user at the far end of a channel; null when it is nobody's telephone. Only what FreeSWITCH has checked counts: a
 * caller from outside may write any number into From.
 */
export function userOfChannel(read: (variable: string) => string | undefined): PhoneUser | null {
  const called = read('dialed_user') // set by the endpoint user/ (mod_dptools.c)
  if (called !== undefined) return { user: called, host: read('dialed_domain') ?? '' }
  const caller = read('sip_auth_username') // set after the password was checked (sofia_reg.c)
  return caller === undefined ? null : { user: caller, host: read('sip_auth_realm') ?? '' }
}

/** Of a registration event. */
export const userOfRegistration = (event: SwitchEvent): PhoneUser => ({
  user: event.get('from-user') ?? '',
  host: event.get('from-host') ?? '',
})

/** The users in `show registrations as json`. Throws SyntaxError. */
export function registeredUsers(json: string): PhoneUser[] {
  const { rows = [] } = JSON.parse(json) as { rows?: readonly Record<string, unknown>[] }
  return rows.map(row => ({ user: String(row['reg_user'] ?? ''), host: String(row['realm'] ?? '') }))
}
