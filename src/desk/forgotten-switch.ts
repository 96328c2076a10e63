/**
 * Detects a missing FREESWITCH (a new shell, a unit file without the line). Without it a node runs a simulation, which
 * must never use the campaigns and queues of real people. So a simulation runs only on private stores that never served
 * a real FreeSWITCH, or with DEMO=1 on its own schema and Redis database. Used by src/main.ts and the doctor.
 */

export interface SwitchSettings {
  readonly switches: readonly unknown[]
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  readonly demo: boolean
}

export const SWITCH_CURE =
  'set FREESWITCH and FREESWITCH_PASSWORD, or DEMO=1 for a simulation in its own schema and Redis database'

/** Returns the fault of these settings, or null. `served`: these stores have served a real FreeSWITCH. */
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
