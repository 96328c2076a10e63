/** A campaign is done when no lead is left to call. Used by dialer.ts. */
import type { Events } from '../events/events.ts'
import { happening } from '../events/happening.ts'
import { finishCampaign as finish } from '../store/campaigns.ts'
import { withEvents } from '../store/events.ts'
import type { Sql } from '../store/sql.ts'
import type { Campaign } from './campaign.ts'

/** Ends a running campaign, and tells of it. False when a lead is left, or when it does not run. */
export async function finishCampaign(
  sql: Sql,
  { id, name }: Pick<Campaign, 'id' | 'name'>,
  now: number,
  events: Events,
): Promise<boolean> {
  const told = happening('campaign.completed', { campaign: name }, now)
  const isDone = await withEvents(sql, [told], tx => finish(tx, id, now))
  if (isDone) told.tell(events)
  return isDone
}
