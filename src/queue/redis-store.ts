/** Queues in Redis, shared by all nodes. */
import { randomUUID } from 'node:crypto'
import { RedisNotices } from '../agent/redis-notices.ts'
import { agentNotice, agentRecord } from '../agent/agent-record.ts'
import { agentKeys, type RedisHome } from '../agent/redis-roster.ts'
import { silentLog, type Log } from '../base/log.ts'
import type { RecordCodec } from '../store/record-codec.ts'
import { RecordMemo } from '../store/record-memo.ts'
import { channelOf, defineScript, type RedisClient } from '../store/redis.ts'
import type { Member } from './member.ts'
import type { LeftPlace } from './left-place.ts'
import { ruleKey, type NumberKey, type NumberRule } from './number-rules.ts'
import { TALKS_COUNTED, type TalkTime } from './waiting-rules.ts'
import {
  callbackRequestRecord,
  callerKey,
  leftPlaceRecord,
  memberNotice,
  memberRecord,
  numberRuleRecord,
  offerRecord,
  queueNotice,
  queueRecord,
  readQueueNotice,
} from './queue-records.ts'
import { queueStoreOver, type QueueSettings, type QueueStore } from './store.ts'
import {
  CALLBACK_LASTS_MS,
  COUNTS,
  KEPT_OFFERS,
  type CallbackRequest,
  type Count,
  type OfferRecord,
  type QueueNotice,
  type QueueStats,
  type PlaceAt,
  type QueueTable,
  type SwapEffects,
} from './queue-table.ts'

/** Every key and channel of this directory. */
const queueKeys = (redis: RedisClient) => ({
  /** Hash: queue's name → QueueSettings as JSON. */
  queues: 'sh:queues',
  /** String: the definitions of PostgreSQL are in this Redis (recovery/definitions.ts). */
  defined: 'sh:defined',
  /** Hash: queue and number (number-rules.ts, ruleKey) → NumberRule as JSON. */
  numberRules: 'sh:number-rules',
  /** Counter: the order in which callers joined. */
  seq: 'sh:queues:seq',
  /** Channel: QueueNotice as JSON, one for every write. */
  changed: channelOf(redis, 'sh:queues:changed'),
  /** Hash: caller's uuid → Member as JSON. */
  members: (queue: string) => `sh:queue:${queue}:members`,
  /** List of OfferRecord as JSON, newest first, KEPT_OFFERS of them. */
  offers: (queue: string) => `sh:queue:${queue}:offers`,
  /** Hash: caller's uuid → CallbackRequest as JSON, until PostgreSQL has it; for CALLBACK_LASTS_MS at most. */
  callbacks: (queue: string) => `sh:queue:${queue}:callbacks`,
  /** String: the agent who talked last with the caller of this number. */
  lastAgent: (queue: string, from: string) => `sh:queue:${queue}:last-agent:${from}`,
  /** String: LeftPlace as JSON, of a caller with this number, for a day at most. */
  left: (queue: string, number: string) => `sh:queue:${queue}:left:${number}`,
  /** Hash: Count → number; talks and talkMs: TalkTime. */
  stats: (queue: string) => `sh:queue:${queue}:stats`,
})

/** The longest time of the setting resumeWithin: the record itself says until when it counts. */
const LEFT_PLACE_LASTS_MS = 86_400_000

const swapMember = defineScript(new URL('./lua/swap-member.lua', import.meta.url), reply =>
  reply === -1 ? ('no queue' as const) : reply === -2 ? ('full' as const) : reply === 1,
)
const putQueue = defineScript(new URL('./lua/put-queue.lua', import.meta.url), reply => reply === 1)
const moveMember = defineScript(new URL('./lua/move-member.lua', import.meta.url), reply => reply === 1)
const removeQueue = defineScript(new URL('./lua/remove-queue.lua', import.meta.url), reply => reply === 1)
const putCallback = defineScript(new URL('./lua/put-callback.lua', import.meta.url), reply => reply === 1)
const assign = defineScript(new URL('./lua/assign.lua', import.meta.url), reply => reply === 1)

const sayRule = (key: string): string => `number rule '${key}'`

class RedisQueues implements QueueTable {
  readonly #redis: RedisClient
  readonly #keys: ReturnType<typeof queueKeys>
  readonly #agentKeys: ReturnType<typeof agentKeys>
  readonly #notices: RedisNotices<QueueNotice>
  readonly #queues = new RecordMemo(queueRecord, name => `queue ${name}`)
  readonly #log: Log

