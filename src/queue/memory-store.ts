/**
 * Queues in this process's memory: for tests and for the demo. Every read and write happens in one turn of the event
 * loop.
 */
import type { MemoryAgents } from '../agent/memory-roster.ts'
import type { Events } from '../events/events.ts'
import { Emitter } from '../base/emitter.ts'
import { inOrder, type Member } from './member.ts'
import type { LeftPlace } from './left-place.ts'
import { ruleKey, type NumberKey, type NumberRule } from './number-rules.ts'
import { NO_TALKS, withTalk, type TalkTime } from './waiting-rules.ts'
import { queueStoreOver, type QueueSettings, type QueueStore } from './store.ts'
import {
  CALLBACK_LASTS_MS,
  KEPT_OFFERS,
  type CallbackRequest,
  type Count,
  type OfferRecord,
  type QueueNotice,
  type QueueStats,
  type PlaceAt,
  type QueueTable,
  type SwapEffects,
  type Talk,
} from './queue-table.ts'

interface Kept {
  settings: QueueSettings
  readonly members: Map<string, Member>
  readonly callbacks: Map<string, CallbackRequest>
  readonly stats: QueueStats
  offers: OfferRecord[]
  talkTime: TalkTime
  /** By number. */
  readonly left: Map<string, LeftPlace>
}

class MemoryQueues implements QueueTable {
  readonly #agents: MemoryAgents
  readonly #queues = new Map<string, Kept>()
  readonly #notices = new Emitter<{ notice: QueueNotice }>()
  readonly #lastAgents = new Map<string, Talk>()
  readonly #rules = new Map<string, NumberRule>()
  #seq = 0

  constructor(agents: MemoryAgents) {
    this.#agents = agents
  }

