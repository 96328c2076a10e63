/**
 * Some thousand callers with random behaviour, in virtual time on two nodes: they wait, listen to announcements, hang
 * up at any moment, and are taken over by the other node. Agents answer, do not answer, decline, take breaks. The
 * invariants are checked from outside.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import { CallEnded, CallMoved } from '../../src/base/errors.ts'
import { sleep } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { memoryQueueStore } from '../../src/queue/memory-store.ts'
import { byScore, type Member } from '../../src/queue/member.ts'
import type { Queues } from '../../src/queue/queue.ts'
import { strategyNames } from '../../src/queue/strategies.ts'
import type { AgentReservation } from '../../src/queue/agent-reservation.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openNodeQueues } from '../node-queues.ts'
import { waitingCall } from '../waiting-call.ts'

const CALLERS = 1_200
const AGENTS = 18
const QUEUES = ['sales', 'support', 'billing']

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
  /** Which telephone really rings or talks, and for which caller. */
  readonly onThePhone = new Map<string, string>()
  readonly outcomes = new Map<string, 'talked' | 'hung up'>()
  readonly #inLine = new Map<string, Map<string, Member>>()
  takeovers = 0
  lost = 0

  constructor(seed: number) {
    this.dice = dice(seed)
    const { store, roster, clock } = this
    this.nodes = ['a', 'b'].map(node => openNodeQueues({ store, roster, clock, log: silentLog, node }))
    store.onChange(notice => notice.what === 'member' && this.#watch(notice.queue, notice.call, notice.member))
  }

  /** First in, first out: at the moment of an offer no caller before them could have got the agent. */
  #watch(queue: string, call: string, member: Member | null): void {
    const line = this.#inLine.get(queue) ?? new Map<string, Member>()
    this.#inLine.set(queue, line)
    if (member?.state === 'waiting') return void line.set(call, member)
    if (!line.delete(call) || member?.state !== 'offered') return
    const now = this.clock.now()
    const before = [...line.values()].filter(other => other.passedUntil <= now && byScore(other, member) < 0)
    assert.deepEqual(
      before.map(other => other.call),
      [],
      `${call} was called in ${queue} before`,
    )
  }

  async agent(name: string): Promise<void> {
    const mine = QUEUES.filter(() => this.dice.chance(0.6))
    const queues = mine.map(queue => ({ queue, level: 1 + this.dice.upTo(2), position: 1 + this.dice.upTo(3) }))
    const wrapUpMs = this.dice.of([0, 5_000])
    await this.roster.put({ name, endpoint: `user/${name}`, wrapUpMs, ringForMs: 20_000, queues }, this.clock.now())
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
      const timer = Number.isFinite(Math.min(moves, left))
        ? this.clock.after(Math.min(moves, left), () => life.abort(end))
        : null
      try {
        await this.flow(uuid, queue, this.nodes[node]!, life.signal)
        this.outcomes.set(uuid, 'talked')
        return
      } catch (reason) {
        if (reason !== end) throw reason
        this.takeovers++
        if (!(reason instanceof CallEnded)) continue
        this.takeovers--
        this.outcomes.set(uuid, 'hung up')
        return
      } finally {
        timer?.cancel()
      }
    }
  }

  async flow(uuid: string, queue: string, node: Queues, signal: AbortSignal): Promise<void> {
    await using place = await node.enter(waitingCall(uuid, signal), queue)
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

  async talk(uuid: string, agent: AgentReservation, signal: AbortSignal): Promise<boolean> {
    if (!(await agent.ringing())) return this.#lost()
    signal.throwIfAborted()
    assert.equal(this.onThePhone.get(agent.name), undefined, `${agent.name} has two callers`)
    this.onThePhone.set(agent.name, uuid)
    const phone = () => void (this.onThePhone.get(agent.name) === uuid && this.onThePhone.delete(agent.name))
    signal.addEventListener('abort', phone, { once: true })
    try {
      await sleep(this.clock, this.dice.upTo(20_000), signal)
      if (this.dice.chance(0.25)) {
        phone()
        if (this.dice.chance(0.8)) await agent.finished(this.dice.of(['no-answer', 'busy', 'declined', 'failed']))
        return false
      }
      if (!(await agent.talking())) return this.#lost()
      await sleep(this.clock, 1_000 + this.dice.upTo(40_000), signal)
      return true
    } finally {
      phone()
    }
  }

  #lost(): false {
    this.lost++
    return false
  }
}

for (const seed of [1, 2, 3]) {
  test(`a wild day (${seed}): no agent has two callers, first come is first served, nobody is forgotten`, async () => {
    const day = new Day(seed)
    for (const [at, name] of QUEUES.entries())
      await day.store.put({ name, strategy: strategyNames()[(at + seed) % strategyNames().length]! })
    const lives = [
      ...Array.from({ length: AGENTS }, (_, i) => day.agent(`agent-${i}`)),
      ...Array.from({ length: CALLERS }, (_, i) => day.call(`call-${i}`)),
    ]
    const all = Promise.all(lives)
    for (let minute = 0; minute < 60; minute++) {
      await day.clock.advance(61_234)
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
