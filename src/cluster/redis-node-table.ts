/** The node table in Redis, shared by all nodes of the installation. */
import { z } from 'zod'
import { RecordCodec } from '../store/record-codec.ts'
import type { Clock } from '../base/clock.ts'
import { Emitter } from '../base/emitter.ts'
import { channelOf, defineScript, type RedisClient } from '../store/redis.ts'
import { RedisTimeout } from '../store/redis-timeout.ts'
import { SHARED_TIME_KEY } from '../store/redis-time.ts'
import { KEPT_MS, type Claim, type Lease, type NodeRecord, type NodeTable, type LeaseAnswer } from './node-table.ts'

/** The time for an answer of Redis; the lease renews again after a failure. */
const ANSWERS_WITHIN_MS = 1_000

/** Every key and channel of the node table. */
export const nodeTableKeys = (redis: RedisClient) => ({
  /**
   * Hash: name → when it lapses (ms since the epoch, Redis's time), a space, incarnation, a space, the rest as JSON.
   */
  nodes: 'sh:nodes',
  /** Channel: the name of a node that came or left. */
  changed: channelOf(redis, 'sh:nodes:changed'),
})

/** The two kinds of openRedisClient, on the same database. */
export interface NodeTableLinks {
  readonly commands: RedisClient
  readonly subscriber: RedisClient
}

const holdNode = defineScript(new URL('./lua/hold-node.lua', import.meta.url), (reply): LeaseAnswer => {
  const [held, now, nodes, aheadMs] = reply as [number, number, string[], number]
  const leases = new Map<string, Lease>()
  for (let i = 0; i < nodes.length; i += 2) leases.set(nodes[i]!, leaseFrom(nodes[i]!, nodes[i + 1]!))
  return { held: held === 1, now, aheadMs, leases }
})
const dropNode = defineScript(new URL('./lua/drop-node.lua', import.meta.url), reply => reply === 1)

/**
 * What a node publishes of itself, behind its deadline and its incarnation. The Lua script reads and writes `open` in
 * this text.
 */
const publishedNode = new RecordCodec<Omit<NodeRecord, 'node' | 'incarnation'>>({
  what: 'node',
  schema: z.looseObject({
    address: z.string().nullable(),
    roles: z.array(z.string()),
    open: z.boolean().optional(),
    host: z.string(),
    pid: z.number(),
  }),
})

/** A node whose record cannot be read is alive all the same: nobody may take its calls. It is offered none. */
const UNREADABLE = { address: null, roles: [], open: false, host: '', pid: 0 }

function leaseFrom(node: string, record: string): Lease {
  const [, until, incarnation, rest] = /^(\d+) (\S+) (.*)$/s.exec(record)!
  return {
    node,
    until: Number(until),
    incarnation: incarnation!,
    ...(publishedNode.read(rest!, `node ${node}`) ?? UNREADABLE),
  }
}

class RedisPresence implements NodeTable {
  readonly #home: NodeTableLinks
  readonly #keys: ReturnType<typeof nodeTableKeys>
  readonly #timeout: RedisTimeout
  readonly #notices = new Emitter<{ change: null }>()
  #subscribed = false

  constructor(home: NodeTableLinks, clock: Clock) {
    this.#home = home
    this.#keys = nodeTableKeys(home.commands)
    this.#timeout = new RedisTimeout(clock, ANSWERS_WITHIN_MS)
  }

  hold({ record, lastsMs, mode, instead, closes = false, expects }: Claim): Promise<LeaseAnswer> {
    const { node, incarnation, ...rest } = record
    const replaces = instead ? `${instead.until} ${instead.incarnation}` : ''
    const args = [
      node,
      incarnation,
      publishedNode.write(rest),
      lastsMs,
      mode,
      replaces,
      KEPT_MS,
      this.#keys.changed,
      String(closes),
      expects ?? '',
    ]
    return this.#timeout.ask(() => holdNode(this.#home.commands, [this.#keys.nodes, SHARED_TIME_KEY], args))
  }

  async leave(node: string, incarnation: string): Promise<void> {
    await this.#timeout.ask(() =>
      dropNode(this.#home.commands, [this.#keys.nodes], [node, incarnation, this.#keys.changed]),
    )
  }

  onChange(listener: () => void): Disposable {
    if (!this.#subscribed) this.#subscribe()
    return this.#notices.on('change', listener)
  }

  #subscribe(): void {
    this.#subscribed = true
    const { subscriber } = this.#home
    const tell = () => this.#notices.emit('change', null)
    subscriber.on('message', (channel: string) => channel === this.#keys.changed && tell())
    // On success and on failure: one read finds the nodes that came before the subscription. The client subscribes
    // again by itself when its link is back.
    subscriber.subscribe(this.#keys.changed).then(tell, tell)
  }
}

/** `clock` measures how long an answer takes: a Redis that is silent for 1 s counts as unavailable. */
export function redisNodeTable(home: NodeTableLinks, clock: Clock): NodeTable {
  return new RedisPresence(home, clock)
}
