/** Callers and agents in virtual time with the memory stores: the surroundings of the tests of queues. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import type { Roster } from '../../src/agent/roster.ts'
import type { Clock } from '../../src/base/clock.ts'
import { CallEnded, CallMoved } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { memoryQueueStore } from '../../src/queue/memory-store.ts'
import type { Place } from '../../src/queue/place.ts'
import type { Queues } from '../../src/queue/queues.ts'
import type { AgentReservation } from '../../src/queue/agent-reservation.ts'
import type { QueueStore } from '../../src/queue/store.ts'
import { STRATEGY_BY_NAME } from '../../src/queue/strategies.ts'
import type { Strategy } from '../../src/queue/strategy.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openNodeQueues } from '../node-queues.ts'

/** A call as a queue knows it. */
export class Caller {
  readonly uuid: string
  readonly from = '+49301234567'
  readonly #life = new AbortController()
  readonly signal = this.#life.signal

  constructor(uuid: string) {
    this.uuid = uuid
  }

  hangsUp(): void {
    this.#life.abort(new CallEnded('ORIGINATOR_CANCEL'))
  }

  isTakenOver(): void {
    this.#life.abort(new CallMoved('another node has it'))
  }

  movedTo(): void {}

  endScope(_scope: readonly string[], close: () => Promise<void>): Promise<void> {
    return close()
  }
}

export class Rig {
  readonly clock = new VirtualClock()
  readonly agents = new MemoryAgents()
  /**
   * The connection to the store. 'away': no request arrives. 'torn': the request takes effect, but its answer is lost.
   * 'deaf': no notice of a write arrives.
   */
  link: 'up' | 'away' | 'torn' | 'deaf' = 'up'
  readonly #listeners: ((notice: never) => void)[] = []
  readonly roster = this.#linked(memoryRoster(this.agents))
  readonly store = this.#linked(memoryQueueStore(this.agents))
  readonly nodes: Queues[] = []
  queues: Queues
  readonly #strategies: ReadonlyMap<string, Strategy>

  constructor(strategies = STRATEGY_BY_NAME) {
    this.#strategies = strategies
    this.queues = this.node('a')
  }

  /** `clock`: of this node alone. */
  node(name: string, clock: Clock = this.clock): Queues {
    const { store, roster } = this
    const queues = openNodeQueues({ store, roster, clock, log: silentLog, node: name, strategies: this.#strategies })
    this.nodes.push(queues)
    return queues
  }

  async agent(name: string, { wrapUpMs = 0, queues = ['sales'] } = {}): Promise<void> {
    const tiers = queues.map(queue => ({ queue, level: 1, position: 1 }))
    await this.roster.put(
      { name, endpoint: `user/${name}`, wrapUpMs, ringForMs: 20_000, queues: tiers },
      this.clock.now(),
    )
    await this.roster.setStatus(name, 'ready', this.clock.now())
  }

  async state(name: string): Promise<string | undefined> {
    return (await this.roster.get(name, this.clock.now()))?.state
  }

  enter(uuid: string, queue = 'sales'): Promise<Place> {
    return this.queues.enter(new Caller(uuid), queue)
  }

  /** The link fails now, and is back after `ms`. */
  fails(link: 'away' | 'torn', ms: number): void {
    this.link = link
    this.clock.after(ms, () => (this.link = 'up'))
  }

  /** For a store that loses its last seconds: calling the result restores the present state, without any notice. */
  async remember(): Promise<() => Promise<void>> {
    const agents = await this.agents.readAll()
    const members = (await Promise.all((await this.store.queues()).map(({ name }) => this.store.members(name)))).flat()
    return async () => {
      this.link = 'deaf'
      for (const agent of agents) this.agents.write(agent.name, agent)
      for (const member of members) await this.store.change(member.queue, member.call, () => member)
      this.link = 'up'
    }
  }

  /** Every node reads everything again, as after every break of the link. */
  resyncs(): void {
    for (const listener of this.#listeners) listener({ what: 'resync' } as never)
  }

  #linked<T extends Roster | QueueStore>(store: T): T {
    const onChange = (listener: (notice: never) => void) => {
      this.#listeners.push(listener)
      return store.onChange((notice: unknown) => void (this.link !== 'deaf' && listener(notice as never)))
    }
    const over =
      (work: (...about: unknown[]) => Promise<unknown>) =>
      async (...about: unknown[]) => {
        if (this.link === 'away') throw new Error("Stream isn't writeable and enableOfflineQueue options is false")
        const answer = await work(...about)
        if (this.link === 'torn') throw new Error('Connection is closed.')
        return answer
      }
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'onChange') return onChange
        const work = target[name as keyof T] as never
        return this.link === 'away' || this.link === 'torn' ? over(work) : work
      },
    })
  }

  /** The result of the promise after `ms` at most. */
  within<T>(promise: Promise<T>, ms = 60_000): Promise<T> {
    return this.clock.runUntil(promise, ms)
  }
}

/**
 * A node with the queues sales and support. The test fails when anything is wrong or still running at its end.
 * `strategies`: instead of those of the installation.
 */
export async function openRig(t: TestContext, strategies?: ReadonlyMap<string, Strategy>): Promise<Rig> {
  const rig = new Rig(strategies)
  for (const name of ['sales', 'support']) await rig.store.put({ name, strategy: 'longest-idle-agent' })
  await rig.clock.settle()
  t.after(async () => {
    await rig.clock.settle()
    assert.deepEqual(await rig.queues.check(), [])
    for (const queues of rig.nodes) await queues[Symbol.asyncDispose]()
    assert.deepEqual(rig.clock.pending(), [])
  })
  return rig
}

export const WAIT = { within: '45s' } as const

export async function answered(rig: Rig, place: Place): Promise<AgentReservation> {
  const agent = await rig.within(place.agent(WAIT))
  assert.ok(agent, 'an agent')
  return agent
}
