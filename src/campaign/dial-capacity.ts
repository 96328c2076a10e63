/**
 * Limits of dialling, shared by all nodes: lines of the installation, of a campaign and of a gateway, calls started per
 * second at a FreeSWITCH, by a campaign and over a gateway. One Lua script grants, so no two nodes get the same line,
 * and gives each call its gateway. The grants of a dead node expire by themselves. reservations.ts decides for which
 * agent a call is dialled. Used by dialer.ts and leads.ts, for the calls to customers who were promised a callback
 * (queue/callbacks/call-starts.ts), and for every other call over a gateway (gateway-lines.ts).
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

/** A gateway that may take a call now. */
export interface AskedGateway {
  readonly name: string
  /** Its part of the calls, beside the others. */
  readonly weight: number
  /** Null: it has no limits of its own. */
  readonly limits: Limits | null
}

export interface Ask {
  readonly campaign: string
  readonly ofCampaign: Limits
  /** The FreeSWITCH that dials: its starts are counted separately. */
  readonly at: string
  /** The gateways that share these calls; none: no call gets a gateway, and none is counted. */
  readonly gateways?: readonly AskedGateway[]
  /** Uuids of attempts, as many as are wanted; none: only to read the limits. */
  readonly ids: readonly string[]
  readonly now: number
  /** A granted line expires after this, unless it is prolonged. */
  readonly holdMs: number
}

/** What a gateway had left. */
export interface GatewayRoom {
  readonly name: string
  /** Infinity: no limit. */
  readonly lines: number
  readonly starts: number
  readonly nextStartMs: number
}

export interface Grant {
  /** As they were before this grant. */
  readonly lines: number
  readonly starts: number
  readonly nextStartMs: number
  /** The first of the ids asked for. */
  readonly ids: readonly string[]
  /** Of the gateways asked for. */
  readonly gateways?: readonly GatewayRoom[]
}

type Answer = readonly [lines: number, starts: number, nextStartMs: number, ...rest: (readonly number[] | string)[]]

const take = defineScript(new URL('./lua/take.lua', import.meta.url), reply => reply as Answer)
const giveBack = defineScript(new URL('./lua/give-back.lua', import.meta.url), reply => reply === 1)
const prolongLine = defineScript(new URL('./lua/prolong-slot.lua', import.meta.url), reply => reply === 1)

/** A rate as so many calls in a window: below one call per second the window grows instead. */
export function windowOf(cps: number): { most: number; ms: number } {
  const most = Math.max(1, Math.floor(cps))
  return { most, ms: Math.ceil((most / cps) * 1_000) }
}

const FREED = JSON.stringify({ what: 'freed' } satisfies Wakeup)

export class DialCapacity {
  readonly #home: RedisHome
  readonly #keys: ReturnType<typeof campaignKeys>
  readonly #ofInstallation: Limits
  /** By the uuid of a call that this process was granted, until the call is dialled or the grant given back. */
  readonly #gatewayOf = new Map<string, string>()

  /** `ofInstallation`: lines of all campaigns together, and calls per second at each FreeSWITCH. */
  constructor(home: RedisHome, ofInstallation: Limits) {
    this.#home = home
    this.#keys = campaignKeys(home.commands)
    this.#ofInstallation = ofInstallation
  }

