/** One queue with its agents and callers, for the tests of strategies: the matcher decides, the store writes. */
import assert from 'node:assert/strict'
import { MemoryAgents, memoryRoster } from '../../../src/agent/memory-roster.ts'
import type { Outcome } from '../../../src/agent/rest.ts'
import { match, type Matching } from '../../../src/queue/match.ts'
import { parseSkills } from '../../../src/agent/skills.ts'
import { offersOf, talking, waitsOn, type Joining, type Member, type Offer } from '../../../src/queue/member.ts'
import type { QueueSettings } from '../../../src/queue/settings.ts'
import { memoryQueueStore } from '../../../src/queue/memory-store.ts'
import type { Strategy } from '../../../src/queue/strategy.ts'

const QUEUE = 'sales'

interface About {
  level?: number
  position?: number
  queues?: string[]
  skills?: string
}

export class Floor {
  readonly #agents = new MemoryAgents()
  readonly roster = memoryRoster(this.#agents)
  readonly store = memoryQueueStore(this.#agents)
  readonly #strategies: ReadonlyMap<string, Strategy> | undefined
  now = 1_767_600_000_000

  private constructor(strategies?: ReadonlyMap<string, Strategy>) {
    this.#strategies = strategies
  }

  /** `strategies`: instead of those of the installation. */
  static async open(strategy: string, strategies?: ReadonlyMap<string, Strategy>): Promise<Floor> {
    const floor = new Floor(strategies)
    await floor.store.put({ name: QUEUE, strategy })
    return floor
  }

  /** Changes settings of the queue. */
  async sets(settings: Omit<Partial<QueueSettings>, 'name'>): Promise<void> {
    const queue = (await this.store.queues()).find(({ name }) => name === QUEUE)!
    await this.store.put({ ...queue, ...settings })
  }

  async agent(name: string, { level = 1, position = 1, queues = [QUEUE], skills = '' }: About = {}): Promise<void> {
    const tiers = queues.map(queue => ({ queue, level, position }))
    const settings = { wrapUpMs: 0, ringForMs: 20_000, queues: tiers, skills: parseSkills(skills) }
    await this.roster.put({ name, endpoint: `user/${name}`, ...settings }, this.now)
    await this.roster.setStatus(name, 'ready', this.now)
  }

  /** Several agents of level 1, at positions 1, 2, 3, … */
  async agents(...names: string[]): Promise<void> {
    for (const [at, name] of names.entries()) await this.agent(name, { position: at + 1 })
  }

  async enters(call: string, queue = QUEUE, about: Partial<Joining> = {}): Promise<Member> {
    const joining = { call, from: '100', node: 'a', joinedAt: this.now, headStartMs: 0, ...about }
    return this.store.enter(queue, joining, this.now)
  }

  /** The agents whose telephones ring for the caller, who enters now, or waits. */
  async rings(call: string): Promise<string[]> {
    if (!(await this.store.member(QUEUE, call))) await this.enters(call)
    const assignment = (await this.match()).assignments.find(one => one.member.call === call)
    if (assignment) assert.ok(await this.store.assign(assignment, 'a', 60_000, this.now), 'nothing changed meanwhile')
    return offersOf((await this.store.member(QUEUE, call))!).map(({ agent }) => agent)
  }

  /** One of the agents whose telephones ring takes the call; the others stop ringing. */
  async answers(call: string, name: string): Promise<void> {
    const offers = offersOf((await this.store.member(QUEUE, call))!)
    const winner = offers.find(({ agent }) => agent === name)!
    await this.roster.advance(name, winner.epoch, 'talking', this.now)
    await this.store.change(QUEUE, call, member => talking(member, winner, this.now))
    for (const { agent, epoch } of offers)
      if (agent !== name) await this.roster.release(agent, epoch, 'caller-left', this.now)
  }

  /** One of the agents whose telephones ring does not take the call. */
  async refuses(call: string, name: string): Promise<void> {
    const offers = offersOf((await this.store.member(QUEUE, call))!)
    await this.#ends(
      call,
      QUEUE,
      offers.find(({ agent }) => agent === name)!,
      'declined',
    )
  }

  /** What the matcher decides now about all callers of these queues; nothing is written. */
  async match(names: readonly string[] = [QUEUE]): Promise<Matching> {
    const [queues, members, agents] = await Promise.all([
      this.store.queues(),
      Promise.all(names.map(name => this.store.members(name))),
      this.roster.list(this.now),
    ])
    return match({ queues, members: members.flat(), agents, now: this.now }, this.#strategies)
  }

  /** The caller (who enters now, or waits) is offered an agent, who is reserved from then on; null: nobody. */
  async offered(call: string, queue = QUEUE): Promise<string | null> {
    if (!(await this.store.member(queue, call))) await this.enters(call, queue)
    const assignment = (await this.match([queue])).assignments.find(one => one.member.call === call)
    if (!assignment) return null
    assert.ok(await this.store.assign(assignment, 'a', 60_000, this.now), 'the records are as the matcher saw them')
    return assignment.agent.name
  }

  /** The caller is offered an agent and talks to them, for a second or `forMs`. Returns the agent. */
  async talks(call: string, queue = QUEUE, forMs = 1_000): Promise<string | null> {
    const name = await this.offered(call, queue)
    if (name === null) return null
    const { offer } = (await this.store.member(queue, call))!
    await this.roster.advance(name, offer!.epoch, 'talking', this.now)
    await this.store.change(queue, call, member => talking(member, offer!, this.now))
    this.now += forMs
    await this.#ends(call, queue, offer!, 'talked')
    await this.store.leave(queue, call, 'talked')
    return name
  }

  /** The caller is offered an agent who does not take the call, and waits on. Returns the agent. */
  async isRefused(call: string, outcome: Outcome = 'declined'): Promise<string | null> {
    const name = await this.offered(call)
    if (name === null) return null
    const { offer } = (await this.store.member(QUEUE, call))!
    await this.#ends(call, QUEUE, offer!, outcome)
    return name
  }

  async #ends(call: string, queue: string, offer: Offer, outcome: Outcome): Promise<void> {
    await this.roster.release(offer.agent, offer.epoch, outcome, this.now)
    await this.store.change(queue, call, member => waitsOn(member, offer, 0, this.now))
  }
}
