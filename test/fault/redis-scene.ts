/**
 * People and two nodes whose Redis is about to fail: people who wait, who talk, and who call while it is down, and what
 * happens to them.
 */
import type { TestContext } from 'node:test'
import type { Member } from '../../src/queue/member.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { openOwnRedis, type OwnRedis } from '../own-redis.ts'
import { many, spread, percentile, type Told } from './matrix.ts'
import { Crowd, seat, SORRY } from './people.ts'
import { openProxy, type Proxy } from './proxy.ts'
import { pause, Rig, until } from './rig.ts'

export interface SceneOptions {
  /** Redis servers; the first one is theirs. Default 1. */
  readonly servers?: number
  /**
   * A node without peers drives its calls whatever Redis does. Of several nodes none may, while it cannot renew its
   * lease. Default: two.
   */
  readonly alone?: boolean
}

/**
 * With a single node, no caller may hear nothing for longer than this. When two nodes have lost Redis at once, neither
 * may drive its calls: callers of the first seconds hear nothing until Redis is back and a lease is renewed, however
 * long that takes.
 */
const SILENCE_MS = 10_000
const RENEWED_MS = 15_000

export class RedisScene {
  readonly rig: Rig
  readonly told: Told
  /** The address that both nodes use for their Redis. */
  readonly proxy: Proxy
  /** The first one is theirs. */
  readonly servers: readonly OwnRedis[]
  readonly #witness: Proxy
  readonly #waiters: Crowd
  readonly #talkers: Crowd
  readonly #newcomers: Crowd
  #before: Member[] = []
  /** When each of the newcomers called. */
  readonly #called: number[] = []
  #began = 0

  private constructor(parts: { rig: Rig; told: Told; proxy: Proxy; witness: Proxy; servers: readonly OwnRedis[] }) {
    this.rig = parts.rig
    this.told = parts.told
    this.proxy = parts.proxy
    this.servers = parts.servers
    this.#witness = parts.witness
    this.#waiters = new Crowd(this.rig)
    this.#talkers = new Crowd(this.rig)
    this.#newcomers = new Crowd(this.rig)
  }

  /** Callers wait for 'support', which has no agent, and others talk with the agents of 'sales'. */
  static async open(
    t: TestContext,
    told: Told,
    { servers = 1, alone = false }: SceneOptions = {},
  ): Promise<RedisScene> {
    const own: OwnRedis[] = []
    const proxies: Proxy[] = []
    const redis = async () => {
      own.push(...(await Promise.all(Array.from({ length: servers }, () => openOwnRedis(t)))))
      for (const _ of ['theirs', 'the witness']) proxies.push(await openProxy(t, { port: own[0]!.port }))
      const [theirs, witness] = proxies.map(({ port }) => ({ url: `redis://127.0.0.1:${port}/0` }))
      const client = await openRedisClient(witness!)
      t.after(() => client.disconnect())
      return { address: theirs!, client }
    }
    const rig = await Rig.open(t, told, { nodes: alone ? ['a'] : ['a', 'b'], queues: ['support'], redis })
    const scene = new RedisScene({ rig, told, proxy: proxies[0]!, witness: proxies[1]!, servers: own })
    const [waiting, talking] = [many(30, 8), many(10, 3)]
    told.trials = waiting + talking
    await seat(rig, { queue: 'sales', number: talking })
    await rig.start()
    await scene.#talkers.call(talking, { flow: 'queue-entry', variables: { queue: 'sales' }, everyMs: 15 })
    await scene.#talkers.talk()
    await scene.#waiters.call(waiting, { flow: 'queue-entry', variables: { queue: 'support' } })
    await scene.#waiters.hear('moh/calm')
    scene.#before = await rig.queueStore.waiting('support')
    scene.#began = performance.now()
    return scene
  }

  /** This many call now, one every second. */
  async newcomers(number: number): Promise<void> {
    for (let at = 0; at < number; at++) {
      this.#called.push(Date.now())
      await this.#newcomers.call(1, { flow: 'queue-entry', variables: { queue: 'support' }, everyMs: 1_000 })
    }
  }

  /** The witness reads from this server from now on, as the nodes do. */
  async movesTo(server: OwnRedis): Promise<void> {
    this.#witness.lead({ port: server.port })
    const { redis } = this.rig
    const back = new Promise<void>(resolve => redis.once('ready', () => resolve()))
    this.#witness.break()
    await back
  }

