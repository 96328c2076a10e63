/** The agents of the installation: one interface for all callers, over a table of records in memory or in Redis. */
import { NotFoundError, SwitchhookError } from '../base/errors.ts'
import { settingsOf } from '../base/settings.ts'
import { silentEvents, type Events } from '../events/events.ts'
import {
  advanced,
  asOf,
  checkSettings,
  configured,
  held,
  loggedIn,
  nailed,
  newAgent,
  nextRev,
  released,
  reserved,
  settled,
  withStatus,
  type Agent,
  type AgentSettings,
  type AgentStatus,
  type NailedLeg,
  type Outcome,
} from './agent.ts'
import { limitOf, type BreakReason } from './break-reasons.ts'
import { dialledIn, dialledOut } from './dialled-in.ts'
import type { DialledIn } from './reservation.ts'
import { AGENT_SETTINGS } from './settings.ts'
import { occupied, registeredAt, vacated } from './telephone-legs.ts'
import { tellChange } from './tell-change.ts'
import { disposed, wrapUpExtended, wrapUpFinished } from './wrap-up.ts'

/**
 * What listeners on every node receive, in the order of the writes. `resync` comes first, once listening has begun, and
 * again whenever notices may have been missed: the listener then reads all records.
 */
export type AgentNotice =
  | { what: 'resync' }
  | {
      what: 'agent'
      name: string
      rev: number
      agent: Agent | null
      /** When the agent was removed, milliseconds since the epoch; absent: an older version does not tell it. */
      removedAt?: number | undefined
    }

/** Where agent records are stored. Applies no rules; `swap` refuses a write when another one came in between. */
export interface AgentTable {
  read(name: string): Promise<Agent | null>
  readAll(): Promise<Agent[]>
  /**
   * Writes `next` if and only if the record still has this rev (0: does not exist), and notifies every listener, in one
   * step.
   */
  swap(name: string, rev: number, next: Agent): Promise<boolean>
  /** Likewise deletes the record. `at`: the time for the notice. */
  remove(name: string, rev: number, at: number): Promise<boolean>
  onChange(listener: (notice: AgentNotice) => void): Disposable
  /** The catalogue of break reasons, by reason. */
  readBreakReasons(): Promise<BreakReason[]>
  writeBreakReason(reason: BreakReason): Promise<void>
  deleteBreakReason(reason: string): Promise<boolean>
}

/**
 * All times are wall clock milliseconds. All returned agents are as of `now`. A method that takes an epoch returns
 * false or null when that reservation is over, whatever the reason: the agent may be reserved for another call by now.
 * Without an agent of that name a method returns null or false; `setStatus`, `logIn` and `nail` throw NotFoundError.
 * Every method throws when the store is unavailable.
 */
