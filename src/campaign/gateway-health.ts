/**
 * Which gateways take calls now, as this node knows: FreeSWITCH is asked for their state, and a gateway that refuses
 * calls rests. Each FreeSWITCH has connections of its own to a gateway, so it is kept for each of them.
 */
import type { Clock } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import { gatewayStateIn, gatewayStatus } from '../esl/api.ts'
import type { Ident } from '../esl/safe-text.ts'
import type { Switch } from '../switch/switchboard.ts'
import { pauseMs } from './dial-limits.ts'

/** What FreeSWITCH says: up, down, or it has none of that name. */
type State = 'UP' | 'DOWN' | 'MISSING'

interface Known {
  /** Null: not asked, or FreeSWITCH did not answer. */
  state: State | null
  askedAt: number
  /** Refusals without a call between. */
  refusals: number
  restsUntil: number
  /** FreeSWITCH's cause of the last refusal. */
  cause: string
}

export interface GatewayTrouble {
  /** In words, behind the name of the gateway. */
  readonly words: string
  /** Milliseconds until it is worth a try. */
  readonly againMs: number
}

/** So often FreeSWITCH is asked at most; mod_sofia pings a gateway every 30 s or so. */
const ASK_MS = 5_000
/** The longest rest of a gateway that refuses. */
const LONGEST_REST_MS = 60_000

export class GatewayHealth {
  readonly #clock: Clock
  readonly #known = new WeakMap<Switch, Map<string, Known>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Null: it takes calls, as far as is known. */
  trouble(at: Switch, gateway: string): GatewayTrouble | null {
    const known = this.#of(at, gateway)
    const now = this.#clock.now()
    if (now - known.askedAt >= ASK_MS) void this.#ask(at, gateway, known)
    if (known.state === 'DOWN') return { words: `is down on ${at.name}`, againMs: ASK_MS }
    if (known.state === 'MISSING') return { words: `is not known on ${at.name}`, againMs: ASK_MS }
    if (known.restsUntil <= now) return null
    const againMs = known.restsUntil - now
    return { words: `refused calls of ${at.name} (${known.cause}) and rests`, againMs }
  }

  /** It refused a call, and not because of the number. */
  refused(at: Switch, gateway: string, cause: string): void {
    const known = this.#of(at, gateway)
    const now = this.#clock.now()
    known.cause = cause
    if (cause === 'GATEWAY_DOWN' || cause === 'INVALID_GATEWAY') known.askedAt = -Infinity // asked again at once
    if (known.restsUntil > now) return // calls that were under way when it began to rest
    known.refusals++
    known.restsUntil = now + pauseMs(known.refusals, LONGEST_REST_MS)
  }

  /** It took a call: the telephone rang, was busy, or was answered. */
  took(at: Switch, gateway: string): void {
    const known = this.#of(at, gateway)
    known.refusals = 0
    known.restsUntil = 0
  }

  #of(at: Switch, gateway: string): Known {
    let all = this.#known.get(at)
    if (!all) this.#known.set(at, (all = new Map()))
    let known = all.get(gateway)
    if (!known) all.set(gateway, (known = { state: null, askedAt: -Infinity, refusals: 0, restsUntil: 0, cause: '' }))
    return known
  }

  async #ask(at: Switch, gateway: string, known: Known): Promise<void> {
    known.askedAt = this.#clock.now()
    try {
      const answer = await at.ask(gatewayStatus(gateway as Ident))
      const state = gatewayStateIn(answer)
      known.state = answer.startsWith('Invalid Gateway') ? 'MISSING' : state === 'UP' || state === 'DOWN' ? state : null
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      known.state = null // a dial will tell
    }
  }
}
