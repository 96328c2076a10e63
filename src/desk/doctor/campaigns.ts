/**
 * Doctor: the sounds that campaigns name in their settings. The defaults stand in the scripts (`export const uses`). A
 * person for whom no agent comes in time must hear the message of the law: a missing sound is a fault.
 */
import { callSettingsIn, soundsOfCalls } from '../../campaign/call-settings.ts'
import { campaigns } from '../../store/campaigns.ts'
import { openSql, type DatabaseAddress } from '../../store/sql.ts'

/** Of the campaigns that may be dialled. Rejects when PostgreSQL is unavailable, or has not all migrations. */
export async function soundsOfCampaigns(address: DatabaseAddress): Promise<readonly string[]> {
  const sql = openSql(address, { max: 1 })
  try {
    const all = await campaigns(sql)
    const live = all.filter(({ state }) => state !== 'done' && state !== 'stopped')
    return live.flatMap(({ calls }) => soundsOfCalls(callSettingsIn(calls)))
  } finally {
    await sql.end({ timeout: 1 })
  }
}
