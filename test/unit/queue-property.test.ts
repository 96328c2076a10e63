/**
 * Some thousand callers with random behaviour, in virtual time on two nodes: they wait, listen to announcements, hang
 * up at any moment, and are taken over by the other node. Agents answer, do not answer, decline, take breaks. Each day
 * a node dies with all its calls. The invariants are checked from outside. `make property` runs a hundred thousand
 * callers, with every strategy in every queue.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import { parseNeeds } from '../../src/agent/skills.ts'
import { CallEnded, CallMoved } from '../../src/base/errors.ts'
import { sleep } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { memoryQueueStore } from '../../src/queue/memory-store.ts'
import { byScore, type Member } from '../../src/queue/member.ts'
import type { Queues } from '../../src/queue/queues.ts'
import { strategyNames } from '../../src/queue/strategies.ts'
import type { AgentReservation } from '../../src/queue/agent-reservation.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openNodeQueues } from '../node-queues.ts'
import { waitingCall } from '../waiting-call.ts'

const CALLERS = 1_200
/** Each day has other strategies; `make property` sets it. */
const DAYS = Number(process.env['DAYS'] ?? 3)
const AGENTS = 18
const QUEUES = ['sales', 'support', 'billing']
/** Its callers have priorities and need skills, its levels wait, and it remembers agents. */
const RULES = 'billing'
/** The death of a whole node. */
const DEATH = new CallMoved('its node has died')

function dice(seed: number) {
  let state = seed
  const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  const upTo = (n: number) => Math.floor(next() * n)
  return { upTo, chance: (p: number) => next() < p, of: <T>(items: readonly T[]): T => items[upTo(items.length)]! }
}