  async putQueue(settings: QueueSettings): Promise<boolean> {
    const { name, movedTo } = settings
    const before = this.#queues.get(name)
    const { members = new Map(), callbacks = new Map<string, CallbackRequest>() } = before ?? {}
    if (before && before.settings.movedTo === movedTo) before.settings = settings
    else
      this.#queues.set(name, {
        settings,
        members,
        callbacks,
        stats: noStats(),
        offers: [],
        talkTime: NO_TALKS,
        left: new Map(),
      })
    if (movedTo !== undefined) {
      for (const callback of callbacks.values()) this.#keep({ ...callback, queue: movedTo })
      callbacks.clear()
    }
    this.#notices.emit('notice', { what: 'queue', queue: settings })
    return true
  }

  async removeQueue(name: string): Promise<boolean> {
    if ((this.#queues.get(name)?.members.size ?? 0) > 0) return false
    this.#queues.delete(name)
    await this.resync()
    return true
  }

  async readQueues(): Promise<QueueSettings[]> {
    return [...this.#queues.values()].map(kept => kept.settings)
  }

  async read(queue: string, call: string): Promise<Member | null> {
    return this.#queues.get(queue)?.members.get(call) ?? null
  }

  async readAll(queue: string): Promise<Member[]> {
    return [...(this.#queues.get(queue)?.members.values() ?? [])]
  }

  /** These records are never lost. */
  async mark(): Promise<string> {
    return 'memory'
  }

  markThere(): Promise<string> {
    return this.mark()
  }

  async resync(): Promise<void> {
    this.#notices.emit('notice', { what: 'resync' })
  }

  async nextSeq(): Promise<number> {
    return ++this.#seq
  }

  async swap({ queue, call, rev }: PlaceAt, next: Member | null, effects: SwapEffects): ReturnType<QueueTable['swap']> {
    if (!this.#has(queue, call, rev)) return false
    const kept = this.#queues.get(queue)
    if (!kept) return 'no queue'
    const { count, most = Infinity, resumes, keeps, talkMs, talks } = effects
    if ([...kept.members.values()].filter(inOrder).length >= most) return 'full'
    if (resumes && kept.left.get(resumes.number)?.call !== resumes.call) return false
    if (resumes) kept.left.delete(resumes.number)
    if (keeps) kept.left.set(keeps.number, keeps)
    if (talkMs !== undefined) kept.talkTime = withTalk(kept.talkTime, talkMs)
    this.#write(queue, call, rev, next)
    if (count) kept.stats[count]++
    if (talks) this.#lastAgents.set(`${queue} ${talks.from}`, talks)
    return true
  }

  async lastAgent(queue: string, from: string, now: number): Promise<string | null> {
    const talk = this.#lastAgents.get(`${queue} ${from}`)
    return talk && now < talk.at + talk.forMs ? talk.agent : null
  }

  async leftPlace(queue: string, number: string): Promise<LeftPlace | null> {
    return this.#queues.get(queue)?.left.get(number) ?? null
  }

  async move({ queue, call, rev }: PlaceAt, next: Member, count: Count | null): Promise<boolean> {
    const target = this.#queues.get(next.queue)
    if (!target || !this.#queues.get(queue)?.members.has(call) || !this.#has(queue, call, rev)) return false
    if (!target.members.has(call)) {
      this.#write(next.queue, call, 0, next)
      if (count) target.stats[count]++
    }
    this.#write(queue, call, rev, null)
    return true
  }

  async assign(...[agents, member, record]: Parameters<QueueTable['assign']>): Promise<boolean> {
    const { queue, call } = member.next
    const areThere = agents.every(({ rev, next }) => this.#agents.has(next.name, rev))
    if (!areThere || !this.#has(queue, call, member.rev)) return false
    const kept = this.#queues.get(queue)!
    kept.offers = [record, ...kept.offers.slice(0, KEPT_OFFERS - 1)]
    for (const { next } of agents) this.#agents.write(next.name, next)
    this.#write(queue, call, member.rev, member.next)
    return true
  }

  async offers(queue: string): Promise<OfferRecord[]> {
    return this.#queues.get(queue)?.offers ?? []
  }

  async putCallbackRequest(request: CallbackRequest): Promise<void> {
    this.#keep(request)
  }

  async callbackRequests(queues: readonly string[]): Promise<CallbackRequest[]> {
    return queues.flatMap(queue => [...(this.#queues.get(queue)?.callbacks.values() ?? [])])
  }

  async removeCallbackRequest(queue: string, call: string): Promise<void> {
    this.#queues.get(queue)?.callbacks.delete(call)
  }

  async stats(queue: string): Promise<QueueStats> {
    return { ...(this.#queues.get(queue)?.stats ?? noStats()) }
  }

  async talkTime(queue: string): Promise<TalkTime> {
    return this.#queues.get(queue)?.talkTime ?? NO_TALKS
  }

  async putNumberRule(rule: NumberRule): Promise<void> {
    this.#rules.set(ruleKey(rule), rule)
  }

  async removeNumberRule(rule: NumberKey): Promise<void> {
    this.#rules.delete(ruleKey(rule))
  }

  async numberRules(): Promise<NumberRule[]> {
    return [...this.#rules.values()]
  }

  async firstNumberRule(keys: readonly string[]): Promise<NumberRule | null> {
    return this.#rules.get(keys.find(key => this.#rules.has(key)) ?? '') ?? null
  }

  onChange(listener: (notice: QueueNotice) => void): Disposable {
    const listening = this.#notices.on('notice', listener)
    queueMicrotask(() => listener({ what: 'resync' }))
    return listening
  }

  #keep(callback: CallbackRequest): void {
    const callbacks = this.#queues.get(callback.queue)?.callbacks
    for (const [call, { keptAt }] of callbacks ?? [])
      if (keptAt < callback.keptAt - CALLBACK_LASTS_MS) callbacks!.delete(call)
    if (callbacks && !callbacks.has(callback.call)) callbacks.set(callback.call, callback)
  }

  #has(queue: string, call: string, rev: number): boolean {
    return (this.#queues.get(queue)?.members.get(call)?.rev ?? 0) === rev
  }

  #write(queue: string, call: string, rev: number, next: Member | null): void {
    const { members } = this.#queues.get(queue)!
    if (next) members.set(call, next)
    else members.delete(call)
    this.#notices.emit('notice', { what: 'member', queue, call, rev: next?.rev ?? rev, member: next })
  }
}

const noStats = (): QueueStats => ({ entered: 0, answered: 0, abandoned: 0, callback: 0, left: 0 })

/** `agents` is the table of the memory roster: the store writes an agent and a caller in one step. */
export function memoryQueueStore(agents: MemoryAgents, events?: Events): QueueStore {
  return queueStoreOver(new MemoryQueues(agents), events)
}
