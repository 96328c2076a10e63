/**
 * Over which gateway, and with which number, an attempt calls its lead.
 *
 * A campaign's gateways share its calls by weight. Those that are switched off, down, or rest after a refusal are left
 * out before lines are granted (dial-capacity.ts), so no lead is claimed for a gateway that takes no calls. When a
 * gateway refuses a call and nothing rang, the attempt ends uncounted, and its lead keeps its place: the next attempt,
 * with a uuid of its own, goes over a gateway that has not refused this lead. Nothing is dialled again before the row
 * of the refused attempt has ended. When no other gateway is left, the attempt ends as it would with one gateway.
 */
import type { Clock } from '../base/clock.ts'
import { retry, RETRY } from '../base/retry.ts'
import type { Log } from '../base/log.ts'
import { leadSoFar, routeAttempt, writeGatewayWhy, type AttemptRoute } from '../store/gateways.ts'
import type { Claimed } from '../store/claims.ts'
import type { Sql } from '../store/sql.ts'
import { gatewayRefusal, gatewayTook } from '../switch/hangup-cause.ts'
import type { Origination } from '../switch/originate.ts'
import type { Switch } from '../switch/switchboard.ts'
import { callerIdFor } from './caller-ids.ts'
import type { Campaign } from './campaign.ts'
import type { AskedGateway, DialCapacity, GatewayRoom } from './dial-capacity.ts'
import { GatewayHealth } from './gateway-health.ts'
import type { GatewayTable } from './gateway-table.ts'
import type { Way } from './ways.ts'

/** A gateway that refused a lead is the last choice for this lead so long. */
const REFUSED_MS = 60_000
/** A reason for a supervisor is written so often at most. */
const WRITE_MS = 1_000

export interface Usable {
  readonly gateways: readonly AskedGateway[]
  /** Why the others are not, in words. */
  readonly left: readonly string[]
  /** Milliseconds until one of the others is worth a try; null: only a change helps. */
  readonly againMs: number | null
}

/** What the gateways allow together, for the decision of the dialer. */
export interface GatewayLimit {
  readonly calls: number
  /** Milliseconds until more may be possible without any other change; null: only a change helps. */
  readonly againMs: number | null
  /** Why not more, in words. */
  readonly words: string
}

export interface Route extends AttemptRoute {
  /** Gateways that have not refused this lead, besides this one. */
  readonly others: readonly string[]
}

export interface GatewaysParts {
  readonly table: Pick<GatewayTable, 'get'>
  readonly capacity: DialCapacity
  readonly sql: Sql
  readonly clock: Clock
  readonly log: Log
  /** The installation's gateway and number (GATEWAY, CALLER_ID), for campaigns that name none. */
  readonly gateway: string
  readonly callerId: string | undefined
}

export class Gateways {
  readonly #parts: GatewaysParts
  readonly #health: GatewayHealth
  readonly #told = new Map<string, { words: string | null; at: number }>()

  constructor(parts: GatewaysParts) {
    this.#parts = parts
    this.#health = new GatewayHealth(parts.clock)
  }

