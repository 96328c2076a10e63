/** Queues in Redis, shared by all nodes. */
import type { Agent } from '../agent/agent.ts'
import { RedisNotices } from '../agent/redis-notices.ts'
import { agentKeys, agentNotice, type RedisHome } from '../agent/redis-roster.ts'
import { channelOf, defineScript, type RedisClient } from '../store/redis.ts'
import type { Member } from './member.ts'
import {
  CALLBACK_LASTS_MS,
  COUNTS,
  KEPT_OFFERS,
  queueStoreOver,
  type Callback,
  type Count,
  type OfferRecord,
  type PlaceAt,
  type QueueNotice,
  type QueueSettings,
  type QueueStats,
  type QueueStore,
  type QueueTable,
} from './store.ts'

/** Every key and channel of this directory. */
const queueKeys = (redis: RedisClient) => ({
  /** Hash: queue's name → QueueSettings as JSON. */
  queues: 'sh:queues',
  /** Counter: the order in which callers joined. */
  seq: 'sh:queues:seq',
  /** Channel: QueueNotice as JSON, one for every write. */
  changed: channelOf(redis, 'sh:queues:changed'),
  /** Hash: caller's uuid → Member as JSON. */
  members: (queue: string) => `sh:queue:${queue}:members`,
  /** List of OfferRecord as JSON, newest first, KEPT_OFFERS of them. */
  offers: (queue: string) => `sh:queue:${queue}:offers`,
  /** Hash: caller's uuid → Callback as JSON, for CALLBACK_LASTS_MS. */
  callbacks: (queue: string) => `sh:queue:${queue}:callbacks`,
  /** Hash: Count → number. */
  stats: (queue: string) => `sh:queue:${queue}:stats`,
})

const swapMember = defineScript(new URL('./lua/swap-member.lua', import.meta.url), reply => reply === 1)
const putCallback = defineScript(new URL('./lua/put-callback.lua', import.meta.url), reply => reply === 1)
const assign = defineScript(new URL('./lua/assign.lua', import.meta.url), reply => reply === 1)

class RedisQueues implements QueueTable {
  readonly #redis: RedisClient
  readonly #keys: ReturnType<typeof queueKeys>
  readonly #agentKeys: ReturnType<typeof agentKeys>
  readonly #notices: RedisNotices<QueueNotice>

  constructor(home: RedisHome) {
    this.#redis = home.commands
    this.#keys = queueKeys(home.commands)
    this.#agentKeys = agentKeys(home.commands)
    this.#notices = new RedisNotices(home.subscriber, this.#keys.changed)
  }

  async putQueue(queue: QueueSettings): Promise<void> {
    await this.#redis.hset(this.#keys.queues, queue.name, JSON.stringify(queue))
    await this.#redis.publish(this.#keys.changed, JSON.stringify({ what: 'queue', queue } satisfies QueueNotice))
  }

  async readQueues(): Promise<QueueSettings[]> {
    return parsed(await this.#redis.hvals(this.#keys.queues))
  }

  async read(queue: string, call: string): Promise<Member | null> {
    const record = await this.#redis.hget(this.#keys.members(queue), call)
    return record === null ? null : (JSON.parse(record) as Member)
  }

  async readAll(queue: string): Promise<Member[]> {
    return parsed(await this.#redis.hvals(this.#keys.members(queue)))
  }

  nextSeq(): Promise<number> {
    return this.#redis.incr(this.#keys.seq)
  }

  swap({ queue, call, rev }: PlaceAt, next: Member | null, count: Count | null): Promise<boolean> {
    const notice = memberNotice(queue, call, next?.rev ?? rev, next)
    return swapMember(
      this.#redis,
      [this.#keys.members(queue), this.#keys.stats(queue)],
      [call, rev, next ? JSON.stringify(next) : '', count ?? '', this.#keys.changed, notice],
    )
  }

  assign(revs: { agent: number; member: number }, agent: Agent, member: Member, record: OfferRecord): Promise<boolean> {
    const { queue, call } = member
    return assign(
      this.#redis,
      [this.#agentKeys.agents, this.#keys.members(queue), this.#keys.offers(queue)],
      [
        agent.name,
        revs.agent,
        JSON.stringify(agent),
        call,
        revs.member,
        JSON.stringify(member),
        JSON.stringify(record),
        KEPT_OFFERS,
        this.#agentKeys.changed,
        agentNotice(agent.name, agent.rev, agent),
        this.#keys.changed,
        memberNotice(queue, call, member.rev, member),
      ],
    )
  }

  async offers(queue: string): Promise<OfferRecord[]> {
    return parsed(await this.#redis.lrange(this.#keys.offers(queue), 0, -1))
  }

  async putCallback(callback: Callback): Promise<void> {
    const { queue, call, keptAt } = callback
    await putCallback(
      this.#redis,
      [this.#keys.callbacks(queue)],
      [call, JSON.stringify(callback), keptAt - CALLBACK_LASTS_MS, CALLBACK_LASTS_MS],
    )
  }

  async callbacks(queue: string): Promise<Callback[]> {
    return parsed(await this.#redis.hvals(this.#keys.callbacks(queue)))
  }

  async stats(queue: string): Promise<QueueStats> {
    const counted = await this.#redis.hgetall(this.#keys.stats(queue))
    return Object.fromEntries(COUNTS.map(count => [count, Number(counted[count] ?? 0)])) as QueueStats
  }

  onChange(listener: (notice: QueueNotice) => void): Disposable {
    return this.#notices.on(listener)
  }
}

const parsed = <T>(records: string[]): T[] => records.map(record => JSON.parse(record) as T)

const memberNotice = (queue: string, call: string, rev: number, member: Member | null): string =>
  JSON.stringify({ what: 'member', queue, call, rev, member } satisfies QueueNotice)

/** Takes the same clients as the roster: listeners must receive an offer after its reservation. */
export function redisQueueStore(home: RedisHome): QueueStore {
  return queueStoreOver(new RedisQueues(home))
}