  constructor(home: RedisHome) {
    this.#redis = home.commands
    this.#keys = queueKeys(home.commands)
    this.#agentKeys = agentKeys(home.commands)
    this.#log = home.log ?? silentLog
    this.#notices = new RedisNotices(home.subscriber, this.#keys.changed, one => readQueueNotice(one, this.#log))
  }

  putQueue(queue: QueueSettings): Promise<boolean> {
    const { queues, changed, offers, callbacks, stats } = this.#keys
    const { name, movedTo } = queue
    return putQueue(
      this.#redis,
      [queues, offers(name), stats(name), callbacks(name), callbacks(movedTo ?? name)],
      [
        name,
        queueRecord.write(queue),
        movedTo ?? '',
        CALLBACK_LASTS_MS,
        changed,
        queueNotice(queue),
        queueRecord.version,
      ],
    )
  }

  removeQueue(name: string): Promise<boolean> {
    const { queues, changed, members, offers, callbacks, stats } = this.#keys
    return removeQueue(
      this.#redis,
      [queues, members(name), offers(name), callbacks(name), stats(name)],
      [name, changed, JSON.stringify({ what: 'resync' } satisfies QueueNotice)],
    )
  }

  async readQueues(): Promise<QueueSettings[]> {
    return this.#queues.read(await this.#redis.hgetall(this.#keys.queues), this.#log)
  }

