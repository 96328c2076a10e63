/**
 * One agent: the record and every legal change of it, as pure functions of (agent, now). The roster stores the record.
 *
 * The STATUS is the agent's own choice: `ready`, `break`, `logged-out`, or `on-demand` (one call at a time: after each
 * talk no call is offered until the agent ends the wrap-up). The STATE is what Switchhook observes. A change of status
 * never changes the state:
 *
 *   idle            has no reservation. Is offered calls when the status allows it and no rest runs (`restUntil`).
 *   reserved        reserved for one caller. Entered from idle only, in one step that gives out an epoch. Left for
 *                   ringing, for talking (a nailed-up agent has no phone to ring), for idle when released. At its
 *                   deadline it becomes idle by itself.
 *   ringing         the agent's phone rings for that caller. Has a deadline too (ringForMs and a grace): a node that
 *                   dies while a phone rings must not leave an agent ringing for ever (mod_callcenter #1973, #2540,
 *                   #1062).
 *   talking         with the caller. No deadline: only a release ends it.
 *   wrap-up         after a talk, until `wrapUpUntil`: a moment, or 'finished' (until the agent ends it: on demand, or
 *                   the setting wrapUpEnds). See wrap-up.ts.
 *   busy-elsewhere  on a call that no queue assigned: a leg is at a telephone (`legs`: click-to-dial, a flow's own
 *                   dial, a call that Switchhook has not made). Then back to the rest of the wrap-up, else to idle. See
 *                   telephone-legs.ts.
 *
 * No timer runs for a deadline: `asOf(agent, now)` computes the agent at `now`, whether or not a node has written the
 * change. Intervals are half open: a deadline holds while now < deadline.
 */
import type { DialledIn, Reservation } from './reservation.ts'
import { afterCall, afterTalk, isUnreachable, type Outcome } from './rest.ts'
import { AGENT_SETTINGS, agentSetting, type AgentSettings, type Tier } from './settings.ts'

export type { Outcome } from './rest.ts'
export { checkName, checkSettings, type AgentSettings, type Tier } from './settings.ts'

export const STATUSES = ['ready', 'break', 'logged-out', 'on-demand'] as const
export type AgentStatus = (typeof STATUSES)[number]

export const STATES = ['idle', 'reserved', 'ringing', 'talking', 'wrap-up', 'busy-elsewhere'] as const
export type AgentState = (typeof STATES)[number]

/** Every legal change of state. Any other change is a mistake in this file, and throws. */
export const LEGAL = {
  idle: ['reserved', 'busy-elsewhere'],
  reserved: ['ringing', 'talking', 'idle'],
  ringing: ['talking', 'idle'],
  talking: ['wrap-up', 'idle'],
  'wrap-up': ['idle', 'busy-elsewhere'],
  'busy-elsewhere': ['idle', 'wrap-up'],
} as const satisfies Record<AgentState, readonly AgentState[]>

/** A reservation is not written again for less than this: every write is told to every node. */
const NOT_WORTH_MS = 500
/** The phone stops ringing after ringForMs; FreeSWITCH has this much longer to report it. */
const RINGING_GRACE_MS = 10_000