  /** Rejects when Redis is unavailable. */
  async take({ campaign, ofCampaign, at, gateways = [], ids, now, holdMs }: Ask): Promise<Grant> {
    const { lines, linesOf, starts, turns } = this.#keys
    const [context, own] = [windowOf(this.#ofInstallation.cps), windowOf(ofCampaign.cps)]
    const over = this.#over(gateways)
    const keys = [lines, linesOf(campaign), starts(`switch:${at}`), starts(`campaign:${campaign}`), ...over.keys]
    const [left, startable, nextStartMs, ...rest] = await take(
      this.#home.commands,
      gateways.length === 0 ? keys : [...keys, turns(campaign)],
      [
        ...[now, holdMs, 2, 2, gateways.length],
        ...[this.#ofInstallation.lines, ofCampaign.lines, context.most, context.ms, own.most, own.ms],
        ...over.values,
        ...ids,
      ],
    )
    const granted = this.#granted(rest.slice(gateways.length) as string[])
    const room = gateways.map(({ name }, n) => roomOf(name, rest[n] as readonly number[]))
    return { lines: left, starts: startable, nextStartMs, ids: granted, gateways: room }
  }

  /**
   * A call of no campaign is about to start at this FreeSWITCH, and counts there. Resolves with 0; when it may not
   * start yet, with the milliseconds until one may, and it does not count. Rejects when Redis is unavailable.
   */
  async start(at: string, now: number): Promise<number> {
    const { most, ms } = windowOf(this.#ofInstallation.cps)
    const keys = [this.#keys.starts(`switch:${at}`)]
    const [, , nextStartMs, ...granted] = await take(this.#home.commands, keys, [
      ...[now, 0, 0, 1, 0, most, ms, randomUUID()],
    ])
    return granted.length > 0 ? 0 : nextStartMs
  }

  /**
   * A line of one of these gateways for a call that asks for no other limit: a call of no campaign, or an attempt that
   * needs another gateway. Resolves with the name of the gateway; null: none has room. `nextStartMs`: milliseconds
   * until a gateway with a free line may start one; null: all lines are in use. Rejects when Redis is unavailable.
   */
  async takeOver(
    gateways: readonly AskedGateway[],
    call: string,
    now: number,
    holdMs: number,
  ): Promise<{ readonly gateway: string | null; readonly nextStartMs: number | null }> {
    const over = this.#over(gateways)
    const [, , , ...rest] = await take(
      this.#home.commands,
      [...over.keys, this.#keys.turns('none')],
      [now, holdMs, 0, 0, gateways.length, ...over.values, call],
    )
    const gateway = (rest[gateways.length + 1] as string | undefined) ?? null
    const waits = gateways
      .map(({ name }, n) => roomOf(name, rest[n] as readonly number[]))
      .filter(room => room.lines > 0)
      .map(room => room.nextStartMs)
    return { gateway, nextStartMs: waits.length === 0 ? null : Math.min(...waits) }
  }

  /** The gateway that `take` gave to this call, once; null: none, or not by this process. */
  gatewayOf(call: string): string | null {
    const gateway = this.#gatewayOf.get(call) ?? null
    this.#gatewayOf.delete(call)
    return gateway
  }

  /** Frees the line of an attempt that is over. A second call does nothing. `gateway`: null when it is not known. */
  giveBack(campaign: string, attempt: string, gateway: string | null = this.gatewayOf(attempt)): Promise<boolean> {
    const { lines, linesOf, wakeup } = this.#keys
    const keys = [lines, linesOf(campaign), ...this.#linesOver(gateway)]
    return giveBack(this.#home.commands, keys, [attempt, wakeup, FREED])
  }

  /** Frees the line of a gateway alone. */
  leave(gateway: string, call: string): Promise<boolean> {
    return giveBack(this.#home.commands, this.#linesOver(gateway), [call, this.#keys.wakeup, FREED])
  }

  /**
   * The line is still busy: it does not expire before `until`, ms since the epoch. False when the attempt holds no
   * line.
   */
  prolong(campaign: string, attempt: string, until: number, gateway: string | null = null): Promise<boolean> {
    const { lines, linesOf } = this.#keys
    return prolongLine(this.#home.commands, [lines, linesOf(campaign), ...this.#linesOver(gateway)], [attempt, until])
  }

  /** As `prolong`, of a gateway alone. */
  prolongOver(gateway: string, call: string, until: number): Promise<boolean> {
    return prolongLine(this.#home.commands, this.#linesOver(gateway), [call, until])
  }

  #linesOver(gateway: string | null): string[] {
    return gateway === null ? [] : [this.#keys.linesOver(gateway)]
  }

  #over(gateways: readonly AskedGateway[]): { keys: string[]; values: (string | number)[] } {
    const { linesOver, starts } = this.#keys
    return {
      keys: gateways.flatMap(({ name }) => [linesOver(name), starts(`gateway:${name}`)]),
      values: gateways.flatMap(({ name, weight, limits }) => {
        const window = limits ? windowOf(limits.cps) : { most: -1, ms: 1_000 }
        return [name, weight, limits?.lines ?? -1, window.most, window.ms]
      }),
    }
  }

  /** Uuid, gateway, uuid, gateway, …; '' without a gateway. */
  #granted(pairs: readonly string[]): string[] {
    const ids = pairs.filter((_, n) => n % 2 === 0)
    for (const [n, id] of ids.entries()) {
      const gateway = pairs[2 * n + 1]!
      if (gateway !== '') this.#gatewayOf.set(id, gateway)
    }
    return ids
  }
}

function roomOf(name: string, [lines = 0, starts = 0, nextStartMs = 0]: readonly number[]): GatewayRoom {
  const known = (left: number) => (left < 0 ? Infinity : left)
  return { name, lines: known(lines), starts: known(starts), nextStartMs }
}
