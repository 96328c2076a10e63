/** The list of a campaign at this moment, as operations show it. */
import { z } from 'zod'
import type { ListNow } from '../../campaign/list-now.ts'

const count = z.number()

/** Leads that wait or are dialable are counted up to 10 000. Definitions: docs/figures.md. */
export const listShape = z.object({
  leads: count,
  /** Called in this moment. */
  claimed: count,
  dialable: count,
  outsideHours: count,
  /** When the first closed place opens, ms since the epoch. */
  opensAt: z.number().nullable(),
  waiting: count,
  /** What the first 1 000 of them wait for; `next`: when the first is due, ms since the epoch. */
  waits: z.array(z.object({ why: z.string(), after: z.string().nullable(), leads: count, next: z.number() })),
  promised: count,
  exhausted: count,
  /** Done because the number must not be called: opt-outs and the do-not-call list. */
  doNotCall: count,
  /** All done leads by their last disposition. */
  doneBy: z.record(z.string(), count),
})

/** Dispositions of leads that must not be called again. */
const NEVER = ['opted-out', 'do-not-call']

export function shownList(list: ListNow): z.input<typeof listShape> {
  const { leads, claimed, dialable, outsideHours, opens, waiting, waits, promised, done, doneBy } = list
  const doNotCall = NEVER.reduce((sum, word) => sum + (doneBy[word] ?? 0), 0)
  return {
    ...{ leads, claimed, dialable, outsideHours, waiting, promised, doNotCall },
    opensAt: opens?.at ?? null,
    waits: waits.map(wait => ({ ...wait, next: wait.next.getTime() })),
    exhausted: done - doNotCall,
    doneBy: { ...doneBy },
  }
}
