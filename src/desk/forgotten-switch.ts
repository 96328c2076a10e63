/**
 * A forgotten FREESWITCH (a new shell, a unit file without the line) must not let a simulation loose on the lists and queues of real
 * people: it runs on stores that it has started itself and that no FreeSWITCH was ever served with, or by DEMO=1 apart from them.
 */

export interface SwitchSettings {
  readonly switches: readonly unknown[]
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  readonly demo: boolean
}

export const SWITCH_CURE =
  'set FREESWITCH and FREESWITCH_PASSWORD, or DEMO=1 for a simulation in a schema and a Redis database of its own'

/** What is wrong with these settings for a node; null: nothing. `served`: a FreeSWITCH was served with these stores. */
export function forgottenSwitch(
  { switches, databaseUrl, redisUrl, demo }: SwitchSettings,
  served = false,
): string | null {
  if (switches.length > 0 || demo) return null
  const given = [...(databaseUrl === null ? [] : ['DATABASE_URL']), ...(redisUrl === null ? [] : ['REDIS_URL'])]
  if (given.length > 0)
    return `FREESWITCH is missing although ${given.join(' and ')} ${given.length > 1 ? 'are' : 'is'} set`
  return served ? `FREESWITCH is missing although these stores have served a real FreeSWITCH` : null
}