export interface Agent extends AgentSettings {
  readonly status: AgentStatus
  /** Why the agent is on a break, in the agent's words. */
  readonly reason: string | null
  /** Since when the agent has this status, with this reason; absent: since before the version that writes it. */
  readonly statusSince?: number
  /** When the break reaches the limit of its reason; absent: the break has none. */
  readonly breakUntil?: number
  /** The break has lasted longer than that. */
  readonly overdue?: true
  /** The queues that the agent did not log in to. `queues` has the others. Absent: the agent serves all. */
  readonly away?: readonly Tier[]
  readonly state: AgentState
  readonly stateSince: number
  /** When the last talk ended, 0 before the first. The strategy longest-idle-agent sorts by it. */
  readonly lastTalkEnded: number
  /**
   * The call of the last talk, and the queue that assigned it: a wrap-up belongs to them. Also the agent's
   * disposition of it. Absent: none is known.
   */
  readonly lastTalk?: { readonly call: string; readonly queue: string | null; readonly disposition?: string }
  /**
   * When each queue last offered the agent a call, ms since the epoch, raised where needed so that each turn in a queue
   * is later than the one before. The strategy round-robin sorts by it. Absent: never.
   */
  readonly turns?: readonly { readonly queue: string; readonly at: number }[]
  readonly wrapUpUntil: number | 'finished' | null
  /** No call is offered before this moment, although the agent is idle. */
  readonly restUntil: number
  readonly reservation: Reservation | null
  /**
   * The nailed-up leg. It exists before any caller does: a caller is joined with it at once and no phone rings. `core`:
   * the Core-UUID of its FreeSWITCH, when known.
   */
  readonly nailed: {
    readonly leg: string
    readonly node: string
    readonly since: number
    readonly core?: string | undefined
  } | null
  /** Legs at the agent's telephones that no queue assigned, by uuid, also of others; absent: none. */
  readonly legs?: readonly string[]
  /** The call in which the agent has dialled in to take callers on that very leg; absent: none. See dialled-in.ts. */
  readonly dialledIn?: DialledIn | undefined
  /** How long the agent has talked since they became ready, in milliseconds; absent: not yet. */
  readonly talkMs?: number
  /** How many calls of queues the agent has answered since they became ready; absent: none. */
  readonly calls?: number
  /**
   * The runs of FreeSWITCH (Core-UUID) at which a telephone of the agent is registered. Empty: none is any more.
   * Absent: no telephone of the agent was seen to register; it may need no registration.
   */
  readonly registeredAt?: readonly string[]
  /** Consecutive calls that the agent did not answer. */
  readonly noAnswers: number
  /** Consecutive calls for which the telephone was unreachable; absent: none. */
  readonly unreached?: number
  /** Grows with every write. A write that is based on an older record is refused. */
  readonly rev: number
}

/**
 * Never less than the clock: numbers stay unique even when the store lost its last seconds, or an agent was deleted and
 * created again.
 */
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

/**
 * The agent at `now`, with every passed deadline applied. The same object when none has passed; always the same rev.
 */
export function asOf(agent: Agent, now: number): Agent {
  const end = endsAt(agent)
  const state = end === null || now < end ? agent : move(agent, 'idle', end, { reservation: null, wrapUpUntil: null })
  return now < (breakLimit(state) ?? Infinity) ? state : { ...state, overdue: true }
}

/** The next moment at which time alone changes this agent, or null. */
export function nextChange(agent: Agent, now: number): number | null {
  const rest = agent.restUntil > now ? agent.restUntil : null
  const next = Math.min(endsAt(agent) ?? rest ?? Infinity, breakLimit(agent) ?? Infinity)
  return next === Infinity ? null : next
}

/** When the break reaches its limit; null when it has none, or has reached it. */
const breakLimit = ({ breakUntil, overdue }: Agent): number | null => (overdue ? null : (breakUntil ?? null))

/** Does the reservation with this epoch still hold? */
export function holds(agent: Agent, epoch: number, now: number): boolean {
  return asOf(agent, now).reservation?.epoch === epoch
}

/** Logged in, and not on a break. */
export const isPresent = ({ status }: Pick<Agent, 'status'>): boolean => status === 'ready' || status === 'on-demand'

// Each function below takes the agent as of `now` and returns the next record, or null when the change is refused.

export function configured(agent: Agent, settings: AgentSettings, now: number): Agent {
  const kept = Object.fromEntries(
    Object.entries(agent).filter(([name]) => !(name in AGENT_SETTINGS)),
  ) as unknown as Agent
  const away = new Set(agent.away?.map(({ queue }) => queue))
  return write(kept, now, { ...settings, ...loggedInTo(settings.queues, ({ queue }) => !away.has(queue)) })
}

/** All places of the agent in queues, whichever of them the agent has logged in to. */
export const tiersOf = ({ queues, away = [] }: Pick<Agent, 'queues' | 'away'>): readonly Tier[] => [...queues, ...away]

function loggedInTo(tiers: readonly Tier[], serves: (tier: Tier) => boolean): Pick<Agent, 'queues' | 'away'> {
  const away = tiers.filter(tier => !serves(tier))
  return { queues: tiers.filter(serves), ...(away.length > 0 && { away }) }
}

/** The agent logs in, to all queues or to these; the places in the other queues are kept. */
export function loggedIn(agent: Agent, queues: readonly string[] | null, now: number): Agent {
  const { away: _, ...rest } = agent
  const tiers = tiersOf(agent)
  const chosen = { ...rest, ...loggedInTo(tiers, ({ queue }) => queues?.includes(queue) ?? true) }
  return withStatus(chosen, 'ready', null, now)
}

/**
 * A talk and a wrap-up go on; a telephone that rings for a caller is stopped by the caller's node (queue/
 * agent-reservation.ts). Becoming ready ends a rest, and resets the counts of unanswered calls (the agent is present)
 * and of the strategies: mod_callcenter does so too. `limitMs`: how long a break may last; absent: no limit.
 */
