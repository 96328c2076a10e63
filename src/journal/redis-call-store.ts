/** The call store in Redis, shared by all nodes. Every write is one small script, so owner and journal always agree. */
import type { Clock } from '../base/clock.ts'
import { defineScript, type RedisClient, type Script } from '../store/redis.ts'
import type { CallStore, Owner, Taken } from './call-store.ts'
import { RedisTimeout } from '../store/redis-timeout.ts'

/** A caller accepts a pause of this length as processing time; a longer one sounds like a dead line. */
const ANSWERS_WITHIN_MS = 250
/** Removes journals of calls whose end no node saw. Longer than any time between two steps: a bridge is one step. */
const JOURNAL_LASTS_S = 12 * 3_600

/** Every key of the call store. */
export const callStoreKeys = {
  /** Hash: uuid → epoch, a space, node. */
  calls: 'sh:calls',
  /** List: the journal of one call, oldest entry first. */
  journal: (uuid: string) => `sh:journal:${uuid}`,
}

const done = (reply: unknown): boolean => reply === 1
const appendCalls = defineScript(new URL('./lua/append-calls.lua', import.meta.url), reply =>
  (reply as unknown[]).map(done),
)
const restartCall = defineScript(new URL('./lua/restart-call.lua', import.meta.url), done)
const endCall = defineScript(new URL('./lua/end-call.lua', import.meta.url), done)
const takeCall = defineScript(new URL('./lua/take-call.lua', import.meta.url), (reply): Taken => {
  const [epoch, before, entries] = reply as [number, string, string[]]
  return { epoch, before: ownerFrom(before), entries }
})

const word = ({ epoch, node }: Owner): string => `${epoch} ${node}`

function ownerFrom(record: string | null | undefined): Owner | null {
  if (!record) return null
  const space = record.indexOf(' ')
  return { epoch: Number(record.slice(0, space)), node: record.slice(space + 1) }
}

/** An append that was not sent yet. */
interface Append {
  readonly uuid: string
  readonly words: readonly (string | number)[]
  resolve(ours: boolean): void
  reject(error: Error): void
}

/** The most entries of one script: Redis serves no other client while a script runs. */
const MOST_TOGETHER = 1_000

class RedisCalls implements CallStore {
  readonly #redis: RedisClient
  readonly #timeout: RedisTimeout
  /**
   * The appends of all calls of this node in one turn of the event loop; they become one script, because eight appends
   * cost little more than one. (The turn is Node's own and not the Clock's: a request leaves also in virtual time.)
   */
  #together: Append[] = []
  #entries = 0

  constructor(redis: RedisClient, clock: Clock) {
    this.#redis = redis
    this.#timeout = new RedisTimeout(clock, ANSWERS_WITHIN_MS)
  }

  take(uuid: string, node: string, begin: string): Promise<Taken> {
    return this.#run(takeCall, uuid, [node, JOURNAL_LASTS_S, begin])
  }

  append(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#together.length === 0) setImmediate(() => this.#append())
      this.#together.push({ uuid, words: [uuid, word(owner), entries.length, ...entries], resolve, reject })
      this.#entries += entries.length
      if (this.#entries >= MOST_TOGETHER) this.#append()
    })
  }

  restart(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean> {
    return this.#run(restartCall, uuid, [word(owner), JOURNAL_LASTS_S, ...entries])
  }

  end(uuid: string, owner: Owner): Promise<boolean> {
    return this.#run(endCall, uuid, [word(owner)])
  }

  async owner(uuid: string): Promise<Owner | null> {
    return ownerFrom(await this.#ask(() => this.#redis.hget(callStoreKeys.calls, uuid), uuid))
  }

  async ownersOf(uuids: readonly string[]): Promise<(Owner | null)[]> {
    if (uuids.length === 0) return []
    return (await this.#ask(() => this.#redis.hmget(callStoreKeys.calls, ...uuids))).map(ownerFrom)
  }

  async all(): Promise<Map<string, Owner>> {
    const records = await this.#ask(() => this.#redis.hgetall(callStoreKeys.calls))
    return new Map(Object.entries(records).map(([uuid, record]) => [uuid, ownerFrom(record)!]))
  }

  read(uuid: string): Promise<readonly string[]> {
    return this.#ask(() => this.#redis.lrange(callStoreKeys.journal(uuid), 0, -1), uuid)
  }

  #run<T>(script: Script<T>, uuid: string, args: readonly (string | number)[]): Promise<T> {
    return this.#ask(
      () => script(this.#redis, [callStoreKeys.calls, callStoreKeys.journal(uuid)], [uuid, ...args]),
      uuid,
    )
  }

  /** Asks after all earlier appends were sent: those to this call, or, without a uuid, those to any call. */
  #ask<T>(question: () => Promise<T>, uuid?: string): Promise<T> {
    if (uuid === undefined || this.#together.some(one => one.uuid === uuid)) this.#append()
    return this.#timeout.ask(question)
  }

  #append(): void {
    const all = this.#together
    if (all.length === 0) return
    this.#together = []
    this.#entries = 0
    const keys = [callStoreKeys.calls, ...all.map(({ uuid }) => callStoreKeys.journal(uuid))]
    this.#timeout
      .ask(() => appendCalls(this.#redis, keys, [JOURNAL_LASTS_S, ...all.flatMap(({ words }) => words)]))
      .then(
        ours => all.forEach(({ resolve }, at) => resolve(ours[at]!)),
        (error: Error) => all.forEach(({ reject }) => reject(error)),
      )
  }
}

/**
 * `redis` is a client for commands. `clock` measures the wait for an answer: after 250 ms a call goes on without Redis.
 */
export function redisCallStore(redis: RedisClient, clock: Clock): CallStore {
  return new RedisCalls(redis, clock)
}
