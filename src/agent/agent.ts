/**
 * One person who answers calls: what is known of them and every way in which it may change, as pure functions of (agent, now).
 *
 * The STATUS is what the person chose: `ready`, `break`, `logged-out`, or `on-demand` (one call at a time: after each talk
 * nothing comes until they say so). The STATE is what the system sees, and a change of status never changes it:
 *
 *   idle            nobody has a claim. Offered calls when the status allows it and no rest runs (`restUntil`).
 *   reserved        promised to one caller. Entered from idle only, in one step that gives out an epoch. Left for ringing, for talking
 *                   (who is nailed up has no phone to ring), for idle when given back. At its deadline it lapses to idle by itself.
 *   ringing         their phone rings for that caller. Has a deadline too (ringForMs and a grace): a node that dies while a phone
 *                   rings must not leave an agent ringing for ever (mod_callcenter #1973, #2540, #1062).
 *   talking         with the caller. No deadline: only a release ends it.
 *   wrap-up         after a talk, until `wrapUpUntil`: a moment, or 'finished' (until they say so; on-demand).
 *   busy-elsewhere  on a call that no queue promised: none of ours, or a leg of ours (`legs`: click-to-dial, a flow's own dial). Back to what
 *                   was left of the wrap-up, else to idle.
 *
 * Deadlines are looked at, not waited for: `asOf(agent, now)` is the agent as they are at `now`, whether or not anybody wrote it down.
 * Intervals are half open: a deadline holds while now < deadline.
 */
import type { Reservation } from './reservation.ts'
import { afterCall, isUnreachable, type Outcome } from './rest.ts'
import type { AgentSettings } from './settings.ts'

export { REST_MS, type Outcome } from './rest.ts'
export { checkName, checkSettings, type AgentSettings, type Tier } from './settings.ts'

export const STATUSES = ['ready', 'break', 'logged-out', 'on-demand'] as const
export type AgentStatus = (typeof STATUSES)[number]

export const STATES = ['idle', 'reserved', 'ringing', 'talking', 'wrap-up', 'busy-elsewhere'] as const
export type AgentState = (typeof STATES)[number]

/** Every legal change of state. What is not here is a mistake in this file, and throws. */
export const LEGAL = {
  idle: ['reserved', 'busy-elsewhere'],
  reserved: ['ringing', 'talking', 'idle'],
  ringing: ['talking', 'idle'],
  talking: ['wrap-up', 'idle'],
  'wrap-up': ['idle', 'busy-elsewhere'],
  'busy-elsewhere': ['idle', 'wrap-up'],
} as const satisfies Record<AgentState, readonly AgentState[]>

/** The phone stops ringing after ringForMs; the rest is for the switch to say so. */
const RINGING_GRACE_MS = 10_000

export interface Agent extends AgentSettings {
  readonly status: AgentStatus
  /** Why they are on a break, in their words. */
  readonly reason: string | null
  readonly state: AgentState
  readonly stateSince: number
  /** When the last talk ended, 0 before the first: what longest-idle-agent sorts by. */
  readonly lastTalkEnded: number
  readonly wrapUpUntil: number | 'finished' | null
  /** No calls before this moment, though idle. */
  readonly restUntil: number
  readonly reservation: Reservation | null
  /** The leg of an agent who is on the line before any caller is: they are joined at once, nothing rings. `core`: the run of its switch, when that was told. */
  readonly nailed: {
    readonly leg: string
    readonly node: string
    readonly since: number
    readonly core?: string | undefined
  } | null
  /** Legs of ours at their telephone that no queue promised, by uuid; absent: none. */
  readonly legs?: readonly string[]
  /** Calls in a row that were not answered. */
  readonly noAnswers: number
  /** Calls in a row for which there was no telephone; absent: none. */
  readonly unreached?: number
  /** Grows with every write: a decision made on an older record is refused. */
  readonly rev: number
}

/** Never less than the clock: numbers stay new even when a store lost its last seconds or an agent was deleted and made again. */
export const nextRev = (rev: number, now: number): number => Math.max(rev + 1, now)

export function newAgent(settings: AgentSettings, now: number): Agent {
  return {
    ...settings,
    status: 'logged-out',
    reason: null,
    state: 'idle',
    stateSince: now,
    lastTalkEnded: 0,
    wrapUpUntil: null,
    restUntil: 0,
    reservation: null,
    nailed: null,
    noAnswers: 0,
    rev: nextRev(0, now),
  }
}

/** The agent as they are at `now`: what has lapsed or ended by itself is over. Same object when nothing has; same rev in any case. */
export function asOf(agent: Agent, now: number): Agent {
  const end = endsAt(agent)
  return end === null || now < end ? agent : move(agent, 'idle', end, { reservation: null, wrapUpUntil: null })
}