  /** Everybody on the line who does not talk has a place. */
  async everybodyIsQueued(withinMs: number): Promise<void> {
    const waiting = () =>
      [...this.#waiters.people, ...this.#newcomers.people].filter(
        person =>
          person.state === 'up' && person.talksWith === undefined && !person.heard.some(({ what }) => what === SORRY),
      )
    const missing = async () => {
      const members = new Set((await this.rig.queueStore.waiting('support')).map(({ call }) => call))
      return waiting().filter(({ uuid }) => !members.has(uuid)).length
    }
    const from = performance.now()
    const at = await until('everybody has a place', async () => (await missing()) === 0, withinMs).catch(() => Infinity)
    this.told.is(`everybody is in the queue after ${Math.round(at - from)} ms`, at < Infinity)
  }

  /**
   * Redis is back: an agent is ready since `from`, and a waiting caller must talk with them within this many
   * milliseconds.
   */
  async serves(withinMs: number, from = performance.now()): Promise<void> {
    const ready = until(
      'an agent is ready',
      () =>
        seat(this.rig, { queue: 'support', number: 1, prefix: `late-${Math.round(from)}-` }).then(
          () => true,
          () => false,
        ),
      withinMs,
    )
    await ready.catch(() => {}) // reported below
    const talks = () =>
      [...this.#waiters.people, ...this.#newcomers.people].filter(person => person.talksWith !== undefined).length
    const before = talks()
    const at = await until('somebody who waits talks with the agent', () => talks() > before, withinMs).catch(
      () => Infinity,
    )
    const took = Math.round(at - from)
    this.told.is(`a caller who waits is served after ${took} ms`, took <= withinMs)
  }

  /**
   * Waiting callers wait at the same place, talks continue, and no newcomer heard nothing. `awayMs`: Redis was down for
   * this long.
   */
  async nobodyIsLost(awayMs = 0): Promise<void> {
    const { told, rig } = this
    const lost = [this.#waiters, this.#talkers].flatMap(crowd => crowd.lost).length
    const cut = rig.oracle.cut(this.#began, Infinity).length
    told.is(`${lost} lost, ${cut} talks cut`, lost === 0 && cut === 0)
    const after = await rig.queueStore.waiting('support')
    const as = (members: readonly Member[]) => members.map(({ call, joinedAt }) => `${call} ${joinedAt}`).join()
    const talking = new Set(
      this.#waiters.people.filter(person => person.talksWith !== undefined).map(person => person.uuid),
    )
    const same =
      as(after.filter(({ call }) => this.#before.some(member => member.call === call))) ===
      as(this.#before.filter(({ call }) => !talking.has(call)))
    told.is(`order and waiting times ${same ? 'kept' : 'changed'}`, same)
    const { people } = this.#newcomers
    const mostMs = rig.ports.size === 1 ? SILENCE_MS : awayMs + RENEWED_MS
    if (people.length === 0) return
    const heard = () =>
      people.map(
        ({ heard: sounds }, at) =>
          (sounds.find(({ what }) => what === 'moh/calm' || what === SORRY)?.at ?? Infinity) - this.#called[at]!,
      )
    await until('everybody who came heard something', () => heard().every(Number.isFinite), mostMs + 1_000).catch(
      () => {},
    ) // reported below
    told.whenMissed(() =>
      people
        .map(
          (person, at) =>
            `  ${person.name} ${person.uuid} called at ${this.#called[at]}, ${person.state}, heard ${person.heard.map(one => `${one.what} after ${one.at - this.#called[at]!} ms`).join(', ') || 'nothing'}`,
        )
        .join('\n'),
    )
    const served = people.length - this.#newcomers.apologised.length
    told.is(
      `${people.length} who came meanwhile hear the music (${served}) or the apology after ${spread(heard())}`,
      percentile(heard(), 100) <= mostMs,
    )
  }

  /**
   * One owner for each call: the node that commands a leg changes only when FreeSWITCH connected the leg to another
   * node.
   */
  ownersAgree(): void {
    const { oracle } = this.rig
    const twice = [...this.#waiters.uuids, ...this.#newcomers.uuids].filter(uuid => {
      const nodes = oracle.commands
        .filter(one => one.uuid === uuid && /^sendmsg|^(bg)?api uuid_(break|bridge|transfer|kill)/.test(one.text))
        .map(({ node }) => node)
      const changes = nodes.filter((node, at) => at > 0 && node !== nodes[at - 1]).length
      return changes > Math.max(0, oracle.brought.filter(one => one.uuid === uuid).length - 1)
    })
    this.told.is(`${twice.length} calls with two owners`, twice.length === 0)
  }

  async end(): Promise<void> {
    for (const crowd of [this.#waiters, this.#talkers, this.#newcomers]) crowd.leave()
    await pause(300)
  }
}
