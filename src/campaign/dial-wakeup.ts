/**
 * Wakes the dialers on every node: a line has become free, or a campaign or the gateways have changed. A wakeup carries
 * no data: its listeners read the store.
 */
import { z } from 'zod'
import { RedisNotices } from '../agent/redis-notices.ts'
import type { RedisHome } from '../agent/redis-roster.ts'
import { channelOf, type RedisClient } from '../store/redis.ts'

/** `resync` first, and whenever a wakeup may have been missed. */
export type Wakeup = { what: 'resync' } | { what: 'freed' } | { what: 'gateways' } | { what: 'campaign'; name: string }

/** Every key and channel of this directory, except those of BullMQ. One Redis, not a cluster. */
export const campaignKeys = (redis: RedisClient) => ({
  wakeup: channelOf(redis, 'sh:dialling'),
  lines: 'sh:lines',
  linesOf: (campaign: string) => `sh:lines:${campaign}`,
  linesOver: (gateway: string) => `sh:gateway:${gateway}:lines`,
  turns: (campaign: string) => `sh:gateways:turns:${campaign}`,
  starts: (node: string) => `sh:starts:${node}`,
  lease: (campaign: string) => `sh:lease:campaign:${campaign}`,
  epochs: 'sh:lease:epochs',
  /** What the node that dials the campaign decided last. */
  status: (campaign: string) => `sh:dialling:${campaign}`,
})

const Rings = z.discriminatedUnion('what', [
  z.looseObject({ what: z.literal('freed') }),
  z.looseObject({ what: z.literal('gateways') }),
  z.looseObject({ what: z.literal('campaign'), name: z.string() }),
])

/** Null for a wakeup that this version does not know. */
const readWakeup = (message: unknown): Wakeup | null => Rings.safeParse(message).data ?? null

export class DialWakeup {
  readonly channel: string
  readonly #home: RedisHome
  readonly #notices: RedisNotices<Wakeup>

  constructor(home: RedisHome) {
    this.#home = home
    this.channel = campaignKeys(home.commands).wakeup
    this.#notices = new RedisNotices(home.subscriber, this.channel, readWakeup)
  }

  /** Rejects when Redis is unavailable. */
  async ring(what: Exclude<Wakeup, { what: 'resync' }>): Promise<void> {
    await this.#home.commands.publish(this.channel, JSON.stringify(what))
  }

  /** How many lines of a gateway are in use. Rejects when Redis is unavailable. */
  linesInUse(gateway: string, now: number): Promise<number> {
    const { commands } = this.#home
    return commands.zcount(campaignKeys(commands).linesOver(gateway), `(${now}`, '+inf')
  }

  on(listener: (ring: Wakeup) => void): Disposable {
    return this.#notices.on(listener)
  }
}
