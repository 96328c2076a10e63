/**
 * The queues of the installation and their callers: one interface for all nodes, over a table in memory or in Redis.
 */
import { checkName, reserved, type Agent } from '../agent/agent.ts'
import { tellChange } from '../agent/tell-change.ts'
import { InputError, NotFoundError, SwitchhookError } from '../base/errors.ts'
import { settingsOf, unknownIn } from '../base/settings.ts'
import { silentEvents, type Events } from '../events/events.ts'
import {
  awaited,
  awaitedAgain,
  byScore,
  inOrder,
  joined,
  moved,
  offered,
  rejoined,
  type Awaited,
  type Joining,
  type Member,
} from './member.ts'
import type {
  Assignment,
  CallbackRequest,
  Leaving,
  OfferRecord,
  QueueNotice,
  QueueStats,
  QueueTable,
  SwapEffects,
  Talk,
} from './queue-table.ts'
import { ruleKeysFor, type NumberKey, type NumberRule } from './number-rules.ts'
import { knownNumber, leftPlace, NO_LIMITS, timeOf, type EntryLimits, type Returning } from './left-place.ts'
import { isInUse, QUEUE_SETTINGS, wayTo, type QueueSettings } from './settings.ts'
import { noStrategy, strategyNames } from './strategies.ts'
import type { TalkTime } from './waiting-rules.ts'

export type { QueueSettings } from './settings.ts'

/** The fields of the record of a queue beside its settings. */
const OWN_FIELDS: readonly string[] = ['name', 'strategy', 'movedTo'] satisfies (keyof QueueSettings)[]

/** All times are wall clock milliseconds. Every method throws when the store is unavailable. */
export interface QueueStore {
  /**
   * Adds a queue or changes its settings; settings of a newer version stay. Throws InputError for bad settings. With
   * `movedTo` the queue is no longer in use: its name leads callers to the other queue, and each node moves the places
   * of its waiting callers there. Put again without `movedTo`, it is a new queue.
   */
  put(queue: QueueSettings): Promise<void>
  /**
   * Removes a queue with its callbacks and counters. False, and nothing is removed, while a caller waits or talks in
   * it. Has no effect without such a queue.
   */
  remove(name: string): Promise<boolean>
  /** The queues in use. */
  queues(): Promise<QueueSettings[]>
  /** Also the removed ones whose names lead to another queue: callers who talk may still have a place in them. */
  everyQueue(): Promise<QueueSettings[]>
  /**
   * A mark that is lost together with the records: sets a new one when there is none, and returns the one that is
   * there.
   */
  mark(): Promise<string>
  /** The mark; null when there is none. Another mark than before: the records were lost meanwhile. */
  markThere(): Promise<string | null>
  /** Makes every listener on every node read all records again (notice `resync`). */
  resync(): Promise<void>
  /**
   * A caller who enters again keeps joinedAt, place and an open offer; only the node changes. A caller who enters a
   * removed queue whose name leads to another one gets a place there, or keeps the old place until an offer or a talk
   * ends. Throws NotFoundError without such a queue.
   */
  enter(queue: string, joining: Joining, now: number): Promise<Member>
  /** As `enter`, within limits: 'full' when no more callers may wait. A caller who has a place keeps it. */
  admit(queue: string, joining: Joining, now: number, limits: EntryLimits): Promise<Member | 'full'>
  /**
   * Removes the place, also when it was moved meanwhile. Returns its last record (with its offer, whose agent is still
   * reserved), or null without one. Counts once. `returning`: keeps the place of a caller who has not talked, for so
   * long.
   */
  leave(
    queue: string,
    call: string,
    how: Leaving,
    at?: { readonly now: number; readonly returning?: Returning | null },
  ): Promise<Member | null>
  member(queue: string, call: string): Promise<Member | null>
  /** The waiting and offered callers, in order; not those who talk. */
  waiting(queue: string): Promise<Member[]>
  /** All callers who have a place, in no order. */
  members(queue: string): Promise<Member[]>
  /**
   * Writes the record that `decide` returns (pure: it may run twice). Null when it returns null, or without a record.
   */
  change(queue: string, call: string, decide: (member: Member) => Member | null): Promise<Member | null>
  /**
   * Moves the place of a waiting caller to the queue `to`, with time and order. False, and nothing is moved, when the
   * record has changed since or there is no such queue.
   */
  move(member: Member, to: string, now: number): Promise<boolean>
  /**
   * Reserves the agents for the caller until now + ttlMs: all records or none. Null when one of them has changed since.
   */
  assign(
    assignment: Assignment,
    node: string,
    ttlMs: number,
    now: number,
  ): Promise<{ agent: Agent; others: readonly Agent[]; member: Member } | null>
  offers(queue: string): Promise<OfferRecord[]>
  /**
   * Stores the request of this caller for CALLBACK_LASTS_MS: one for each call and queue, a second one changes nothing.
   * When the queue was removed and its name leads to another one, that one gets it.
   */
  keepForCallback(request: Omit<CallbackRequest, 'keptAt'>, now: number): Promise<void>
  /** Of these queues, oldest first. */
  callbackRequests(...queues: string[]): Promise<CallbackRequest[]>
  /** A row of PostgreSQL has it. */
  removeCallbackRequest(queue: string, call: string): Promise<void>
  /**
   * The place of a callback in the order of its queue, unless it is there; the queue to which a removed one leads gets
   * it. False without such a queue.
   */
  awaitCallback(queue: string, place: Awaited, now: number): Promise<boolean>
  /** Removes the place of a callback whose call is not made. Null when there is none, or when its call has come. */
  forgetCallback(queue: string, call: string): Promise<Member | null>
  stats(queue: string): Promise<QueueStats>
  /** How long its talks last, from the answer until the flow leaves the queue. */
  talkTime(queue: string): Promise<TalkTime>
  /** Adds a rule, or changes the one that this number has for this queue. */
  putNumberRule(rule: NumberRule): Promise<void>
  removeNumberRule(rule: NumberKey): Promise<void>
  numberRules(): Promise<NumberRule[]>
  /** The rule that counts for callers of this number in this queue. */
  numberRule(queue: string, number: string): Promise<NumberRule | null>
  onChange(listener: (notice: QueueNotice) => void): Disposable
}