export function withStatus(
  agent: Agent,
  status: AgentStatus,
  reason: string | null,
  now: number,
  limitMs?: number,
): Agent {
  const isNew = status !== agent.status || reason !== agent.reason
  const { breakUntil: _, overdue: __, ...rest } = agent
  return write(isNew ? rest : agent, now, {
    status,
    reason,
    ...(isNew && { statusSince: now }),
    ...(isNew && limitMs !== undefined && { breakUntil: now + limitMs }),
    ...(status === 'ready' &&
      agent.status !== 'ready' && { noAnswers: 0, unreached: 0, restUntil: 0, talkMs: 0, calls: 0 }),
  })
}

/**
 * The epoch of the reservation is the rev of the record that holds it. An agent whom a campaign has reserved for this
 * very call is reserved whatever status they have chosen since: the lead was dialled for them. `insteadOf`: another
 * call from which the agent may be taken. `turn`: the moment that `turns` gets for this queue. `onLeg`: the leg on
 * which the agent has dialled in for a caller.
 */
export function reserved(
  agent: Agent,
  claim: {
    for: string
    queue: string | null
    ttlMs: number
    insteadOf?: string | undefined
    turn?: number | undefined
    onLeg?: string | undefined
  },
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
  const takes = claim.onLeg !== undefined && claim.onLeg === agent.dialledIn?.leg && agent.state === 'idle'
  if (!takes && whyNotNow(agent, now) !== null) return null
  const turns = claim.turn !== undefined && { turns: withTurn(agent, claim.queue!, claim.turn) }
  return write(move(agent, 'reserved', now, { reservation, ...turns }), now)
}

/** The turns in queues that the agent still serves, with this one. */
function withTurn({ queues, turns = [] }: Agent, queue: string, at: number): NonNullable<Agent['turns']> {
  const others = turns.filter(turn => turn.queue !== queue && queues.some(tier => tier.queue === turn.queue))
  return [...others, { queue, at }]
}

/**
 * A campaign dials a lead for this agent: no other call gets the agent until that call is over. True also when the
 * nailed-up leg has ended since.
 */
export const isHeldForLead = ({ state, reservation }: Pick<Agent, 'state' | 'reservation'>): boolean =>
  state === 'reserved' && reservation?.queue === null

/**
 * Prolongs a reservation to now + ttlMs. The deadline stays when that is half a second more at most (the reservation
 * has just been made), once the phone rings, and while the agent talks: the reservation holds.
 */
export function held(agent: Agent, epoch: number, ttlMs: number, now: number): Agent | null {
  const { state, reservation } = agent
  if (reservation?.epoch !== epoch) return null
  const deadline = now + ttlMs
  if (state !== 'reserved' || deadline - (reservation.deadline ?? deadline) <= NOT_WORTH_MS) return agent
  return write(agent, now, { reservation: { ...reservation, deadline } })
}

/**
 * A phone may ring again under the same reservation (another endpoint). An agent who talks stays talking; the
 * reservation holds.
 */
export function advanced(agent: Agent, epoch: number, to: 'ringing' | 'talking', now: number): Agent | null {
  if (agent.reservation?.epoch !== epoch) return null
  if (agent.state === 'talking') return agent
  const reservation = {
    ...agent.reservation,
    deadline: to === 'ringing' ? now + agent.ringForMs + RINGING_GRACE_MS : null,
  }
  if (agent.state === to) return write(agent, now, { reservation })
  return write(
    move(agent, to, now, {
      reservation,
      ...(to === 'talking' && { noAnswers: 0, unreached: 0, calls: (agent.calls ?? 0) + 1 }),
    }),
    now,
  )
}

/**
 * The state decides whether there was a talk: from talking every outcome leads to the wrap-up, and a telephone that
 * died is unreachable after it. Else the outcome sets the rest, and after too many unanswered calls the status.
 */