/** The next moment at which this agent changes by themselves, or null. */
export function nextChange(agent: Agent, now: number): number | null {
  const end = endsAt(agent)
  if (end !== null) return end
  return agent.restUntil > now ? agent.restUntil : null
}

/** Is the agent still promised under this epoch? */
export function holds(agent: Agent, epoch: number, now: number): boolean {
  return asOf(agent, now).reservation?.epoch === epoch
}

// Each change takes the agent as of `now` and returns the next record, or null when it is refused.

export function configured(agent: Agent, settings: AgentSettings, now: number): Agent {
  return write(agent, now, settings)
}

/** Becoming ready ends a rest and forgives what was not answered: the person is there. */
export function withStatus(agent: Agent, status: AgentStatus, reason: string | null, now: number): Agent {
  return write(agent, now, {
    status,
    reason,
    ...(status === 'ready' && agent.status !== 'ready' && { noAnswers: 0, unreached: 0, restUntil: 0 }),
  })
}

/**
 * The epoch of the reservation is the rev of the record that holds it. An agent whom a campaign has reserved for this very call is given to
 * it, whatever status they have chosen since: the lead was called for them. `insteadOf`: another call for which they may be reserved yet.
 */
export function reserved(
  agent: Agent,
  claim: { for: string; queue: string | null; ttlMs: number; insteadOf?: string | undefined },
  now: number,
): Agent | null {
  const reservation = {
    epoch: nextRev(agent.rev, now),
    for: claim.for,
    queue: claim.queue,
    deadline: now + claim.ttlMs,
  }
  const before = isHeldForLead(agent) ? agent.reservation!.for : null
  if (before === claim.for) return write(agent, now, { reservation })
  if (before !== null && before === claim.insteadOf)
    return write(agent, now, { reservation: { ...reservation, insteadOf: before } })
  return whyNotNow(agent, now) === null ? write(move(agent, 'reserved', now, { reservation }), now) : null
}

/** A campaign calls a lead for this agent, and nobody else is given them until that call is over. True also when they have left the line since. */
export const isHeldForLead = ({ state, reservation }: Pick<Agent, 'state' | 'reservation'>): boolean =>
  state === 'reserved' && reservation?.queue === null

/** A reservation is wanted for `ttlMs` more. Once the phone rings or people talk there is nothing to prolong, but it holds. */
export function held(agent: Agent, epoch: number, ttlMs: number, now: number): Agent | null {
  if (agent.reservation?.epoch !== epoch) return null
  return agent.state === 'reserved'
    ? write(agent, now, { reservation: { ...agent.reservation, deadline: now + ttlMs } })
    : agent
}

/** A phone may ring again under the same promise (another endpoint). Who talks already does not go back to ringing; the promise holds. */
export function advanced(agent: Agent, epoch: number, to: 'ringing' | 'talking', now: number): Agent | null {
  if (agent.reservation?.epoch !== epoch) return null
  if (agent.state === 'talking') return agent
  const reservation = {
    ...agent.reservation,
    deadline: to === 'ringing' ? now + agent.ringForMs + RINGING_GRACE_MS : null,
  }
  if (agent.state === to) return write(agent, now, { reservation })
  return write(move(agent, to, now, { reservation, ...(to === 'talking' && { noAnswers: 0, unreached: 0 }) }), now)
}

/** Whether there was a talk is the state's to say: from talking every outcome leads to the wrap-up, else the outcome sets the rest. */
export function released(agent: Agent, epoch: number, outcome: Outcome, now: number): Agent | null {
  if (agent.reservation?.epoch !== epoch) return null
  if (agent.state !== 'talking') {
    const { restMs, ...counts } = afterCall(agent, outcome)
    return write(move(agent, 'idle', now, { reservation: null, restUntil: now + restMs, ...counts }), now)
  }
  const over = { reservation: null, lastTalkEnded: now }
  if (agent.status === 'on-demand') return write(move(agent, 'wrap-up', now, { ...over, wrapUpUntil: 'finished' }), now)
  if (agent.wrapUpMs === 0) return write(move(agent, 'idle', now, over), now)
  return write(move(agent, 'wrap-up', now, { ...over, wrapUpUntil: now + agent.wrapUpMs }), now)
}

/** Their telephone has registered. */
export function registered(agent: Agent, now: number): Agent | null {
  return agent.unreached ? write(agent, now, { unreached: 0, ...(isUnreachable(agent) && { restUntil: 0 }) }) : null
}

export function wrapUpFinished(agent: Agent, now: number): Agent | null {
  return agent.state === 'wrap-up' ? write(move(agent, 'idle', now, { wrapUpUntil: null }), now) : null
}

