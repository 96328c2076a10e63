/**
 * Writes the audit rows of changes. PostgreSQL has them. Supervisors must be able to set an agent ready while
 * PostgreSQL is down: then the row waits in Redis, and the next change that reaches PostgreSQL takes all waiting rows
 * there.
 */
import { z } from 'zod'
import type { Log } from '../base/log.ts'
import { newUuid } from '../esl/safe-text.ts'
import { saveAudit, type AuditRow } from '../store/audit.ts'
import type { RedisClient } from '../store/redis.ts'
import type { Sql } from '../store/sql.ts'

export interface AuditStart extends Omit<AuditRow, 'id' | 'at' | 'after' | 'outcome'> {
  /** Milliseconds since the epoch, by the clock that all nodes share. */
  readonly at: number
}

export const auditShape = z.object({
  id: z.string(),
  at: z.date(),
  who: z.string(),
  door: z.string(),
  operation: z.string(),
  subject: z.string().nullable(),
  input: z.unknown(),
  before: z.unknown(),
  after: z.unknown(),
  outcome: z.string().nullable(),
})

interface AuditEntry {
  /** Completes the row. Never rejects: the change has happened. */
  end(outcome: string, after: unknown): Promise<void>
}

export interface Audit {
  /** Rejects when no store takes the row: then nothing may be changed. */
  begin(row: AuditStart): Promise<AuditEntry>
}

export interface AuditParts {
  /** Null: PostgreSQL could not be opened. */
  readonly sql: Sql | null
  /** Null: Redis was not opened, because the operation does not need it. */
  readonly redis: RedisClient | null
  readonly log: Log
}

/** A list of thousands of people is not written twice: the rows of the leads tell the rest. */
const MOST_ENTRIES = 20

/**
 * The input of an operation as its audit row keeps it: of each list the first 20 entries and the number of the others.
 * Pure.
 *
 * @example
 * auditInput({ campaign: 'spring', leads: numbers }) // { campaign: 'spring', leads: ['+49…', …, 'and 9980 more'] }
 */
export const auditInput = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && !Array.isArray(given)
    ? Object.fromEntries(Object.entries(given).map(([field, value]) => [field, shortList(value)]))
    : given

const shortList = (value: unknown): unknown =>
  Array.isArray(value) && value.length > MOST_ENTRIES
    ? [...value.slice(0, MOST_ENTRIES), `and ${value.length - MOST_ENTRIES} more`]
    : value

const WAITING = 'sh:audit'
/** So many rows wait at most; the oldest ones are dropped then. */
const MOST_WAITING = 10_000
const WAIT_S = 30 * 86_400

const Waiting = auditShape.extend({ v: z.literal(1), at: z.coerce.date() })

export function openAudit({ sql, redis, log }: AuditParts): Audit {
  async function write(row: AuditRow): Promise<void> {
    try {
      if (sql === null) throw new Error('PostgreSQL could not be opened')
      await saveAudit(sql, row)
    } catch (error) {
      if (redis === null) throw error
      await redis
        .multi()
        .rpush(WAITING, JSON.stringify({ v: 1, ...row }))
        .ltrim(WAITING, -MOST_WAITING, -1)
        .expire(WAITING, WAIT_S)
        .exec()
      log.warn(
        { operation: row.operation, error: (error as Error).message },
        'an audit row waits in Redis, because PostgreSQL did not take it; the next change writes it',
      )
      return
    }
    if (redis !== null) await writeWaiting(redis, sql)
  }

  /** Each row stays in Redis until PostgreSQL has it. Two processes may write the same row: its id decides. */
  async function writeWaiting(from: RedisClient, to: Sql): Promise<void> {
    for (;;) {
      const text = await from.lindex(WAITING, 0)
      if (text === null || text === undefined) return
      const row = Waiting.safeParse(readJson(text))
      if (row.success) await saveAudit(to, row.data)
      else log.warn({ row: text }, 'a waiting audit row cannot be read; it is dropped')
      await from.lrem(WAITING, 1, text)
    }
  }

  return {
    async begin({ at, ...start }) {
      const row = { id: newUuid(), at: new Date(at), ...start, after: null, outcome: null }
      await write(row)
      return {
        end: (outcome, after) =>
          write({ ...row, outcome, after }).catch((error: Error) =>
            log.warn(
              { operation: row.operation, outcome, error: error.message },
              'an audit row could not be completed; the change itself is not affected',
            ),
          ),
      }
    },
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
