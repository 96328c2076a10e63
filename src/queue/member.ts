/**
 * One caller's place in one queue, and every way in which it may change, as pure functions.
 *
 *   waiting   has a place in the order, wants an agent. Entered on joining, and again whenever an offer came to nothing:
 *             the caller keeps place and time.
 *   offered   an agent is reserved for them (`offer`); still counts as waiting for the callers behind. Whether the offer holds is the
 *             agent's record to say: it is over as soon as the agent's reservation has another epoch or has lapsed.
 *   talking   talks to that agent, or has talked. Out of the order. Back to waiting only when the flow asks for an agent again.
 *
 * An offer that nobody took before it lapsed (a long announcement, a node that stands still) puts the caller aside until `passedUntil`,
 * so that one caller who does not come cannot keep the agents from all others. Asking for an agent ends that at once.
 */
import { nextRev } from '../agent/agent.ts'

/** Both fields fence: epochs are new for one agent, two agents may have the same. */
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
  /** As if they had joined so much earlier: mod_callcenter's cc_base_score, in milliseconds. */
  readonly headStartMs: number
  /** Who came first when all else is equal; grows over all queues. */
  readonly seq: number
  readonly state: 'waiting' | 'offered' | 'talking'
  readonly offer: Offer | null
  readonly passedUntil: number
  /** When they first talked to an agent here. */
  readonly answeredAt: number | null
  /** Grows with every write: a decision made on an older record is refused. */
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
 * Score = now − joinedAt + head start, highest first. `now` is the same for everybody, so the order never changes by itself:
 * who has the lowest joinedAt − headStart is first, then who came first.
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

/** The same caller comes again, through another node perhaps: a place keeps its time, and an offer that is under way. */
export function rejoined(member: Member, node: string, now: number): Member {
  return write(member, { node }, now)
}

export function offered(member: Member, offer: Offer, now: number): Member {
  return write(member, { state: 'offered', offer, passedUntil: 0 }, now)
}

/** Is this still what the caller is offered? */
export const isOffered = ({ offer }: Pick<Member, 'offer'>, { agent, epoch }: Offer): boolean =>
  offer?.agent === agent && offer.epoch === epoch

export function talking(member: Member, offer: Offer, now: number): Member | null {
  if (!isOffered(member, offer)) return null
  return member.state === 'talking'
    ? member
    : write(member, { state: 'talking', answeredAt: member.answeredAt ?? now }, now)
}

/** This offer came to nothing; the caller waits on. With `passedUntil` they are put aside until then. */
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