type Decision<T> = SwapEffects & { readonly next: T }

/** Whose callers a node reads at one time (base/batches.ts). */
export const QUEUES_AT_ONCE = 10

/** A swap fails only when another one succeeded, so this many consecutive failures mean a broken store. */
const TRIES = 100

/** `events`: is told that an assignment has reserved an agent. */
export function queueStoreOver(table: QueueTable, events: Events = silentEvents): QueueStore {
  /** Reads, decides, writes; repeats when another write came in between. Null: nothing is to be written, or 'full'. */
  async function rewrite<T extends Member | null>(
    queue: string,
    call: string,
    decide: (stored: Member | null) => Decision<T> | null | Promise<Decision<T> | null>,
  ): Promise<{ before: Member | null; next: T } | null> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const before = await table.read(queue, call)
      const decision = await decide(before)
      if (!decision) return null
      const { next, ...effects } = decision
      const done = { before, next }
      if (next?.rev === before?.rev) return done
      const swapped = await table.swap({ queue, call, rev: before?.rev ?? 0 }, next, effects)
      if (swapped === 'no queue') throw noSuchQueue(queue, await table.readQueues())
      if (swapped === 'full') return null
      if (swapped) return done
    }
    throw new SwitchhookError(
      'SERVICE',
      `the place of call ${call} in queue ${queue} was not written in ${TRIES} attempts`,
    )
  }

  /** The queue to which this name leads; the name itself when it leads to none. */
  const inUseFor = async (name: string) => wayTo(name, byName(await table.readQueues()))?.at(-1) ?? name

  const move = (member: Member, to: string, now: number): Promise<boolean> =>
    table.move(member, moved(member, to, now), member.callback ? null : 'entered')

  async function admit(queue: string, joining: Joining, now: number, { most, number }: EntryLimits) {
    const [queues, seq] = await Promise.all([table.readQueues(), table.nextSeq()])
    const way = wayTo(queue, byName(queues))
    if (!way) throw noSuchQueue(queue, queues)
    const [inUse, ...removed] = way.toReversed() as [string, ...string[]]
    for (const name of removed) {
      const stored = await table.read(name, joining.call)
      if (!stored || (stored.state === 'waiting' && (await move(stored, inUse, now)))) continue
      const stays = await rewrite(name, joining.call, again => again && rejoins(again, joining.node, now))
      if (stays) return stays.next
    }
    const { rememberMs } = queues.find(({ name }) => name === inUse)!
    const isRemembered = rememberMs !== undefined && rememberMs > 0 && knownNumber(joining.from) !== null
    const lastAgent = isRemembered ? await table.lastAgent(inUse, joining.from, now) : null
    const remembered = { ...(isRemembered && { rememberMs }), ...(lastAgent !== null && { lastAgent }) }
    const entered = await rewrite(inUse, joining.call, async stored => {
      if (stored) return rejoins(stored, joining.node, now)
      const left = number === null ? null : await table.leftPlace(inUse, number)
      const resumes = left && now < left.until ? left : undefined
      return {
        next: joined(inUse, { ...joining, ...remembered, ...(resumes && timeOf(resumes)) }, seq, now),
        count: 'entered',
        ...(most > 0 && { most }),
        ...(resumes && { resumes }),
      }
    })
    return entered?.next ?? ('full' as const)
  }

  return {
    async put(queue) {
      const { name, strategy, movedTo } = queue
      checkName('queue', name)
      if (!strategyNames().includes(strategy)) throw new InputError(`queue ${name}: ${noStrategy(strategy)}`)
      const stored = (await table.readQueues()).find(one => one.name === name && isInUse(one))
      const isWritten = await table.putQueue({
        ...unknownIn(QUEUE_SETTINGS, { ...stored, ...queue }, OWN_FIELDS),
        name,
        strategy,
        ...(movedTo !== undefined && { movedTo }),
        ...settingsOf(QUEUE_SETTINGS, queue),
      })
      if (!isWritten)
        throw new InputError(
          `queue ${name} was written by a newer version of Switchhook, which this one cannot read: change it with that version`,
        )
    },
    remove: name => table.removeQueue(name),
    queues: async () => (await table.readQueues()).filter(isInUse),
    everyQueue: () => table.readQueues(),
    mark: () => table.mark(),
    markThere: () => table.markThere(),
    resync: () => table.resync(),
    async enter(queue, joining, now) {
      const entered = await admit(queue, joining, now, NO_LIMITS)
      return entered as Member
    },
    admit,
    async leave(queue, call, how, at) {
      const count = how === 'talked' ? null : how
      const leave = (name: string) =>
        rewrite(name, call, stored => {
          if (!stored) return null
          const { answeredAt } = stored
          if (answeredAt !== null) return { next: null, count: null, ...(at && { talkMs: at.now - answeredAt }) }
          return { next: null, count, ...(at?.returning && { keeps: leftPlace(stored, at.now, at.returning) }) }
        })
      const left = await leave(queue)
      if (left) return left.before
      const inUse = await inUseFor(queue)
      return inUse === queue ? null : ((await leave(inUse))?.before ?? null)
    },
    member: (queue, call) => table.read(queue, call),
    waiting: async queue => (await table.readAll(queue)).filter(inOrder).sort(byScore),
    members: queue => table.readAll(queue),
    async change(queue, call, decide) {
      const changed = await rewrite(queue, call, stored => {
        const next = stored && decide(stored)
        if (!next) return null
        const isAnswered = next.state === 'talking' && stored.state !== 'talking'
        return {
          next,
          count: isAnswered && stored.answeredAt === null ? 'answered' : null,
          talks: isAnswered ? talkOf(next, next.rev) : undefined,
        }
      })
      return changed?.next ?? null
    },
    move,
    async assign(
      { member, agent: first, others = [], insteadOf, onLeg, sharing = [], turns, record },
      node,
      ttlMs,
      now,
    ) {
      const { queue, call } = member
      const before = [first, ...others]
      const agents = before.flatMap((one, at) => {
        const next = reserved(one, { for: call, queue, ttlMs, insteadOf, onLeg, turn: turns?.[at] }, now)
        return next?.reservation
          ? [{ rev: one.rev, next, offer: { agent: one.name, epoch: next.reservation.epoch } }]
          : []
      })
      const [{ next: agent, offer } = {}] = agents
      if (!agent || !offer || agents.length < before.length) return null
      const called = offered(
        member,
        agents.map(one => one.offer),
        now,
      )
      const { epoch } = offer
      const unchanged = sharing.map(next => ({ rev: next.rev, next }))
      if (
        !(await table.assign([...agents, ...unchanged], { rev: member.rev, next: called }, { ...record, epoch, node }))
      )
        return null
      for (const [at, { next }] of agents.entries()) tellChange(events, before[at]!, next)
      return { agent, others: agents.slice(1).map(({ next }) => next), member: called }
    },
    offers: queue => table.offers(queue),
    async keepForCallback(request, now) {
      const { queue } = request
      let keeps: string
      let inUse = await inUseFor(queue)
      do {
        keeps = inUse
        await table.putCallbackRequest({ ...request, queue: keeps, keptAt: now })
        inUse = await inUseFor(queue) // another one: the queue was removed, and perhaps its callbacks went without this one
      } while (inUse !== keeps)
    },
    callbackRequests: async (...queues) => (await table.callbackRequests(queues)).sort((a, b) => a.keptAt - b.keptAt),
    removeCallbackRequest: (queue, call) => table.removeCallbackRequest(queue, call),
    async awaitCallback(queue, place, now) {
      const inUse = wayTo(queue, byName(await table.readQueues()))?.at(-1)
      if (inUse === undefined) return false
      const there = await table.read(inUse, place.call)
      const seq = there ? there.seq : await table.nextSeq()
      await rewrite<Member>(inUse, place.call, stored => {
        const next = stored ? awaitedAgain(stored, place, now) : awaited(inUse, place, seq, now)
        return next && { next, count: null }
      })
      return true
    },
    async forgetCallback(queue, call) {
      const forget = (name: string) =>
        rewrite<null>(name, call, stored => (stored?.callback ? { next: null, count: null } : null))
      const inUse = await inUseFor(queue)
      return ((await forget(queue)) ?? (inUse === queue ? null : await forget(inUse)))?.before ?? null
    },
    stats: queue => table.stats(queue),
    talkTime: queue => table.talkTime(queue),
    putNumberRule: rule => table.putNumberRule(rule),
    removeNumberRule: rule => table.removeNumberRule(rule),
    numberRules: () => table.numberRules(),
    numberRule: (queue, number) => table.firstNumberRule(ruleKeysFor(queue, number)),
    onChange: listener => table.onChange(listener),
  }
}

const noSuchQueue = (name: string, queues: readonly QueueSettings[]) =>
  new NotFoundError(
    'queue',
    name,
    queues.filter(isInUse).map(known => known.name),
  )

const byName = (queues: readonly QueueSettings[]) => new Map(queues.map(queue => [queue.name, queue]))

const talkOf = ({ from, offer, rememberMs }: Member, at: number): Talk | undefined =>
  rememberMs === undefined ? undefined : { from, agent: offer!.agent, at, forMs: rememberMs }

/** The same caller enters again. */
const rejoins = (member: Member, node: string, now: number) => ({
  next: rejoined(member, node, now),
  count: member.callback ? ('entered' as const) : null, // it left the queue for a callback, and now enters it again
})
