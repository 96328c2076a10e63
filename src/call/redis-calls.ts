/** Owners and journals in Redis, shared by all nodes. Every write is one small script, so that owner and journal never disagree. */
import type { Clock } from '../base/clock.ts'
import { defineScript, type RedisClient, type Script } from '../store/redis.ts'
import type { CallStore, Owner, Taken } from './ownership.ts'
import { Patience } from '../store/patience.ts'

/** A caller hears a pause of this length as the system thinking, and a longer one as the line being dead. */
const ANSWERS_WITHIN_MS = 250
/** For calls whose end nobody saw. Longer than any call waits between two steps: a talk is one step. */
const JOURNAL_LASTS_S = 12 * 3_600

/** Every key of this room. */
export const callKeys = {
  /** Hash: uuid → epoch, a space, node. */
  calls: 'sh:calls',
  /** List: the journal of one call, oldest entry first. */
  journal: (uuid: string) => `sh:journal:${uuid}`,
}

const done = (reply: unknown): boolean => reply === 1
const appendCall = defineScript(new URL('./lua/append-call.lua', import.meta.url), done)
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

class RedisCalls implements CallStore {
  readonly #redis: RedisClient
  readonly #patience: Patience

  constructor(redis: RedisClient, clock: Clock) {
    this.#redis = redis
    this.#patience = new Patience(clock, ANSWERS_WITHIN_MS)
  }

  take(uuid: string, node: string, begin: string): Promise<Taken> {
    return this.#run(takeCall, uuid, [node, JOURNAL_LASTS_S, begin])
  }

  append(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean> {
    return this.#run(appendCall, uuid, [word(owner), JOURNAL_LASTS_S, ...entries])
  }

  restart(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean> {
    return this.#run(restartCall, uuid, [word(owner), JOURNAL_LASTS_S, ...entries])
  }

  end(uuid: string, owner: Owner): Promise<boolean> {
    return this.#run(endCall, uuid, [word(owner)])
  }

  async owner(uuid: string): Promise<Owner | null> {
    return ownerFrom(await this.#patience.ask(() => this.#redis.hget(callKeys.calls, uuid)))
  }

  async ownersOf(uuids: readonly string[]): Promise<(Owner | null)[]> {
    if (uuids.length === 0) return []
    return (await this.#patience.ask(() => this.#redis.hmget(callKeys.calls, ...uuids))).map(ownerFrom)
  }

  async all(): Promise<Map<string, Owner>> {
    const records = await this.#patience.ask(() => this.#redis.hgetall(callKeys.calls))
    return new Map(Object.entries(records).map(([uuid, record]) => [uuid, ownerFrom(record)!]))
  }

  read(uuid: string): Promise<readonly string[]> {
    return this.#patience.ask(() => this.#redis.lrange(callKeys.journal(uuid), 0, -1))
  }

  #run<T>(script: Script<T>, uuid: string, args: readonly (string | number)[]): Promise<T> {
    return this.#patience.ask(() => script(this.#redis, [callKeys.calls, callKeys.journal(uuid)], [uuid, ...args]))
  }
}

/** `redis` is a client for commands. `clock` measures how long an answer takes: after 250 ms of silence a call goes on without Redis. */
export function redisCalls(redis: RedisClient, clock: Clock): CallStore {
  return new RedisCalls(redis, clock)
}