class Day {
  readonly clock = new VirtualClock()
  readonly #agents = new MemoryAgents()
  readonly roster = memoryRoster(this.#agents)
  readonly store = memoryQueueStore(this.#agents)
  readonly dice: ReturnType<typeof dice>
  readonly nodes: Queues[]
  /** The calls of each node, as they end when it dies. */
  readonly #lives: Set<AbortController>[] = [new Set(), new Set()]
  /** Which telephone really rings or talks, and for which caller. */
  readonly onThePhone = new Map<string, string>()
  readonly outcomes = new Map<string, 'talked' | 'hung up'>()
  readonly #inLine = new Map<string, Map<string, Member>>()
  readonly #opened: (node: string) => Queues
  takeovers = 0
  lost = 0
  rangTogether = 0

  constructor(seed: number) {
    this.dice = dice(seed)
    const { store, roster, clock } = this
    this.nodes = ['a', 'b'].map(node => openNodeQueues({ store, roster, clock, log: silentLog, node }))
    this.#opened = (node: string) => openNodeQueues({ store, roster, clock, log: silentLog, node })
    store.onChange(notice => notice.what === 'member' && this.#watch(notice.queue, notice.call, notice.member))
  }

  /** First in, first out: at the moment of an offer no caller before them could have got the agent. */
  #watch(queue: string, call: string, member: Member | null): void {
    const line = this.#inLine.get(queue) ?? new Map<string, Member>()
    this.#inLine.set(queue, line)
    if (member?.state === 'waiting') return void line.set(call, member)
    if (!line.delete(call) || member?.state !== 'offered') return
    const now = this.clock.now()
    if (queue === RULES) return
    const before = [...line.values()].filter(other => other.passedUntil <= now && byScore(other, member) < 0)
    assert.deepEqual(
      before.map(other => other.call),
      [],
      `${call} was called in ${queue} before`,
    )
  }

  /** A node dies: it gives nothing up, and its calls go on at the other node. Another one takes its place. */
  async dies(at: number): Promise<void> {
    const dead = this.nodes[at]!
    this.nodes[at] = this.#opened(`${at}-again`)
    for (const life of [...this.#lives[at]!]) life.abort(DEATH)
    await dead[Symbol.asyncDispose]()
  }

  async agent(name: string): Promise<void> {
    const mine = QUEUES.filter(() => this.dice.chance(0.6))
    const queues = mine.map(queue => ({ queue, level: 1 + this.dice.upTo(2), position: 1 + this.dice.upTo(3) }))
    const wrapUpMs = this.dice.of([0, 5_000])
    const skills = ['german', 'vip'].filter(() => this.dice.chance(0.5)).map(skill => ({ skill, level: 1 }))
    const settings = { endpoint: `user/${name}`, wrapUpMs, ringForMs: 20_000, queues, skills }
    await this.roster.put({ name, ...settings }, this.clock.now())
    for (let at = 0; at < 40; at++) {
      await this.roster.setStatus(
        name,
        this.dice.of(['ready', 'ready', 'ready', 'break', 'on-demand']),
        this.clock.now(),
      )
      await sleep(this.clock, 1 + this.dice.upTo(120_000))
      await this.roster.finishWrapUp(name, this.clock.now())
    }
    await this.roster.setStatus(name, 'ready', this.clock.now())
  }

  /** One call from its arrival to its end, on whichever node has it. */
  async call(uuid: string): Promise<void> {
    await sleep(this.clock, this.dice.upTo(3_600_000))
    const queue = this.dice.of(QUEUES)
    const patience = this.dice.chance(0.25) ? this.dice.upTo(90_000) : Infinity
    const from = this.clock.monotonic()
    for (let node = this.dice.upTo(2); ; node = 1 - node) {
      const life = new AbortController()
      const moves = this.dice.chance(0.05) ? this.dice.upTo(60_000) : Infinity
      const left = patience - (this.clock.monotonic() - from)
      const end = moves < left ? new CallMoved('the other node has it') : new CallEnded('ORIGINATOR_CANCEL')
      this.#lives[node]!.add(life)
      const timer = Number.isFinite(Math.min(moves, left))
        ? this.clock.after(Math.min(moves, left), () => life.abort(end))
        : null
      try {
        await this.flow(uuid, queue, this.nodes[node]!, life.signal)
        this.outcomes.set(uuid, 'talked')
        return
      } catch (reason) {
        if (reason !== end && reason !== DEATH) throw reason
        this.takeovers++
        if (!(reason instanceof CallEnded)) continue
        this.takeovers--
        this.outcomes.set(uuid, 'hung up')
        return
      } finally {
        this.#lives[node]!.delete(life)
        timer?.cancel()
      }
    }
  }

  async flow(uuid: string, queue: string, node: Queues, signal: AbortSignal): Promise<void> {
    const about = queue === RULES ? { priority: this.dice.upTo(2), from: `+4930${this.dice.upTo(200) + 100}` } : {}
    const call = { ...waitingCall(uuid, signal), ...('from' in about && { from: about.from }) }
    await using place = await node.enter(call, queue, about)
    while (true) {
      {
        await using agent = await place.agent({ within: `${this.dice.upTo(45)}s` })
        if (agent) {
          if (await this.talk(uuid, agent, signal)) return
          continue
        }
      }
      const announcement = 1 + this.dice.upTo(15_000)
      if (this.dice.chance(0.2)) await sleep(this.clock, announcement, signal)
      else
        await sleep(this.clock, announcement, AbortSignal.any([signal, place.called])).catch(() =>
          signal.throwIfAborted(),
        )
    }
  }

  /** The telephones of all agents who are offered ring; one of them takes the call, or none. */
  async talk(uuid: string, first: AgentReservation, signal: AbortSignal): Promise<boolean> {
    const agents = [first, ...first.others]
    for (const agent of agents) {
      if (!(await agent.ringing())) return this.#lost()
      signal.throwIfAborted()
      assert.equal(this.onThePhone.get(agent.name), undefined, `${agent.name} has two callers`)
      this.onThePhone.set(agent.name, uuid)
    }
    if (agents.length > 1) this.rangTogether++
    const hangUp = ({ name }: AgentReservation) => {
      if (this.onThePhone.get(name) === uuid) this.onThePhone.delete(name)
    }
    const allHangUp = () => agents.forEach(hangUp)
    signal.addEventListener('abort', allHangUp, { once: true })
    try {
      await sleep(this.clock, this.dice.upTo(20_000), signal)
      const winner = this.dice.chance(0.25) ? null : this.dice.of(agents)
      for (const agent of agents) {
        if (agent === winner) continue
        hangUp(agent)
        const missed = this.dice.of(['no-answer', 'busy', 'declined', 'failed'] as const)
        if (winner) await agent.finished('caller-left')
        else if (this.dice.chance(0.8)) await agent.finished(missed)
      }
      if (!winner) return false
      if (!(await winner.talking())) return this.#lost()
      const { offer, others } = (await this.#member(uuid))!
      assert.deepEqual([offer?.agent, others], [winner.name, undefined], `${uuid} talks with one agent`)
      await sleep(this.clock, 1_000 + this.dice.upTo(40_000), signal)
      return true
    } finally {
      signal.removeEventListener('abort', allHangUp)
      allHangUp()
    }
  }

  async #member(uuid: string): Promise<Member | null> {
    for (const queue of QUEUES) {
      const member = await this.store.member(queue, uuid)
      if (member) return member
    }
    return null
  }

  #lost(): false {
    this.lost++
    return false
  }
}

for (const seed of Array.from({ length: DAYS }, (_, day) => day + 1)) {
  test(`a wild day (${seed}): no agent has two callers, first come is first served, nobody is forgotten`, async () => {
    const day = new Day(seed)
    const strategies = QUEUES.map((_, at) => strategyNames()[(3 * seed + at) % strategyNames().length]!)
    for (const [at, name] of QUEUES.entries())
      await day.store.put({
        name,
        strategy: strategies[at]!,
        ...(name === RULES && {
          tierWaitMs: 20_000,
          skills: parseNeeds('german/30s,vip?'),
          rememberMs: 600_000,
          rememberWaitMs: 15_000,
        }),
      })
    const lives = [
      ...Array.from({ length: AGENTS }, (_, i) => day.agent(`agent-${i}`)),
      ...Array.from({ length: CALLERS }, (_, i) => day.call(`call-${i}`)),
    ]
    const all = Promise.all(lives)
    for (let minute = 0; minute < 60; minute++) {
      await day.clock.advance(61_234)
      if (minute === 20 || minute === 40) await day.dies(minute === 20 ? 0 : 1)
      assert.deepEqual(await day.nodes[0]!.check(), [])
    }
    await day.clock.runUntil(all, 10 * 3_600_000)
    await day.clock.advance(120_000)
    assert.equal(day.outcomes.size, CALLERS)
    assert.deepEqual(day.onThePhone.size, 0)
    const talked = [...day.outcomes.values()].filter(outcome => outcome === 'talked').length
    assert.ok(
      talked > CALLERS / 2 && talked < CALLERS && day.takeovers > 20,
      `a dull day: ${talked} talked, ${day.takeovers} taken over`,
    )
    if (strategies.includes('ring-all'))
      assert.ok(day.rangTogether > 3, `${day.rangTogether} times several telephones rang at once`)
    assert.equal(day.lost, 0, 'no promise was lost while its caller held it')

    for (const queue of QUEUES) {
      assert.deepEqual(await day.store.members(queue), [])
      const { entered, answered, abandoned, callback, left } = await day.store.stats(queue)
      assert.equal(entered, answered + abandoned + callback + left)
    }
    for (const agent of await day.roster.list(day.clock.now())) assert.equal(agent.reservation, null)
    for (const node of day.nodes) await node[Symbol.asyncDispose]()
    assert.deepEqual(day.clock.pending(), [])
  })
}
