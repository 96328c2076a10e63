/**
 * One caller's place in one queue, and every legal change of it, as pure functions. The queue store writes the records.
 *
 *   waiting   has a place in the order, wants an agent. Entered on joining, and again after an offer without a talk:
 *             the caller keeps place and time.
 *   offered   an agent is reserved for the caller (`offer`), or several are, whose telephones ring at the same time
 *             (`others`); still counts as waiting for the callers behind. An agent's record decides whether the offer
 *             holds: it is void as soon as the agent's reservation has another epoch or has expired.
 *   talking   talks to that agent, or has talked. Out of the order. Back to waiting only when the flow asks for an
 *             agent again.
 *
 * When an offer expires unused (a long announcement, a frozen node), the caller is put aside until `passedUntil`.
 * Otherwise one caller who does not come could keep the agents from all others. Asking for an agent ends that at once.
 */
import { nextRev } from '../agent/agent.ts'
import type { SkillNeed } from '../agent/skills.ts'

/**
 * A place without a live call: that of a promised callback (callbacks/callback.ts). `call` is the uuid that its next
 * call will have. It becomes the place of that call when the flow of the call enters the queue.
 */
export interface CallbackPlace {
  /** Whose telephone rings first. For the customer's there is no agent before the customer has answered. */
  readonly order: 'agent-first' | 'customer-first'
  /** The agent who promised it: no other one gets it before `agentUntil`, ms since the epoch. */
  readonly agent?: string | undefined
  readonly agentUntil?: number | undefined
  /** Its call is under way: a telephone rings, or was answered a moment ago. */
  readonly called?: true | undefined
}

/**
 * How long a caller is put aside who does not come for an agent: longer than a sentence that finishes playing, shorter
 * than an agent's patience.
 */
export const ASIDE_MS = 10_000

/** Both fields fence: an epoch is unique for one agent, and two agents may have the same epoch. */
export interface Offer {
  readonly agent: string
  readonly epoch: number
}

export interface Member {
  readonly queue: string
  /** The caller's uuid: one place in each queue. */
  readonly call: string
  readonly from: string
  /** The node that holds the call now. */
  readonly node: string
  readonly joinedAt: number
  /** The caller counts as having joined so much earlier: mod_callcenter's cc_base_score, in milliseconds. */
  readonly headStartMs: number
  /** Callers of a higher priority are served first, however long the others have waited; absent: 0. */
  readonly priority?: number
  /** A campaign has called this person; absent: the person has called. */
  readonly isLead?: true
  /** The skills that this caller needs; absent: those of the queue's setting. */
  readonly needs?: readonly SkillNeed[]
  /** Gets only an agent who is on the line at the FreeSWITCH of this Core-UUID: a lead cannot wait for a telephone. */
  readonly onLine?: string
  /** The agent who talked last with this caller, when the queue remembers; absent: nobody. */
  readonly lastAgent?: string
  /** How long the queue remembers who talks with this caller; absent: it does not. */
  readonly rememberMs?: number
  /** Order of arrival, decides between equal scores; grows over all queues. */
  readonly seq: number
  readonly state: 'waiting' | 'offered' | 'talking'
  readonly offer: Offer | null
  /** More agents to whom the call is offered at the same time; absent: none. */
  readonly others?: readonly Offer[]
  /** When an agent was last offered to this caller, ms since the epoch; absent: never. */
  readonly offeredAt?: number
  /** The agent who was offered last to this caller, also after the offer is over; absent: none yet. */
  readonly lastOffered?: string
  /** Put aside until then, ms since the epoch; 0: not put aside. A callback is not made before. */
  readonly passedUntil: number
  /** Absent: the caller is on the line. */
  readonly callback?: CallbackPlace | undefined
  /** When the caller first talked to an agent of this queue, ms since the epoch. */
  readonly answeredAt: number | null
  /** Grows with every write. A write that is based on an older record is refused. */
  readonly rev: number
}

export interface Joining {
  readonly call: string
  readonly from: string
  readonly node: string
  readonly joinedAt: number
  readonly headStartMs: number
  readonly priority?: number
  readonly isLead?: true
  readonly needs?: readonly SkillNeed[]
  readonly onLine?: string
  readonly lastAgent?: string
  readonly rememberMs?: number
  /** Put aside until then, or until the flow asks for an agent; absent: not put aside. */
  readonly passedUntil?: number
}

/** The place of a callback: no node has its call yet. */
export interface Awaited extends Omit<Joining, 'node'> {
  readonly callback: CallbackPlace
  /** The callback is not made before, ms since the epoch. */
  readonly notBefore: number
}

/**
 * The higher priority is first. Among equals: score = now − joinedAt + head start, highest first. `now` is the same for
 * all callers, so the order never changes by itself: the lowest joinedAt − headStart is first, then the lowest `seq`.
 */
export function byScore(a: Member, b: Member): number {
  return (
    (b.priority ?? 0) - (a.priority ?? 0) || a.joinedAt - a.headStartMs - (b.joinedAt - b.headStartMs) || a.seq - b.seq
  )
}

/** A callback of which the customer is called first: there is no agent before the customer has answered. */
export const isForCustomer = ({ callback }: Pick<Member, 'callback'>): boolean => callback?.order === 'customer-first'

