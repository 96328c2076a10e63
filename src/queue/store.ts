/** The queues of the house and who waits in them: one interface for everybody, over a table that memory or Redis keeps. */
import { checkName, reserved, type Agent, type WhyNot } from '../agent/agent.ts'
import { InputError, NotFoundError, SwitchhookError } from '../base/errors.ts'
import { byScore, inOrder, joined, offered, rejoined, type Joining, type Member } from './member.ts'

/** Which of the free agents is asked first. */
export const STRATEGIES = ['longest-idle-agent'] as const
export type Strategy = (typeof STRATEGIES)[number]

export interface QueueSettings {
  readonly name: string
  readonly strategy: Strategy
}

/** One for every assignment: why this agent got this caller, and why the others did not. */
export interface OfferRecord {
  readonly at: number
  readonly queue: string
  readonly call: string
  readonly agent: string
  readonly epoch: number
  /** The node that decided. */
  readonly node: string
  readonly strategy: Strategy
  readonly waitedMs: number
  /** Who was before them in the same queue, and why they did not get this agent. */
  readonly ahead: readonly { readonly call: string; readonly why: 'offered' | 'put-aside' }[]
  /** The agents who could have had the call, best first, with what they were sorted by; the first one has it. */
  readonly candidates: readonly { readonly agent: string; readonly key: readonly (number | string)[] }[]
  readonly skipped: readonly { readonly agent: string; readonly why: WhyNot }[]
}

/** A match that is not yet a fact: made of records that somebody else may change first. */
export interface Assignment {
  readonly member: Member
  readonly agent: Agent
  /** The call of another lead, not answered yet, from which the agent is taken. */
  readonly insteadOf?: string
  readonly record: Omit<OfferRecord, 'epoch' | 'node'>
}

export interface Callback {
  readonly queue: string
  readonly call: string
  readonly number: string
  readonly keptAt: number
}

/** Counters since the queue was made. Entered = answered + the three ways of leaving unanswered + who is still there. */
export const COUNTS = ['entered', 'answered', 'abandoned', 'callback', 'left'] as const
export type Count = (typeof COUNTS)[number]
export type QueueStats = Record<Count, number>

/** How a place was given up: after a talk, by hanging up, for a callback, or the flow went elsewhere. */
export type Leaving = 'talked' | 'abandoned' | 'callback' | 'left'

/** As AgentNotice: `resync` first and whenever notices may have been missed; the rest in the order in which it was written. */
export type QueueNotice =
  | { what: 'resync' }
  | { what: 'queue'; queue: QueueSettings }
  | { what: 'member'; queue: string; call: string; rev: number; member: Member | null }

/** One caller's record as it was when a decision was made on it. */
export interface PlaceAt {
  readonly queue: string
  readonly call: string
  readonly rev: number
}

/** Where the records are kept. Knows no rules. */
export interface QueueTable {
  putQueue(queue: QueueSettings): Promise<void>
  readQueues(): Promise<QueueSettings[]>
  read(queue: string, call: string): Promise<Member | null>
  readAll(queue: string): Promise<Member[]>
  nextSeq(): Promise<number>
  /** Writes (null: deletes) iff the record still has this rev (0: does not exist), counts, and tells every listener, in one step. */
  swap(at: PlaceAt, next: Member | null, count: Count | null): Promise<boolean>
  /** Writes the agent and the caller iff both still have these revs, and the record of it, in one step; agent's notice first. */
  assign(revs: { agent: number; member: number }, agent: Agent, member: Member, record: OfferRecord): Promise<boolean>
  /** Newest first, the last KEPT_OFFERS. */
  offers(queue: string): Promise<OfferRecord[]>
  putCallback(callback: Callback): Promise<void>
  callbacks(queue: string): Promise<Callback[]>
  stats(queue: string): Promise<QueueStats>
  onChange(listener: (notice: QueueNotice) => void): Disposable
}

export const KEPT_OFFERS = 200
/** A promise to call back that nobody has kept for 30 days is forgotten when the next one is made, or after 30 days without another. */
export const CALLBACK_LASTS_MS = 30 * 86_400_000

