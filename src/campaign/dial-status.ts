/**
 * What the node that dials a campaign decided last, in Redis, so that every node and command can say why no more leads
 * are dialled. Written by dialer.ts, at most once a second; read by `campaign status` and the status lines. It counts
 * only while its node has the lease of the campaign.
 */
import { z } from 'zod'
import type { RedisHome } from '../agent/redis-roster.ts'
import { silentLog, type Log } from '../base/log.ts'
import { RecordCodec } from '../store/record-codec.ts'
import { campaignKeys } from './dial-wakeup.ts'
import type { PacingFigures } from './pacing/pacer.ts'

/** The part of one FreeSWITCH. */
export interface DialStatusPart {
  /** Its name; null: none is up. */
  readonly at: string | null
  /** Agents on the line who are free, or reserved for a lead. */
  readonly free: number
  /** How many leads the mode of dialling wanted, and how many were dialled. */
  readonly wanted: number
  readonly dialled: number
  /** Why not more: a word of dial-limits.ts. A newer node may have others. */
  readonly why: string
  /** Leads that may be called now, counted only as far as they may be wanted. */
  readonly leads: number
  /** Free lines. */
  readonly lines: number
  /** Null: the mode predicts nothing. */
  readonly figures: PacingFigures | null
}

export interface DialStatus {
  readonly node: string
  /** When it was decided, milliseconds since the epoch. */
  readonly at: number
  readonly mode: string
  readonly parts: readonly DialStatusPart[]
}

const known = z.number().nullable()
const figures = z.looseObject({
  callsPerAgent: z.number(),
  theta: known,
  risk: known,
  predictedAnswers: known,
  answerRate: known,
  budgetUsed: z.number(),
})
const part = z.looseObject({
  at: z.string().nullable(),
  free: z.number(),
  wanted: z.number(),
  dialled: z.number(),
  why: z.string(),
  leads: z.number(),
  lines: z.number(),
  figures: figures.nullable(),
})

const record = new RecordCodec<DialStatus>({
  what: 'dialling status',
  schema: z.looseObject({ node: z.string(), at: z.number(), mode: z.string(), parts: z.array(part) }),
})

/** The dialer looks again, and writes again, by then. A record that is kept longer than it is true does no harm. */
const GRACE_MS = 60_000

export class DialStatuses {
  readonly #home: Pick<RedisHome, 'commands'>
  readonly #log: Log

  constructor(home: Pick<RedisHome, 'commands'>, log: Log = silentLog) {
    this.#home = home
    this.#log = log
  }

  /** `againAt`: when the dialer decides again at the latest, ms since the epoch. Rejects when Redis is unavailable. */
  async write(campaign: string, decided: DialStatus, againAt: number): Promise<void> {
    const { commands } = this.#home
    const lastsMs = Math.ceil(Math.max(0, againAt - decided.at)) + GRACE_MS
    await commands.set(campaignKeys(commands).status(campaign), record.write(decided), 'PX', lastsMs)
  }

  /** The node that has the lease of the campaign, by its id; null: none. Rejects when Redis is unavailable. */
  owner(campaign: string): Promise<string | null> {
    const { commands } = this.#home
    return commands.hget(campaignKeys(commands).lease(campaign), 'holder')
  }

  /** `campaign`: its id. Null: no node dials it now. Rejects when Redis is unavailable. */
  async read(campaign: string): Promise<DialStatus | null> {
    const { commands } = this.#home
    const key = campaignKeys(commands).status(campaign)
    const [text, node] = await Promise.all([commands.get(key), this.owner(campaign)])
    const found = text === null ? null : record.read(text, key, this.#log)
    return found?.node === node ? found : null
  }
}