export const inOrder = (member: Member): boolean => member.state !== 'talking'

export function joined(queue: string, joining: Joining, seq: number, now: number): Member {
  return {
    queue,
    passedUntil: 0,
    ...joining,
    seq,
    state: 'waiting',
    offer: null,
    answeredAt: null,
    rev: nextRev(0, now),
  }
}

/** The place of a callback whose next call will have this uuid. */
export function awaited(queue: string, { notBefore, callback, ...place }: Awaited, seq: number, now: number): Member {
  return { ...joined(queue, { ...place, node: '' }, seq, now), passedUntil: notBefore, callback }
}

/** The same, with what has changed since; null when nothing has, or when the caller is on the line. */
export function awaitedAgain(member: Member, { notBefore, callback }: Awaited, now: number): Member | null {
  if (!member.callback || member.state !== 'waiting') return null
  const isAside = member.passedUntil > now && member.passedUntil <= now + ASIDE_MS
  const passedUntil = notBefore === 0 && isAside ? member.passedUntil : notBefore
  const same = member.passedUntil === passedUntil && JSON.stringify(member.callback) === JSON.stringify(callback)
  return same ? null : write(member, { passedUntil, callback }, now)
}

/** A place that the store has lost is entered again with this. */
export const joiningOf = ({
  call,
  from,
  joinedAt,
  headStartMs,
  priority,
  isLead,
  needs,
  onLine,
}: Member): Omit<Joining, 'node'> => ({
  call,
  from,
  joinedAt,
  headStartMs,
  ...(priority !== undefined && { priority }),
  ...(isLead && { isLead }),
  ...(needs !== undefined && { needs }),
  ...(onLine !== undefined && { onLine }),
})

/**
 * The caller's queue was removed: the place goes to another queue, with its time and its order. There the caller has
 * talked with nobody yet.
 */
export function moved(member: Member, queue: string, now: number): Member {
  return write(member, { queue, answeredAt: null }, now)
}

/**
 * The same caller enters again, perhaps through another node, or the call of a callback has come: the place keeps its
 * time and an open offer.
 */
export function rejoined({ callback, ...member }: Member, node: string, now: number): Member {
  return write(member, { node, ...(callback && { passedUntil: 0 }) }, now)
}

/** Every agent to whom the call is offered now. */
export const offersOf = ({ offer, others = [] }: Pick<Member, 'offer' | 'others'>): readonly Offer[] =>
  offer ? [offer, ...others] : []

/** These agents are offered to the caller, besides those who are already. */
export function offered(member: Member, offers: readonly Offer[], now: number): Member {
  const all = [...offersOf(member), ...offers]
  const fields = { state: 'offered', lastOffered: offers.at(-1)!.agent, offeredAt: now, passedUntil: 0 } as const
  return write(withOffers(member, all), fields, now)
}

/** Is this one of the caller's offers? */
export const isOffered = (member: Pick<Member, 'offer' | 'others'>, { agent, epoch }: Offer): boolean =>
  offersOf(member).some(offer => offer.agent === agent && offer.epoch === epoch)

/** The other agents who rang are no longer offered. */
export function talking(member: Member, offer: Offer, now: number): Member | null {
  if (!isOffered(member, offer)) return null
  return member.state === 'talking'
    ? member
    : write(withOffers(member, [offer]), { state: 'talking', answeredAt: member.answeredAt ?? now }, now)
}

/**
 * The offer ended without a talk. While other agents are offered, they stay; else the caller keeps waiting, with
 * `passedUntil` put aside until then.
 */
export function waitsOn(member: Member, offer: Offer, passedUntil: number, now: number): Member | null {
  if (!isOffered(member, offer)) return null
  const rest = offersOf(member).filter(({ agent, epoch }) => agent !== offer.agent || epoch !== offer.epoch)
  const left = withOffers(member, rest)
  return rest.length > 0 ? write(left, {}, now) : write(left, { state: 'waiting', passedUntil }, now)
}

function withOffers(member: Member, [offer, ...others]: readonly Offer[]): Member {
  const one: { -readonly [K in keyof Member]: Member[K] } = { ...member, offer: offer ?? null, others }
  if (others.length === 0) delete one.others
  return one
}

/** The call of this place is under way. */
export function underWay(member: Member, now: number): Member | null {
  const { callback } = member
  return callback && !callback.called ? write(member, { callback: { ...callback, called: true } }, now) : null
}

/**
 * A callback that could be made now and is not: the time for which it was promised has come, or the pause before the
 * next try is over, in the calling hours of the queue; and neither is an agent reserved for it, nor does a telephone
 * ring.
 */
export const isOverdue = ({ callback, state, passedUntil }: Member, now: number): boolean =>
  callback !== undefined && !callback.called && state === 'waiting' && passedUntil <= now

/** A callback is not made before this moment. */
export function delayed(member: Member, until: number, now: number): Member | null {
  return member.callback && member.state === 'waiting' ? write(member, { passedUntil: until }, now) : null
}

/** The caller asks for an agent now. */
export function asks(member: Member, now: number): Member {
  return member.passedUntil > now ? write(member, { passedUntil: 0 }, now) : member
}

function write(member: Member, fields: Partial<Member>, now: number): Member {
  return { ...member, ...fields, rev: nextRev(member.rev, now) }
}