/** All times are wall clock milliseconds. A store that cannot be had throws. */
export interface QueueStore {
  /** Adds a queue or changes its settings. InputError for bad ones. */
  put(queue: QueueSettings): Promise<void>
  queues(): Promise<QueueSettings[]>
  /** Who comes again keeps joinedAt, place and an offer under way; only the node changes. NotFoundError without such a queue. */
  enter(queue: string, joining: Joining, now: number): Promise<Member>
  /** The place as it was left (with the offer that is now nobody's), or null when there was none. Counts once. */
  leave(queue: string, call: string, how: Leaving): Promise<Member | null>
  member(queue: string, call: string): Promise<Member | null>
  /** Who waits, in order, offered ones included; those who talk are not in it. */
  waiting(queue: string): Promise<Member[]>
  /** Everybody who has a place, in no order. */
  members(queue: string): Promise<Member[]>
  /** Writes what `decide` (pure: it may be asked twice) makes of the record. Null when it refuses, or when there is none. */
  change(queue: string, call: string, decide: (member: Member) => Member | null): Promise<Member | null>
  /** Promises the agent to the caller until now + ttlMs: both or neither, and only if nobody changed either. Null otherwise. */
  assign(
    assignment: Assignment,
    node: string,
    ttlMs: number,
    now: number,
  ): Promise<{ agent: Agent; member: Member } | null>
  offers(queue: string): Promise<OfferRecord[]>
  /** One for each call and queue: kept again, it is the same callback. For CALLBACK_LASTS_MS. */
  keepForCallback(queue: string, call: string, number: string, now: number): Promise<void>
  /** Oldest first. */
  callbacks(queue: string): Promise<Callback[]>
  stats(queue: string): Promise<QueueStats>
  onChange(listener: (notice: QueueNotice) => void): Disposable
}

/** A swap fails only when another one succeeded, so this many failures in a row are a broken store. */
const TRIES = 100

export function queueStoreOver(table: QueueTable): QueueStore {
  /** Reads, decides, writes; again when somebody wrote in between. */
  async function rewrite<T extends Member | null>(
    queue: string,
    call: string,
    decide: (stored: Member | null) => { next: T; count: Count | null } | null,
  ): Promise<{ before: Member | null; next: T } | null> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const before = await table.read(queue, call)
      const decision = decide(before)
      if (!decision) return null
      const { next, count } = decision
      const done = { before, next }
      if (next?.rev === before?.rev || (await table.swap({ queue, call, rev: before?.rev ?? 0 }, next, count)))
        return done
    }
    throw new SwitchhookError('SERVICE', `the place of a caller in queue ${queue} could not be written`)
  }

  return {
    async put({ name, strategy }) {
      checkName('queue', name)
      if (!STRATEGIES.includes(strategy)) {
        throw new InputError(`queue ${name}: there is no strategy '${strategy}'; known: ${STRATEGIES.join(', ')}`)
      }
      await table.putQueue({ name, strategy })
    },
    queues: () => table.readQueues(),
    async enter(queue, joining, now) {
      const [queues, seq] = await Promise.all([table.readQueues(), table.nextSeq()])
      if (!queues.some(known => known.name === queue))
        throw new NotFoundError(
          'queue',
          queue,
          queues.map(known => known.name),
        )
      const entered = await rewrite(queue, joining.call, stored =>
        stored
          ? { next: rejoined(stored, joining.node, now), count: null }
          : { next: joined(queue, joining, seq, now), count: 'entered' },
      )
      return entered!.next
    },
    async leave(queue, call, how) {
      const count = how === 'talked' ? null : how
      const left = await rewrite(
        queue,
        call,
        stored => stored && { next: null, count: stored.answeredAt === null ? count : null },
      )
      return left?.before ?? null
    },
    member: (queue, call) => table.read(queue, call),
    waiting: async queue => (await table.readAll(queue)).filter(inOrder).sort(byScore),
    members: queue => table.readAll(queue),
    async change(queue, call, decide) {
      const changed = await rewrite(queue, call, stored => {
        const next = stored && decide(stored)
        return next && { next, count: stored.answeredAt === null && next.answeredAt !== null ? 'answered' : null }
      })
      return changed?.next ?? null
    },
    async assign({ member, agent, insteadOf, record }, node, ttlMs, now) {
      const promised = reserved(agent, { for: member.call, queue: member.queue, ttlMs, insteadOf }, now)
      if (!promised?.reservation) return null
      const { epoch } = promised.reservation
      const called = offered(member, { agent: agent.name, epoch }, now)
      const revs = { agent: agent.rev, member: member.rev }
      return (await table.assign(revs, promised, called, { ...record, epoch, node }))
        ? { agent: promised, member: called }
        : null
    },
    offers: queue => table.offers(queue),
    keepForCallback: (queue, call, number, now) => table.putCallback({ queue, call, number, keptAt: now }),
    callbacks: async queue => (await table.callbacks(queue)).sort((a, b) => a.keptAt - b.keptAt),
    stats: queue => table.stats(queue),
    onChange: listener => table.onChange(listener),
  }
}
