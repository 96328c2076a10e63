/**
 * How much may be dialled at one time, shared by all nodes: lines of the house and of a campaign, calls started per second at a switch
 * and by a campaign. One script grants, so no two of us can believe in the same line. What a dead node held lapses by itself.
 * Which agent a call is dialled for: reservations.ts.
 */
import type { RedisHome } from '../agent/redis-roster.ts'
import { defineScript } from '../store/redis.ts'
import { campaignKeys, type Wakeup } from './dial-wakeup.ts'

export interface Limits {
  readonly lines: number
  /** Calls started per second; fractions are calls in more than a second. */
  readonly cps: number
}

export interface Ask {
  readonly campaign: string
  readonly ofCampaign: Limits
  /** The switch that will dial: its starts are counted for themselves. */
  readonly at: string
  /** Uuids of attempts, as many as are wanted; none: to look only. */
  readonly ids: readonly string[]
  readonly now: number
  /** A line whose attempt is never heard of again is free after this. */
  readonly holdMs: number
}

export interface Grant {
  /** As they were before this grant. */
  readonly lines: number
  readonly starts: number
  readonly nextStartMs: number
  /** The first of the ids asked for. */
  readonly ids: readonly string[]
}

const take = defineScript(new URL('./lua/take.lua', import.meta.url), reply => {
  const [lines, starts, nextStartMs, ...ids] = reply as [number, number, number, ...string[]]
  return { lines, starts, nextStartMs, ids } satisfies Grant
})
const giveBack = defineScript(new URL('./lua/give-back.lua', import.meta.url), reply => reply === 1)
const prolongLine = defineScript(new URL('./lua/prolong-slot.lua', import.meta.url), reply => reply === 1)

/** '5 per second' as so many in a window: below one per second the window grows instead. */
export function windowOf(cps: number): { most: number; ms: number } {
  const most = Math.max(1, Math.floor(cps))
  return { most, ms: Math.ceil((most / cps) * 1_000) }
}

export class DialCapacity {
  readonly #home: RedisHome
  readonly #keys: ReturnType<typeof campaignKeys>
  readonly #ofHouse: Limits

  /** `ofHouse`: lines of all campaigns together, and calls per second at each switch. */
  constructor(home: RedisHome, ofHouse: Limits) {
    this.#home = home
    this.#keys = campaignKeys(home.commands)
    this.#ofHouse = ofHouse
  }

  /** Rejects when Redis is away. */
  take({ campaign, ofCampaign, at, ids, now, holdMs }: Ask): Promise<Grant> {
    const { lines, linesOf, starts } = this.#keys
    const [context, own] = [windowOf(this.#ofHouse.cps), windowOf(ofCampaign.cps)]
    return take(
      this.#home.commands,
      [lines, linesOf(campaign), starts(`switch:${at}`), starts(`campaign:${campaign}`)],
      [now, holdMs, this.#ofHouse.lines, ofCampaign.lines, context.most, context.ms, own.most, own.ms, ...ids],
    )
  }

  /** The attempt is over. Once is enough; again does nothing. */
  giveBack(campaign: string, attempt: string): Promise<boolean> {
    const { lines, linesOf, wakeup } = this.#keys
    const notice = JSON.stringify({ what: 'freed' } satisfies Wakeup)
    return giveBack(this.#home.commands, [lines, linesOf(campaign)], [attempt, wakeup, notice])
  }

  /** Somebody is on that line still. */
  prolong(campaign: string, attempt: string, until: number): Promise<boolean> {
    return prolongLine(this.#home.commands, [this.#keys.lines, this.#keys.linesOf(campaign)], [attempt, until])
  }
}