export function released(agent: Agent, epoch: number, outcome: Outcome, now: number): Agent | null {
  if (agent.reservation?.epoch !== epoch) return null
  if (agent.state !== 'talking') {
    const { restMs, ...counts } = afterCall(agent, outcome)
    const free = move(agent, 'idle', now, { reservation: null, restUntil: now + restMs, ...counts })
    const most = agentSetting(agent, 'maxNoAnswers')
    const isGone = outcome === 'no-answer' && most > 0 && free.noAnswers >= most && isPresent(agent)
    return isGone ? withStatus(free, agentSetting(agent, 'afterMaxNoAnswers'), NO_ANSWER, now) : write(free, now)
  }
  const { for: call, queue } = agent.reservation
  const talkMs = (agent.talkMs ?? 0) + Math.max(0, now - agent.stateSince)
  const { dialledIn } = agent
  const served = dialledIn && { dialledIn: { ...dialledIn, served: call } }
  const tried = afterTalk(outcome, now)
  const over = { reservation: null, lastTalkEnded: now, lastTalk: { call, queue }, talkMs, ...served, ...tried }
  if (endsWhenTold(agent)) return write(move(agent, 'wrap-up', now, { ...over, wrapUpUntil: 'finished' }), now)
  if (agent.wrapUpMs === 0) return write(move(agent, 'idle', now, over), now)
  return write(move(agent, 'wrap-up', now, { ...over, wrapUpUntil: now + agent.wrapUpMs }), now)
}

/** The reason of a break that unanswered calls brought about. */
const NO_ANSWER = 'no answer'

/** The agent ends the wrap-up; it does not end by itself. */
export const endsWhenTold = (agent: Agent): boolean =>
  agent.status === 'on-demand' || agentSetting(agent, 'wrapUpEnds') !== 'time'

/**
 * The nailed-up leg, the node that watches it, and the Core-UUID of its FreeSWITCH (without it the one recorded before
 * stays).
 */
export interface NailedLeg {
  readonly leg: string
  readonly node: string
  readonly core?: string | undefined
}

/**
 * Also written before the telephone rings: while it rings the answer is open, so the counts of unanswered calls stay.
 */
export function nailed(agent: Agent, leg: NailedLeg | null, now: number): Agent {
  if (leg === null) return write(agent, now, { nailed: null })
  const core = leg.core ?? (agent.nailed?.leg === leg.leg ? agent.nailed.core : undefined)
  return write(agent, now, {
    nailed: { leg: leg.leg, node: leg.node, since: now, ...(core !== undefined && { core }) },
    ...(agent.state !== 'ringing' && { noAnswers: 0, unreached: 0 }),
  })
}

/**
 * The record to write after `asOf` has changed something; null when nothing has changed. `stored` is the record in the
 * table.
 */
export function settled(stored: Agent, now: number): Agent | null {
  const agent = asOf(stored, now)
  return agent === stored ? null : write(agent, now)
}

export type WhyNot =
  | 'logged-out'
  | 'break'
  | 'resting'
  | 'unreachable'
  | 'unregistered'
  | 'dialled-in'
  | Exclude<AgentState, 'idle'>

/** Why this agent (as of `now`) cannot be offered a call, or null when they can. */
export function whyNotNow(agent: Agent, now: number): WhyNot | null {
  if (agent.status === 'logged-out' || agent.status === 'break') return agent.status
  if (agent.state !== 'idle') return agent.state
  if (agent.dialledIn) return 'dialled-in'
  if (isUnregistered(agent)) return 'unregistered'
  if (now >= agent.restUntil) return null
  return isUnreachable(agent) ? 'unreachable' : 'resting'
}

/** A nailed-up agent is on the line already. */
export const isUnregistered = (agent: Partial<Pick<Agent, 'registeredAt' | 'nailed'>>): boolean =>
  agent.registeredAt?.length === 0 && !agent.nailed

function endsAt(agent: Agent): number | null {
  if (agent.state === 'reserved' || agent.state === 'ringing') return agent.reservation?.deadline ?? null
  return agent.state === 'wrap-up' && typeof agent.wrapUpUntil === 'number' ? agent.wrapUpUntil : null
}

/** Throws for a change that LEGAL does not have. For the files of this folder. */
export function move(agent: Agent, to: AgentState, since: number, fields: Partial<Agent>): Agent {
  const legal: readonly AgentState[] = LEGAL[agent.state]
  if (!legal.includes(to)) throw new Error(`an agent cannot go from ${agent.state} to ${to}`)
  const moved = { ...agent, ...fields, state: to, stateSince: since }
  // a leg of Switchhook is still at the agent's telephone: the state before is over, and that leg keeps the agent busy
  return (to === 'idle' || to === 'wrap-up') && moved.legs?.length ? move(moved, 'busy-elsewhere', since, {}) : moved
}

/** The next record. For the files of this folder. */
export function write(agent: Agent, now: number, fields: Partial<Agent> = {}): Agent {
  return { ...agent, ...fields, rev: nextRev(agent.rev, now) }
}