export interface Roster {
  /**
   * Adds an agent (logged out), or changes only the settings of a known one. `unknown`: settings that only a newer
   * version knows; those that are there already stay. Throws InputError for bad settings.
   */
  put(settings: AgentSettings, now: number, unknown?: Readonly<Record<string, unknown>>): Promise<Agent>
  /** False when there is no agent of that name. */
  remove(name: string, now: number): Promise<boolean>
  /** Writes a record again that the store has lost. False when the store has one of that name. */
  restore(agent: Agent, now: number): Promise<boolean>
  get(name: string, now: number): Promise<Agent | null>
  /** Sorted by name. */
  list(now: number): Promise<Agent[]>
  /**
   * Sets the status that the agent chose, at any time. A talk, a ringing phone or a wrap-up goes on. `limitMs`: how
   * long a break may last; absent: no limit.
   */
  setStatus(name: string, status: AgentStatus, now: number, reason?: string, limitMs?: number): Promise<Agent>
  /**
   * The agent takes a break, with the limit that the catalogue of break reasons has. Throws InputError for a reason
   * that it does not have.
   */
  takeBreak(name: string, reason: string | null, now: number): Promise<Agent>
  /** The agent is ready, in these of the agent's queues; null: in all of them. */
  logIn(name: string, queues: readonly string[] | null, now: number): Promise<Agent>
  /**
   * Reserves an idle agent for one call for ttlMs, in one step: of concurrent requests one gets an epoch, others null.
   */
  reserve(name: string, forCall: string, now: number, ttlMs: number): Promise<number | null>
  /**
   * Prolongs a reservation to now + ttlMs (no effect while the phone rings or the agent talks). The agent, or null when
   * it is over. `known`: a copy of the record. While the reservation holds in it and needs no new deadline, the copy is
   * the answer and nothing is asked: every later step is checked against the stored record.
   */
  hold(name: string, epoch: number, now: number, ttlMs: number, known?: Agent | null): Promise<Agent | null>
  /**
   * The phone rings, or the agent talks. The agent, or null when the reservation is over. `known`: the agent's record
   * as the caller has it; while it is the stored one, nothing is read.
   */
  advance(
    name: string,
    epoch: number,
    to: 'ringing' | 'talking',
    now: number,
    known?: Agent | null,
  ): Promise<Agent | null>
  /**
   * From talking: to wrap-up, whatever the outcome. Else: to idle, with the outcome's rest. The agent, or null when the
   * reservation was over.
   */
  release(name: string, epoch: number, outcome: Outcome, now: number): Promise<Agent | null>
  /**
   * A telephone of the agent is registered at this run of FreeSWITCH, or none is any more. An unreachable agent whose
   * telephone registers is offered calls again. False when nothing changes.
   */
  registeredAt(name: string, core: string, there: boolean, now: number): Promise<boolean>
  /**
   * Ends the wrap-up now. False when the agent is not in wrap-up, or must give a disposition first; `anyway`: without
   * it.
   */
  finishWrapUp(name: string, now: number, anyway?: boolean): Promise<boolean>
  /** The agent's disposition of the last call; a wrap-up that waits for it ends. Null when there was no call. */
  dispose(name: string, disposition: string, now: number): Promise<Agent | null>
  /** Makes the wrap-up longer by `byMs` milliseconds. False when the agent is not in wrap-up. */
  extendWrapUp(name: string, byMs: number, now: number): Promise<boolean>
  /**
   * A leg that no queue assigned, by uuid, is at the agent's telephone: no call is offered until `vacate`. False when
   * it was known.
   */
  occupy(name: string, leg: string, now: number): Promise<boolean>
  /** That leg has ended; agent.ts (`vacated`) decides the next state. False when it was not known. */
  vacate(name: string, leg: string, now: number, how?: { talked: boolean; wrapUp: boolean }): Promise<boolean>
  /**
   * Sets the nailed-up leg, null when it is gone. No write when `when` returns false for the agent. Returns the agent
   * afterwards.
   */
  nail(name: string, leg: NailedLeg | null, now: number, when?: (agent: Agent) => boolean): Promise<Agent>
  /**
   * The agent takes a caller on this leg (dialled-in.ts). Null without such an agent, and when the agent has another
   * call or must give a disposition first. `missed`: a caller who left before the talk.
   */
  dialIn(name: string, line: DialledIn, now: number, missed?: string): Promise<Agent | null>
  /** That leg has ended. False when the agent was not on it. */
  dialOut(name: string, leg: string, now: number): Promise<boolean>
  /** Writes and announces what `asOf` has changed; one of the nodes succeeds. Returns the agent, null without one. */
  settle(name: string, now: number): Promise<Agent | null>
  /** The catalogue of break reasons, by reason. */
  breakReasons(): Promise<readonly BreakReason[]>
  putBreakReason(reason: BreakReason): Promise<void>
  /** False when there was none. */
  removeBreakReason(reason: string): Promise<boolean>
  onChange(listener: (notice: AgentNotice) => void): Disposable
}

/** A swap fails only when another one succeeded, so this many consecutive failures mean a broken store. */
const TRIES = 100

