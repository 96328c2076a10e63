/** Agents in Redis, shared by all nodes. One Redis, not a cluster: scripts write an agent and a caller in one step. */
import { silentLog, type Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import { RecordMemo } from '../store/record-memo.ts'
import { channelOf, defineScript, type RedisClient } from '../store/redis.ts'
import { agentNotice, agentRecord, breakReasonRecord, readAgentNotice } from './agent-record.ts'
import type { Agent } from './agent.ts'
import type { BreakReason } from './break-reasons.ts'
import { RedisNotices } from './redis-notices.ts'
import { rosterOver, type AgentNotice, type AgentTable, type Roster } from './roster.ts'

/** Every key and channel of this directory. */
export const agentKeys = (redis: RedisClient) => ({
  /** Hash: agent's name → Agent as JSON. */
  agents: 'sh:agents',
  /** Hash: reason → BreakReason as JSON. */
  breakReasons: 'sh:break-reasons',
  /** Channel: AgentNotice as JSON, one for every write. */
  changed: channelOf(redis, 'sh:agents:changed'),
})

/**
 * The two kinds of openRedisClient, on the same database. Installations that share one Redis each have their own
 * database.
 */
export interface RedisHome {
  readonly commands: RedisClient
  readonly subscriber: RedisClient
  /** Is told of records that cannot be read. */
  readonly log?: Log
  /** Is told what the writes of this process change. */
  readonly events?: Events
}

const swapAgent = defineScript(new URL('./lua/swap-agent.lua', import.meta.url), reply => reply === 1)

class RedisAgents implements AgentTable {
  readonly #redis: RedisClient
  readonly #keys: ReturnType<typeof agentKeys>
  readonly #notices: RedisNotices<AgentNotice>
  readonly #agents = new RecordMemo(agentRecord, name => `agent ${name}`)
  readonly #log: Log

  constructor(home: RedisHome) {
    this.#redis = home.commands
    this.#keys = agentKeys(home.commands)
    this.#log = home.log ?? silentLog
    this.#notices = new RedisNotices(home.subscriber, this.#keys.changed, one => readAgentNotice(one, this.#log))
  }

  async read(name: string): Promise<Agent | null> {
    const record = await this.#redis.hget(this.#keys.agents, name)
    return record === null ? null : agentRecord.read(record, `agent ${name}`, this.#log)
  }

  async readAll(): Promise<Agent[]> {
    return this.#agents.read(await this.#redis.hgetall(this.#keys.agents), this.#log)
  }

  swap(name: string, rev: number, next: Agent): Promise<boolean> {
    return this.#swap(name, rev, agentRecord.write(next), agentNotice(name, next.rev, next))
  }

  remove(name: string, rev: number, at: number): Promise<boolean> {
    return this.#swap(name, rev, '', agentNotice(name, rev, null, at))
  }

  #swap(name: string, rev: number, record: string, notice: string): Promise<boolean> {
    return swapAgent(this.#redis, [this.#keys.agents], [name, rev, record, this.#keys.changed, notice])
  }

  async readBreakReasons(): Promise<BreakReason[]> {
    const records = Object.entries(await this.#redis.hgetall(this.#keys.breakReasons))
    return records
      .flatMap(([reason, record]) => breakReasonRecord.read(record, `break reason ${reason}`, this.#log) ?? [])
      .sort((a, b) => (a.reason < b.reason ? -1 : 1))
  }

  async writeBreakReason(reason: BreakReason): Promise<void> {
    await this.#redis.hset(this.#keys.breakReasons, reason.reason, breakReasonRecord.write(reason))
  }

  async deleteBreakReason(reason: string): Promise<boolean> {
    return (await this.#redis.hdel(this.#keys.breakReasons, reason)) > 0
  }

  onChange(listener: (notice: AgentNotice) => void): Disposable {
    return this.#notices.on(listener)
  }
}

export function redisRoster(home: RedisHome): Roster {
  return rosterOver(new RedisAgents(home), home.events)
}