  async read(queue: string, call: string): Promise<Member | null> {
    const record = await this.#redis.hget(this.#keys.members(queue), call)
    return record === null ? null : memberRecord.read(record, callerKey(call, queue), this.#log)
  }

  async readAll(queue: string): Promise<Member[]> {
    const members = await this.#redis.hgetall(this.#keys.members(queue))
    return this.#read(memberRecord, members, call => callerKey(call, queue))
  }

  async mark(): Promise<string> {
    await this.#redis.set(this.#keys.defined, randomUUID(), 'NX')
    return (await this.markThere()) ?? this.mark() // lost again in between
  }

  markThere(): Promise<string | null> {
    return this.#redis.get(this.#keys.defined)
  }

  async resync(): Promise<void> {
    await this.#redis.publish(this.#keys.changed, JSON.stringify({ what: 'resync' } satisfies QueueNotice))
  }

  nextSeq(): Promise<number> {
    return this.#redis.incr(this.#keys.seq)
  }

  swap(
    { queue, call, rev }: PlaceAt,
    next: Member | null,
    { count, most, resumes, keeps, talkMs, talks }: SwapEffects,
  ): ReturnType<QueueTable['swap']> {
    const notice = memberNotice(queue, call, next?.rev ?? rev, next)
    const { members, stats, queues, left, lastAgent, changed } = this.#keys
    return swapMember(
      this.#redis,
      [
        members(queue),
        stats(queue),
        queues,
        left(queue, (resumes ?? keeps)?.number ?? ''),
        lastAgent(queue, talks?.from ?? ''),
      ],
      [
        call,
        rev,
        next ? memberRecord.write(next) : '',
        count ?? '',
        changed,
        notice,
        queue,
        most ?? '',
        resumes?.call ?? '',
        keeps ? leftPlaceRecord.write(keeps) : '',
        LEFT_PLACE_LASTS_MS,
        talkMs ?? '',
        TALKS_COUNTED,
        talks?.agent ?? '',
        talks?.forMs ?? 0,
      ],
    )
  }

  lastAgent(queue: string, from: string): Promise<string | null> {
    return this.#redis.get(this.#keys.lastAgent(queue, from))
  }

  async leftPlace(queue: string, number: string): Promise<LeftPlace | null> {
    const key = this.#keys.left(queue, number)
    const record = await this.#redis.get(key)
    return record === null ? null : leftPlaceRecord.read(record, key, this.#log)
  }

  move({ queue, call, rev }: PlaceAt, next: Member, count: Count | null): Promise<boolean> {
    const { queues, changed, members, stats } = this.#keys
    return moveMember(
      this.#redis,
      [members(queue), members(next.queue), stats(next.queue), queues],
      [
        call,
        rev,
        memberRecord.write(next),
        next.queue,
        count ?? '',
        changed,
        memberNotice(next.queue, call, next.rev, next),
        memberNotice(queue, call, rev, null),
      ],
    )
  }

  assign(...[agents, { rev, next: member }, record]: Parameters<QueueTable['assign']>): Promise<boolean> {
    const { queue, call } = member
    return assign(
      this.#redis,
      [this.#agentKeys.agents, this.#keys.members(queue), this.#keys.offers(queue)],
      [
        call,
        rev,
        memberRecord.write(member),
        memberNotice(queue, call, member.rev, member),
        this.#keys.changed,
        offerRecord.write(record),
        KEPT_OFFERS,
        this.#agentKeys.changed,
        ...agents.flatMap(one => [
          one.next.name,
          one.rev,
          agentRecord.write(one.next),
          agentNotice(one.next.name, one.next.rev, one.next),
        ]),
      ],
    )
  }

  async offers(queue: string): Promise<OfferRecord[]> {
    const key = this.#keys.offers(queue)
    const offers = await this.#redis.lrange(key, 0, -1)
    return offers.flatMap(record => offerRecord.read(record, key, this.#log) ?? [])
  }

  async putCallbackRequest(request: CallbackRequest): Promise<void> {
    const { queue, call, keptAt } = request
    await putCallback(
      this.#redis,
      [this.#keys.callbacks(queue)],
      [call, callbackRequestRecord.write(request), keptAt - CALLBACK_LASTS_MS, CALLBACK_LASTS_MS],
    )
  }

  async removeCallbackRequest(queue: string, call: string): Promise<void> {
    await this.#redis.hdel(this.#keys.callbacks(queue), call)
  }

  async callbackRequests(queues: readonly string[]): Promise<CallbackRequest[]> {
    // mostly there is none: one question for all queues, every few seconds
    const keys = queues.map(queue => this.#keys.callbacks(queue))
    if (keys.length === 0 || (await this.#redis.exists(...keys)) === 0) return []
    const ofQueue = async (queue: string, at: number) => {
      const callbacks = await this.#redis.hgetall(keys[at]!)
      const kept = this.#read(callbackRequestRecord, callbacks, call => `callback of ${call} in ${queue}`)
      return kept.map(callback => ({ ...callback, queue })) // the record of one that was moved names the queue before
    }
    return (await Promise.all(queues.map(ofQueue))).flat()
  }

  async stats(queue: string): Promise<QueueStats> {
    const counted = await this.#redis.hgetall(this.#keys.stats(queue))
    return Object.fromEntries(COUNTS.map(count => [count, Number(counted[count] ?? 0)])) as QueueStats
  }

  async talkTime(queue: string): Promise<TalkTime> {
    const [talks, meanMs] = await this.#redis.hmget(this.#keys.stats(queue), 'talks', 'talkMs')
    return { talks: Number(talks ?? 0), meanMs: Number(meanMs ?? 0) }
  }

  async putNumberRule(rule: NumberRule): Promise<void> {
    await this.#redis.hset(this.#keys.numberRules, ruleKey(rule), numberRuleRecord.write(rule))
  }

  async removeNumberRule(rule: NumberKey): Promise<void> {
    await this.#redis.hdel(this.#keys.numberRules, ruleKey(rule))
  }

  async numberRules(): Promise<NumberRule[]> {
    return this.#read(numberRuleRecord, await this.#redis.hgetall(this.#keys.numberRules), sayRule)
  }

  async firstNumberRule(keys: readonly string[]): Promise<NumberRule | null> {
    const records = await this.#redis.hmget(this.#keys.numberRules, ...keys)
    const at = records.findIndex(record => record !== null)
    return at < 0 ? null : numberRuleRecord.read(records[at]!, sayRule(keys[at]!), this.#log)
  }

  /** Those that can be read, of a hash. */
  #read<T extends object>(codec: RecordCodec<T>, hash: Record<string, string>, keyOf: (field: string) => string): T[] {
    return Object.entries(hash).flatMap(([field, record]) => codec.read(record, keyOf(field), this.#log) ?? [])
  }

  onChange(listener: (notice: QueueNotice) => void): Disposable {
    return this.#notices.on(listener)
  }
}

/** Takes the same clients as the roster: listeners must receive an offer after its reservation. */
export function redisQueueStore(home: RedisHome): QueueStore {
  return queueStoreOver(new RedisQueues(home), home.events)
}
