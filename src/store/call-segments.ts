/**
 * Queries of the table `call_segments`: the intervals in the life of each call. store/calls.ts writes them, in the
 * statement that writes the row of the call; the figures read them (store/queue-figures.ts, store/agent-figures.ts).
 */
import type { Queries } from './sql.ts'

/** One interval in the life of a call. Times in milliseconds since the epoch. */
export interface CallSegment {
  /**
   * `wait`: in a queue. `ring`: a telephone rang for the call. `talk`, `hold`: with another leg. `consult`: the agent
   * talks with a third person while the caller waits for them. Moments: `transfer`, by the agent; `refused`: the caller
   * was not let into the queue.
   */
  readonly kind: 'wait' | 'ring' | 'talk' | 'hold' | 'consult' | 'transfer' | 'refused'
  /** Of a ring or a talk: the queue that reserved the agent; null: none. */
  readonly queue: string | null
  /** Of a wait: the agent who answered. */
  readonly agent: string | null
  /** Of a wait: the number of the person who waited; null: withheld. */
  readonly customer: string | null
  /** The uuid of the other leg. */
  readonly leg: string | null
  /** Of a wait: since when the caller waits, also in queues that were removed meanwhile. */
  readonly joined: number | null
  readonly since: number
  /** Null: it goes on. */
  readonly until: number | null
  /**
   * How it ended. A wait: answered, abandoned, callback, transferred, moved (its queue was removed), lost, left, or
   * another reason for which the flow gave the place up. A ring: answered, caller-left, or why nobody answered. A talk:
   * held, consulting, ended. A hold, a consultation: resumed, ended. A transfer: blind, attended. A refusal: why.
   */
  readonly how: string | null
}

/**
 * Deletes at most `most` segments that ended before this moment, and returns how many. Segments that go on stay: they
 * are those of live calls.
 */
export async function deleteCallSegments(sql: Queries, before: number, most: number): Promise<number> {
  const old = new Date(before).toISOString()
  const { count } = await sql`
    delete from call_segments where ctid = any (array(
      select ctid from call_segments where until < ${old} order by until limit ${most}))`
  return count
}
