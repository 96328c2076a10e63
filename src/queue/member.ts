/**
 * One caller's place in one queue, and every legal change of it, as pure functions. The queue store writes the records.
 *
 *   waiting   has a place in the order, wants an agent. Entered on joining, and again after an offer without a talk:
 *             the caller keeps place and time.
 *   offered   an agent is reserved for the caller (`offer`); still counts as waiting for the callers behind. The
 *             agent's record decides whether the offer holds: it is void as soon as the agent's reservation has another
 *             epoch or has expired.
 *   talking   talks to that agent, or has talked. Out of the order. Back to waiting only when the flow asks for an
 *             agent again.
 *
 * When an offer expires unused (a long announcement, a frozen node), the caller is put aside until `passedUntil`.
 * Otherwise one caller who does not come could keep the agents from all others. Asking for an agent ends that at once.
 */
import { nextRev } from '../agent/agent.ts'

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
  /** Order of arrival, decides between equal scores; grows over all queues. */
  readonly seq: number
  readonly state: 'waiting' | 'offered' | 'talking'
  readonly offer: Offer | null
  /** The agent who was offered last to this caller, also after the offer is over; absent: none yet. */
  readonly lastOffered?: string
  /** Put aside until then, ms since the epoch; 0: not put aside. */
  readonly passedUntil: number
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
}

/**
 * Score = now − joinedAt + head start, highest first. `now` is the same for all callers, so the order never changes by
 * itself: the lowest joinedAt − headStart is first, then the lowest `seq`.
 */
export function byScore(a: Member, b: Member): number {
  return a.joinedAt - a.headStartMs - (b.joinedAt - b.headStartMs) || a.seq - b.seq
}

export const inOrder = (member: Member): boolean => member.state !== 'talking'

export function joined(queue: string, joining: Joining, seq: number, now: number): Member {
  return {
    queue,
    ...joining,
    seq,
    state: 'waiting',
    offer: null,
    passedUntil: 0,
    answeredAt: null,
    rev: nextRev(0, now),
  }
}

/**
 * The caller's queue was removed: the place goes to another queue, with its time and its order. There the caller has
 * talked with nobody yet.
 */
export function moved(member: Member, queue: string, now: number): Member {
  return write(member, { queue, answeredAt: null }, now)
}

/** The same caller enters again, perhaps through another node: the place keeps its time and an open offer. */
export function rejoined(member: Member, node: string, now: number): Member {
  return write(member, { node }, now)
}

export function offered(member: Member, offer: Offer, now: number): Member {
  return write(member, { state: 'offered', offer, lastOffered: offer.agent, passedUntil: 0 }, now)
}

/** Is this still the caller's offer? */
export const isOffered = ({ offer }: Pick<Member, 'offer'>, { agent, epoch }: Offer): boolean =>
  offer?.agent === agent && offer.epoch === epoch

export function talking(member: Member, offer: Offer, now: number): Member | null {
  if (!isOffered(member, offer)) return null
  return member.state === 'talking'
    ? member
    : write(member, { state: 'talking', answeredAt: member.answeredAt ?? now }, now)
}

/** The offer ended without a talk; the caller keeps waiting. With `passedUntil` the caller is put aside until then. */
export function waitsOn(member: Member, offer: Offer, passedUntil: number, now: number): Member | null {
  return isOffered(member, offer) ? write(member, { state: 'waiting', offer: null, passedUntil }, now) : null
}

/** The caller asks for an agent now. */
export function asks(member: Member, now: number): Member {
  return member.passedUntil > now ? write(member, { passedUntil: 0 }, now) : member
}

function write(member: Member, fields: Partial<Member>, now: number): Member {
  return { ...member, ...fields, rev: nextRev(member.rev, now) }
}