/** `events`: is told of every change of a status or state that this roster writes. */
export function rosterOver(table: AgentTable, events: Events = silentEvents): Roster {
  /**
   * Reads, decides, writes; repeats when another write came in between. `decide` gets the stored record; null or the
   * same record: no write. `known`: when this is still the stored record, it is not read first.
   */
  async function change(
    name: string,
    decide: (stored: Agent) => Agent | null,
    known: Agent | null = null,
  ): Promise<Agent | null> {
    const written = async (stored: Agent, next: Agent) => {
      if (!(await table.swap(name, stored.rev, next))) return false
      tellChange(events, stored, next)
      return true
    }
    const likely = known && decide(known)
    if (known && likely && likely.rev !== known.rev && (await written(known, likely))) return likely
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const stored = await table.read(name)
      const next = stored && decide(stored)
      if (!stored || !next || next.rev === stored.rev || (await written(stored, next))) return next
    }
    throw new SwitchhookError('SERVICE', `the record of agent ${name} was not written in ${TRIES} attempts`)
  }
  const changed = async (name: string, now: number, decide: (agent: Agent) => Agent | null) =>
    (await change(name, stored => decide(asOf(stored, now)))) !== null
  const must = async (name: string, now: number, decide: (agent: Agent) => Agent): Promise<Agent> => {
    const agent = await change(name, stored => decide(asOf(stored, now)))
    if (agent) return agent
    throw new NotFoundError('agent', name, (await table.readAll()).map(known => known.name).sort())
  }

  return {
    async put(settings, now, unknown = {}) {
      checkSettings(settings)
      const { name, endpoint, wrapUpMs, ringForMs, queues } = settings
      const own = {
        ...unknown,
        name,
        endpoint,
        wrapUpMs,
        ringForMs,
        queues: queues.map(({ queue, level, position }) => ({ queue, level, position })),
        ...settingsOf(AGENT_SETTINGS, settings),
      }
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const agent = newAgent(own, now)
        if (await table.swap(name, 0, agent)) return agent
        const known = await change(name, stored => configured(asOf(stored, now), own, now))
        if (known) return known
      }
      throw new SwitchhookError('SERVICE', `the record of agent ${name} was not written in ${TRIES} attempts`)
    },
    restore: (agent, now) => table.swap(agent.name, 0, { ...agent, rev: nextRev(agent.rev, now) }),
    async remove(name, now) {
      for (let stored = await table.read(name); stored; stored = await table.read(name)) {
        if (await table.remove(name, stored.rev, now)) return true
      }
      return false
    },
    async get(name, now) {
      const stored = await table.read(name)
      return stored && asOf(stored, now)
    },
    list: async now =>
      (await table.readAll()).map(stored => asOf(stored, now)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    setStatus: (name, status, now, reason, limitMs) =>
      must(name, now, agent => withStatus(agent, status, reason ?? null, now, limitMs)),
    async takeBreak(name, reason, now) {
      const limitMs = limitOf(await table.readBreakReasons(), reason)
      return must(name, now, agent => withStatus(agent, 'break', reason, now, limitMs))
    },
    logIn: (name, queues, now) => must(name, now, agent => loggedIn(agent, queues, now)),
    async reserve(name, forCall, now, ttlMs) {
      const agent = await change(name, stored => reserved(asOf(stored, now), { for: forCall, queue: null, ttlMs }, now))
      return agent?.reservation?.epoch ?? null
    },
    async hold(name, epoch, now, ttlMs, known = null) {
      const holds = (stored: Agent) => held(asOf(stored, now), epoch, ttlMs, now)
      const likely = known && holds(known)
      return likely && likely.rev === known.rev ? likely : change(name, holds)
    },
    advance: (name, epoch, to, now, known) =>
      change(name, stored => advanced(asOf(stored, now), epoch, to, now), known),
    release: (name, epoch, outcome, now) => change(name, stored => released(asOf(stored, now), epoch, outcome, now)),
    registeredAt: (name, core, there, now) => changed(name, now, agent => registeredAt(agent, core, there, now)),
    finishWrapUp: (name, now, anyway) => changed(name, now, agent => wrapUpFinished(agent, now, anyway)),
    dispose: (name, disposition, now) => change(name, stored => disposed(asOf(stored, now), disposition, now)),
    extendWrapUp: (name, byMs, now) => changed(name, now, agent => wrapUpExtended(agent, byMs, now)),
    occupy: (name, leg, now) => changed(name, now, agent => occupied(agent, leg, now)),
    vacate: (name, leg, now, how) => changed(name, now, agent => vacated(agent, leg, now, how)),
    nail: (name, leg, now, when = () => true) =>
      must(name, now, agent => (when(agent) ? nailed(agent, leg, now) : agent)),
    dialIn: (name, line, now, missed) => change(name, stored => dialledIn(asOf(stored, now), line, now, missed)),
    dialOut: (name, leg, now) => changed(name, now, agent => dialledOut(agent, leg, now)),
    settle: (name, now) => change(name, stored => settled(stored, now) ?? stored),
    breakReasons: () => table.readBreakReasons(),
    putBreakReason: reason => table.writeBreakReason(reason),
    removeBreakReason: reason => table.deleteBreakReason(reason),
    onChange: listener => table.onChange(listener),
  }
}
