/**
 * Limits of dialling, shared by all nodes: lines of the installation and of a campaign, calls started per second at a
 * FreeSWITCH and by a campaign. One Lua script grants, so no two nodes get the same line. The grants of a dead node
 * expire by themselves. reservations.ts decides for which agent a call is dialled. Used by dialer.ts and leads.ts, and
 * for the calls to customers who were promised a callback (queue/callbacks/call-starts.ts).
 */
import { randomUUID } from 'node:crypto'
import type { RedisHome } from '../agent/redis-roster.ts'
import { defineScript } from '../store/redis.ts'
import { campaignKeys, type Wakeup } from './dial-wakeup.ts'

export interface Limits {
  readonly lines: number
  /** Calls started per second; a fraction is one call in more than a second. */
  readonly cps: number
}

export interface Ask {
  readonly campaign: string
  readonly ofCampaign: Limits
  /** The FreeSWITCH that dials: its starts are counted separately. */
  readonly at: string
  /** Uuids of attempts, as many as are wanted; none: only to read the limits. */
  readonly ids: readonly string[]
  readonly now: number
  /** A granted line expires after this, unless it is prolonged. */
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

/** A rate as so many calls in a window: below one call per second the window grows instead. */
export function windowOf(cps: number): { most: number; ms: number } {
  const most = Math.max(1, Math.floor(cps))
  return { most, ms: Math.ceil((most / cps) * 1_000) }
}

export class DialCapacity {
  readonly #home: RedisHome
  readonly #keys: ReturnType<typeof campaignKeys>
  readonly #ofInstallation: Limits

  /** `ofInstallation`: lines of all campaigns together, and calls per second at each FreeSWITCH. */
  constructor(home: RedisHome, ofInstallation: Limits) {
    this.#home = home
    this.#keys = campaignKeys(home.commands)
    this.#ofInstallation = ofInstallation
  }

  /** Rejects when Redis is unavailable. */
  take({ campaign, ofCampaign, at, ids, now, holdMs }: Ask): Promise<Grant> {
    const { lines, linesOf, starts } = this.#keys
    const [context, own] = [windowOf(this.#ofInstallation.cps), windowOf(ofCampaign.cps)]
    return take(
      this.#home.commands,
      [lines, linesOf(campaign), starts(`switch:${at}`), starts(`campaign:${campaign}`)],
      [
        now,
        holdMs,
        2,
        this.#ofInstallation.lines,
        ofCampaign.lines,
        context.most,
        context.ms,
        own.most,
        own.ms,
        ...ids,
      ],
    )
  }

  /**
   * A call of no campaign is about to start at this FreeSWITCH, and counts there. Resolves with 0; when it may not
   * start yet, with the milliseconds until one may, and it does not count. Rejects when Redis is unavailable.
   */
  async start(at: string, now: number): Promise<number> {
    const { most, ms } = windowOf(this.#ofInstallation.cps)
    const keys = [this.#keys.starts(`switch:${at}`)]
    const { ids, nextStartMs } = await take(this.#home.commands, keys, [now, 0, 0, most, ms, randomUUID()])
    return ids.length > 0 ? 0 : nextStartMs
  }

  /** Frees the line of an attempt that is over. A second call does nothing. */
  giveBack(campaign: string, attempt: string): Promise<boolean> {
    const { lines, linesOf, wakeup } = this.#keys
    const notice = JSON.stringify({ what: 'freed' } satisfies Wakeup)
    return giveBack(this.#home.commands, [lines, linesOf(campaign)], [attempt, wakeup, notice])
  }

  /**
   * The line is still busy: it does not expire before `until`, ms since the epoch. False when the attempt holds no
   * line.
   */
  prolong(campaign: string, attempt: string, until: number): Promise<boolean> {
    return prolongLine(this.#home.commands, [this.#keys.lines, this.#keys.linesOf(campaign)], [attempt, until])
  }
}