/** A wrap-up without an end stays without one. */
export function wrapUpExtended(agent: Agent, byMs: number, now: number): Agent | null {
  if (agent.state !== 'wrap-up') return null
  return typeof agent.wrapUpUntil === 'number' ? write(agent, now, { wrapUpUntil: agent.wrapUpUntil + byMs }) : agent
}

/** On a call that is none of ours, or back from it. A claim of ours goes first: while one holds this is refused. */
export function elsewhere(agent: Agent, busy: boolean, now: number): Agent | null {
  if (busy)
    return agent.state === 'idle' || agent.state === 'wrap-up'
      ? write(move(agent, 'busy-elsewhere', now, {}), now)
      : null
  return agent.state === 'busy-elsewhere' && !agent.legs?.length ? back(agent, now) : null
}

/** A leg of ours is at their telephone from now on, and no queue promised it. */
export function occupied(agent: Agent, leg: string, now: number): Agent | null {
  const { legs = [], state } = agent
  if (legs.includes(leg)) return null
  const on = { ...agent, legs: [...legs, leg] }
  return write(state === 'idle' || state === 'wrap-up' ? move(on, 'busy-elsewhere', now, {}) : on, now)
}

/** That leg has ended. After a talk on it they have been idle since now, and with `wrapUp` they have theirs. */
export function vacated(agent: Agent, leg: string, now: number, { talked = false, wrapUp = false } = {}): Agent | null {
  if (!agent.legs?.includes(leg)) return null
  const until =
    agent.status === 'on-demand' || agent.wrapUpUntil === 'finished'
      ? 'finished'
      : Math.max(now + agent.wrapUpMs, agent.wrapUpUntil ?? 0)
  const after = talked ? { lastTalkEnded: now, ...(wrapUp && { wrapUpUntil: until }) } : {}
  const off = { ...agent, ...after, legs: agent.legs.filter(other => other !== leg) }
  return off.legs.length === 0 && off.state === 'busy-elsewhere' ? back(off, now) : write(off, now)
}

function back(agent: Agent, now: number): Agent {
  const wrapUp = agent.wrapUpUntil === 'finished' || (agent.wrapUpUntil ?? 0) > now
  return write(move(agent, wrapUp ? 'wrap-up' : 'idle', now, wrapUp ? {} : { wrapUpUntil: null }), now)
}

/** Which leg, who cares for it, and the run of its switch (the one that was told before, when it is not told). */
export interface NailedLeg {
  readonly leg: string
  readonly node: string
  readonly core?: string | undefined
}

/** Written down before the telephone rings, too: while it does it is not known whether they answer, and what they did not counts on. */
export function nailed(agent: Agent, leg: NailedLeg | null, now: number): Agent {
  if (leg === null) return write(agent, now, { nailed: null })
  const core = leg.core ?? (agent.nailed?.leg === leg.leg ? agent.nailed.core : undefined)
  return write(agent, now, {
    nailed: { leg: leg.leg, node: leg.node, since: now, ...(core !== undefined && { core }) },
    ...(agent.state !== 'ringing' && { noAnswers: 0, unreached: 0 }),
  })
}

/** Writes down what `asOf` sees; null when there is nothing to write. `stored` is the record as it is kept. */
export function settled(stored: Agent, now: number): Agent | null {
  const agent = asOf(stored, now)
  return agent === stored ? null : write(agent, now)
}

export type WhyNot = 'logged-out' | 'break' | 'resting' | 'unreachable' | Exclude<AgentState, 'idle'>

/** Why this agent (as of `now`) cannot be offered a call, or null when they can. */
export function whyNotNow(agent: Agent, now: number): WhyNot | null {
  if (agent.status === 'logged-out' || agent.status === 'break') return agent.status
  if (agent.state !== 'idle') return agent.state
  if (now >= agent.restUntil) return null
  return isUnreachable(agent) ? 'unreachable' : 'resting'
}

function endsAt(agent: Agent): number | null {
  if (agent.state === 'reserved' || agent.state === 'ringing') return agent.reservation?.deadline ?? null
  return agent.state === 'wrap-up' && typeof agent.wrapUpUntil === 'number' ? agent.wrapUpUntil : null
}

function move(agent: Agent, to: AgentState, since: number, fields: Partial<Agent>): Agent {
  const legal: readonly AgentState[] = LEGAL[agent.state]
  if (!legal.includes(to)) throw new Error(`an agent cannot go from ${agent.state} to ${to}`)
  const moved = { ...agent, ...fields, state: to, stateSince: since }
  // a leg of ours is at their telephone: what they did before is over, and they are busy with that
  return (to === 'idle' || to === 'wrap-up') && moved.legs?.length ? move(moved, 'busy-elsewhere', since, {}) : moved
}

function write(agent: Agent, now: number, fields: Partial<Agent> = {}): Agent {
  return { ...agent, ...fields, rev: nextRev(agent.rev, now) }
}