  /** Every gateway of a campaign, whether it takes calls or not. */
  waysOf({ gateways, gateway }: Pick<Campaign, 'gateways' | 'gateway'>): readonly Way[] {
    return gateways.length > 0 ? gateways : [{ name: gateway ?? this.#parts.gateway, weight: 1 }]
  }

  /** Those that take calls of this FreeSWITCH now. */
  usable(campaign: Campaign, at: Switch): Usable {
    const gateways: AskedGateway[] = []
    const left: string[] = []
    let againMs: number | null = null
    for (const { name, weight } of this.waysOf(campaign)) {
      const row = this.#parts.table.get(name)
      const trouble =
        row?.enabled === false ? { words: 'is switched off', againMs: null } : this.#health.trouble(at, name)
      if (!trouble) gateways.push({ name, weight, limits: row ?? null })
      else left.push(`${name} ${trouble.words}`)
      const waits = trouble?.againMs ?? null
      if (waits !== null) againMs = Math.min(againMs ?? Infinity, waits)
    }
    return { gateways, left, againMs }
  }

  /**
   * Chooses the gateway and the number of an attempt, and writes both to its row. Null: no gateway has room for it.
   * Rejects when a store is unavailable.
   */
  async route(
    at: Switch,
    campaign: Campaign,
    { attempt, lead, phone }: Claimed,
    holdMs: number,
  ): Promise<Route | null> {
    const { sql, capacity, clock, callerId: usualNumber } = this.#parts
    const granted = capacity.gatewayOf(attempt)
    const ways = this.waysOf(campaign)
    const asks = ways.length > 1 || campaign.callerIds.length > 0
    const soFar = asks
      ? await this.#store(() => leadSoFar(sql, lead, clock.now() - REFUSED_MS))
      : { attempts: 0, refused: [] }
    const fresh = ways.map(({ name }) => name).filter(name => !soFar.refused.includes(name))
    const gateway = await this.#fresh(at, campaign, attempt, granted, fresh, holdMs)
    if (gateway === null && granted !== null) return null
    const { callerIds, callerIdRotation } = campaign
    const route = {
      gateway: gateway ?? ways[0]!.name,
      callerId:
        callerIdFor(callerIds, callerIdRotation, { lead, phone, attempts: soFar.attempts }) ??
        campaign.callerId ??
        usualNumber ??
        null,
    }
    await this.#store(() => routeAttempt(sql, attempt, route))
    return { ...route, others: fresh.filter(name => name !== route.gateway) }
  }

  /** What became of a call over a gateway. True: the gateway refused it, and another one may take it. */
  passesOn(
    at: Switch,
    campaign: Campaign,
    { gateway, others }: Route,
    { outcome, cause, silent }: Origination,
  ): boolean {
    const refusal = gatewayRefusal(outcome, cause, silent !== true)
    if (refusal === 'calls') this.#health.refused(at, gateway, cause)
    else if (refusal === null && gatewayTook(outcome, cause)) this.#health.took(at, gateway)
    return refusal !== null && this.usable(campaign, at).gateways.some(({ name }) => others.includes(name))
  }

  /** Joins what was left out before the grant with what the others had left. */
  limit({ left, againMs }: Usable, room: readonly GatewayRoom[]): GatewayLimit {
    const words = [...left]
    let calls = 0
    let next = againMs
    for (const { name, lines, starts, nextStartMs } of room) {
      calls += Math.min(lines, starts)
      if (lines <= 0) words.push(`all lines of ${name} are in use`)
      else if (starts <= 0) {
        words.push(`${name} has started its calls of this second`)
        next = Math.min(next ?? Infinity, nextStartMs)
      }
    }
    return { calls, againMs: next, words: words.join('; ') }
  }

  /**
   * Keeps for `campaign show` why no gateway takes more calls; null: they do. Written behind the dialer, not more often
   * than every second: returns in how many milliseconds it is to be told again, null when it was written.
   */
  explain(campaign: Campaign, words: string | null): number | null {
    const { sql, clock, log } = this.#parts
    const told = this.#told.get(campaign.id) ?? { words: campaign.gatewayWhy?.words ?? null, at: -Infinity }
    const now = clock.now()
    if (told.words === words) return null
    if (words !== null && now - told.at < WRITE_MS) return told.at + WRITE_MS - now
    this.#told.set(campaign.id, { words, at: now })
    writeGatewayWhy(sql, campaign.id, words === null ? null : { words, at: now }).catch((error: Error) => {
      this.#told.delete(campaign.id)
      log.warn({ campaign: campaign.name, error: error.message }, 'writing why gateways take no calls failed')
    })
    return null
  }

  /** The gateway that was granted, unless it refused this lead: then another one, with a line of its own. */
  async #fresh(
    at: Switch,
    campaign: Campaign,
    attempt: string,
    granted: string | null,
    fresh: readonly string[],
    holdMs: number,
  ): Promise<string | null> {
    const { capacity, clock } = this.#parts
    if (granted === null || fresh.includes(granted)) return granted
    const others = this.usable(campaign, at).gateways.filter(({ name }) => fresh.includes(name))
    if (others.length === 0) return granted
    const { gateway } = await this.#store(() => capacity.takeOver(others, attempt, clock.now(), holdMs))
    await this.#store(() => capacity.leave(granted, attempt))
    return gateway
  }

  #store<T>(act: () => Promise<T>): Promise<T> {
    return retry(act, { clock: this.#parts.clock, policy: RETRY.attemptSettled })
  }
}
