/**
 * One nailed-up agent for every lead that is being dialled. The agent's record holds a reservation for that very call
 * before it is dialled: no other dialer, campaign or caller of the queue, on any node, gets the agent meanwhile. At
 * every moment
 *
 *   calls that may still be answered + answered leads without an agent ≤ agents who are reserved for them,
 *
 * as long as no nailed-up leg ends. The queue gives the agent to the lead when the lead's flow asks for one
 * (queue/match.ts). The settlement of the attempt frees an agent who was not given (`freeAgentsOf`). Any other
 * reservation expires by itself. When an agent has left, the call that was dialled for them goes first: it gets the
 * next free agent before any new lead is dialled. If it has been answered already, it gets the agent of a call that has
 * not (queue/match.ts); then that call goes first.
 */
import { isHeldForLead, type Agent } from '../agent/agent.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'

export interface ReservationParts {
  readonly roster: Roster
  readonly mirror: RosterMirror
  readonly clock: Clock
}

interface Held {
  readonly agent: string
  readonly epoch: number
  /** The FreeSWITCH of the agent's nailed-up leg. */
  readonly at: Switch
}

/**
 * The reservations for the calls that one dialer has under way. All async methods reject when the roster is
 * unavailable.
 */
export class Reservations {
  readonly #parts: ReservationParts
  /** By the uuid of the call, from its reservation until it is over or answered. */
  readonly #held = new Map<string, Held>()

  constructor(parts: ReservationParts) {
    this.#parts = parts
  }

  /**
   * Reserves these agents, whose nailed-up legs are on `at`, each for one of the calls, in order. Returns the calls
   * that have an agent now: another dialer or a queue may have been faster.
   */
  async reserve(at: Switch, agents: readonly Agent[], calls: readonly string[], forMs: number): Promise<string[]> {
    const pairs = agents.slice(0, calls.length).map((agent, n) => ({ agent: agent.name, call: calls[n]! }))
    const asked = await Promise.allSettled(
      pairs.map(async ({ agent, call }) => {
        const epoch = await this.#reserve(agent, call, forMs)
        if (epoch !== null) this.#held.set(call, { agent, epoch, at })
      }),
    )
    const failed = asked.find(one => one.status === 'rejected')
    if (!failed) return calls.filter(call => this.#held.has(call))
    await Promise.allSettled(calls.map(call => this.free(call)))
    throw failed.reason
  }

  /** Was an agent reserved for this call, and is the call still followed? */
  has(call: string): boolean {
    return this.#held.has(call)
  }

  /** Is a nailed-up agent reserved for this call? Valid only in the turn in which it is called. */
  stands(call: string): boolean {
    const held = this.#held.get(call)
    return held !== undefined && this.#stands(call, held, this.#parts.mirror.served)
  }

  /**
   * Reserves other agents for calls whose agent has left and that may still be answered (`rings`), on this FreeSWITCH.
   * Takes them from these free agents and returns the agents who remain.
   */
  async cover(
    at: Switch,
    agents: readonly Agent[],
    rings: (call: string) => boolean,
    forMs: number,
  ): Promise<readonly Agent[]> {
    if (agents.length === 0 || this.#held.size === 0) return agents
    const { served } = this.#parts.mirror
    const left = [...agents]
    for (const [call, before] of [...this.#held]) {
      if (left.length === 0) break
      if (before.at !== at || !rings(call) || this.#stands(call, before, served)) continue
      const [{ name: agent }] = left.splice(0, 1) as [Agent]
      const epoch = await this.#reserve(agent, call, forMs)
      if (epoch === null) continue
      const underWay = this.#held.has(call)
      if (underWay) this.#held.set(call, { agent, epoch, at })
      await this.#release(underWay ? before : { agent, epoch })
    }
    return left
  }

  /** Releases the agent of a call that is over, or was never made. */
  async free(call: string): Promise<void> {
    const held = this.#held.get(call)
    this.#held.delete(call)
    if (held) await this.#release(held)
  }

  /** The call was answered, or this dialer no longer follows it: the settlement of its attempt frees the agent. */
  forget(call: string): void {
    this.#held.delete(call)
  }

  #stands(call: string, { agent, epoch }: Held, served: ReadonlySet<string>): boolean {
    const known = this.#parts.mirror.find(agent)
    // an older record: the notice of the reservation is under way
    return known !== undefined && (known.rev < epoch || served.has(call))
  }

  #reserve(agent: string, call: string, forMs: number): Promise<number | null> {
    const { roster, clock } = this.#parts
    return roster.reserve(agent, call, clock.now(), forMs)
  }

  async #release({ agent, epoch }: Pick<Held, 'agent' | 'epoch'>): Promise<void> {
    const { roster, clock } = this.#parts
    await roster.release(agent, epoch, 'caller-left', clock.now())
  }
}

/**
 * The attempt is over: releases agents who are still reserved for it, by any process. Rejects when the roster is
 * unavailable.
 */
export async function freeAgentsOf(call: string, roster: Pick<Roster, 'list' | 'release'>, now: number): Promise<void> {
  const agents = (await roster.list(now)).filter(agent => isHeldForLead(agent) && agent.reservation!.for === call)
  await Promise.all(agents.map(({ name, reservation }) => roster.release(name, reservation!.epoch, 'caller-left', now)))
}
