/**
 * Removes what ended calls have left in the stores: places in queues, reservations, nailed-up legs that have ended,
 * occupied telephones, open call records. A call that a live node drives is left to that node. Used by reconcile.ts and
 * close-calls.ts.
 */
import type { Agent } from '../agent/agent.ts'
import type { Roster } from '../agent/roster.ts'
import { inBatches } from '../base/batches.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Owner } from '../journal/call-store.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import type { Member } from '../queue/member.ts'
import { QUEUES_AT_ONCE, type QueueStore } from '../queue/store.ts'
import type { GracePeriods } from './grace.ts'
import { livenessOf, type Liveness } from './liveness.ts'

/**
 * The records of a flow that has just ended, or of a telephone that is just being dialled, may still be on their way to
 * the stores.
 */
const SETTLES_MS = 5_000

export interface StaleRecordsParts {
  readonly switchboard: Switchboard
  readonly roster: Roster
  readonly queueStore: QueueStore
  /** Call records that are open, with the run of their FreeSWITCH (Core-UUID); null where there is no database. */
  readonly rows: {
    open(): Promise<ReadonlyMap<string, string | null>>
    lost(uuid: string, at: number): Promise<unknown>
  } | null
  readonly clock: Clock
  readonly log: Log
}

export class StaleRecords {
  readonly #parts: StaleRecordsParts
  readonly #grace: GracePeriods

  constructor(parts: StaleRecordsParts, grace: GracePeriods) {
    this.#parts = parts
    this.#grace = grace
  }

  /**
   * Gives up the places of these calls, and releases the agents who are reserved for them or talk with them. The places
   * go first: if this process dies in between, an agent whose reservation has no caller becomes free by timeout.
   */
  async clear(calls: ReadonlySet<string>): Promise<number> {
    const { queueStore, roster, clock } = this.#parts
    const [members, agents] = await Promise.all([this.#members(), roster.list(clock.now())])
    const left = members.filter(({ call }) => calls.has(call))
    const promised = agents.filter(({ reservation }) => reservation !== null && calls.has(reservation.for))
    const leave = ({ queue, call, answeredAt }: Member) =>
      queueStore.leave(queue, call, answeredAt === null ? 'abandoned' : 'talked')
    await Promise.all(left.map(leave))
    await Promise.all(promised.map(agent => this.#release(agent)))
    await Promise.all(
      agents.map(({ name, dialledIn }) =>
        dialledIn && calls.has(dialledIn.leg) ? roster.dialOut(name, dialledIn.leg, clock.now()) : false,
      ),
    )
    return left.length + promised.length
  }

  /** This agent has left this call, which goes on. Resolves with the number of agents who were released. */
  async freeAgent(name: string, call: string): Promise<number> {
    const { roster, clock } = this.#parts
    const agent = await roster.get(name, clock.now())
    if (agent?.reservation?.for !== call || agent.state !== 'talking') return 0
    await this.#release(agent)
    return 1
  }

  /**
   * Finds calls in the stores that are on no FreeSWITCH and have no owner, and clears them. `nailed`: the uuids of
   * nailed-up legs.
   */
  async look(
    owners: ReadonlyMap<string, Owner>,
  ): Promise<{ readonly swept: number; readonly nailed: ReadonlySet<string> }> {
    const { switchboard, roster, rows, clock } = this.#parts
    const [members, agents, open] = await Promise.all([this.#members(), roster.list(clock.now()), this.#openRows()])
    const nailed = new Set(agents.flatMap(agent => agent.nailed?.leg ?? []))
    const all = [
      ...members.map(({ call }) => call),
      ...agents.flatMap(agent => agent.reservation?.for ?? []),
      ...open.keys(),
    ]
    const unowned = all.filter(call => !owners.has(call))
    const runs = new Map([
      ...open,
      ...agents.flatMap(agent => (agent.nailed ? [[agent.nailed.leg, agent.nailed.core ?? null] as const] : [])),
    ])
    const elsewhere = await this.#elsewhere([...unowned, ...nailed], runs)
    const named = unowned.filter(call => !elsewhere.has(call))
    const occupying = agents.flatMap(({ name, legs = [] }) => legs.map(leg => ({ name, leg })))
    const dialledIn = agents.flatMap(agent => (agent.dialledIn ? [{ name: agent.name, leg: agent.dialledIn.leg }] : []))
    const liveness = await livenessOf(switchboard, [
      ...named,
      ...[...nailed].filter(leg => !elsewhere.has(leg)),
      ...[...occupying, ...dialledIn].map(({ leg }) => leg),
    ])
    const gone = (call: string) => isOver(liveness.get(call)) && this.#grace.lasted(`left ${call}`, SETTLES_MS)
    const over = new Set(named.filter(gone))
    let swept = over.size > 0 ? await this.clear(over) : 0
    for (const agent of agents) {
      if (agent.nailed && gone(agent.nailed.leg)) swept += Number(await this.#unnail(agent.name, agent.nailed.leg))
    }
    // the node that dialled these legs has died, or could not write their end to the roster
    for (const { name, leg } of occupying) {
      if (gone(leg)) swept += Number(await roster.vacate(name, leg, clock.now()))
    }
    for (const { name, leg } of dialledIn) {
      if (gone(leg)) swept += Number(await roster.dialOut(name, leg, clock.now()))
    }
    for (const call of open.keys()) {
      if (!over.has(call)) continue
      await rows!.lost(call, clock.now())
      swept++
    }
    return { swept, nailed }
  }

  /** Legs, agents and places do not wait for PostgreSQL: without it, a later reconciliation finds the records. */
  async #openRows(): Promise<ReadonlyMap<string, string | null>> {
    const { rows, log } = this.#parts
    try {
      return (await rows?.open()) ?? new Map()
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'open call records could not be read; reconciliation retries')
      return new Map()
    }
  }

  /** Legs on a FreeSWITCH that this node does not command: it cannot decide anything about them. */
  async #elsewhere(legs: readonly string[], runs: ReadonlyMap<string, string | null>): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    for (const leg of legs) if (await this.#parts.switchboard.isElsewhere(runs.get(leg) ?? undefined)) found.add(leg)
    return found
  }

  /** Without the places of callbacks, whose calls are still to come (queue/callbacks/). */
  async #members() {
    const { queueStore } = this.#parts
    const all = await inBatches(await queueStore.everyQueue(), QUEUES_AT_ONCE, ({ name }) => queueStore.members(name))
    return all.flat().filter(({ callback }) => !callback)
  }

  /** Releases with the current time, not with that of the talk's end, so that the agent gets the whole wrap-up. */
  async #release({ name, state, reservation }: Agent): Promise<void> {
    await this.#parts.roster.release(
      name,
      reservation!.epoch,
      state === 'talking' ? 'talked' : 'caller-left',
      this.#parts.clock.now(),
    )
  }

  async #unnail(name: string, leg: string): Promise<boolean> {
    const { roster, clock } = this.#parts
    if ((await roster.get(name, clock.now()))?.nailed?.leg !== leg) return false // nailed up again meanwhile
    await roster.nail(name, null, clock.now())
    return true
  }
}

const isOver = (liveness: Liveness | undefined): boolean => liveness === 'no'
