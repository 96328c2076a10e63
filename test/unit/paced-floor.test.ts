/**
 * What a pacer sees of a campaign's calls and agents: from the events of the legs, the notices of the queue and the
 * records of the agents.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import { reserved } from '../../src/agent/agent.ts'
import { RosterMirror } from '../../src/agent/roster-mirror.ts'
import { silentLog } from '../../src/base/log.ts'
import type { SwitchEvent } from '../../src/esl/event.ts'
import { PacedFloor } from '../../src/campaign/paced-floor.ts'
import type { Pacer, PacingEvent, PacingState } from '../../src/campaign/pacing/pacer.ts'
import { plainFigures } from '../../src/campaign/pacing/pacer.ts'
import type { Switch } from '../../src/switch/switchboard.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const POLICY = { target: 0.03, connectWithinMs: 2_000, clock: 'answer', endsAt: null } as const
const LEAD = '11111111-1111-4111-8111-111111111111'

async function floorOf(t: TestContext) {
  const clock = new VirtualClock()
  const table = new MemoryAgents()
  const roster = memoryRoster(table)
  const mirror = new RosterMirror(roster, clock, silentLog)
  const watchers = new Map<string, { hear(event: SwitchEvent): void; gone(): void }>()
  const at = {
    name: 'fs',
    watch(uuid: string, hear: (event: SwitchEvent) => void, gone: () => void) {
      watchers.set(uuid, { hear, gone })
      return { [Symbol.dispose]: () => void watchers.delete(uuid) }
    },
  } as unknown as Switch
  const events: PacingEvent[] = []
  let seen: PacingState | null = null
  const pacer: Pacer = {
    onEvent: event => void events.push(event),
    decide(state) {
      seen = state
      return { howMany: 0, why: 'agents', figures: plainFigures(state, 0) }
    },
  }
  const floor = new PacedFloor({ at, pacer, mirror, clock, changed() {}, serves: ({ nailed }) => nailed !== null })
  t.after(() => {
    floor[Symbol.dispose]()
    mirror.close()
    assert.equal(watchers.size, 0, 'no leg is watched any more')
    assert.deepEqual(clock.pending(), [])
  })
  return {
    clock,
    roster,
    floor,
    events: () => events.map(({ type }) => type).join(' '),
    told: events,
    sees(): PacingState {
      floor.decide(POLICY, { live: 0, abandoned: 0 })
      return seen!
    },
    leg: (name: string) => watchers.get(LEAD)?.hear({ name } as SwitchEvent),
    lost: () => watchers.get(LEAD)?.gone(),
    dials: () => floor.calls.dialled(LEAD, 0.4),
    place: (state: 'waiting' | 'offered' | 'talking' | null, agent: string | null = null) =>
      floor.calls.placed({ call: LEAD, state, agent }),
    /** The queue gives the agent a caller, or a lead who has answered. */
    async assigns(name: string): Promise<number> {
      const free = (await roster.get(name, clock.now()))!
      const taken = reserved(free, { for: 'a caller', queue: 'sales', ttlMs: 10_000 }, clock.now())!
      table.write(name, taken)
      return taken.reservation!.epoch
    },
    async agent(name: string, wrapUpMs = 10_000) {
      const queues = [{ queue: 'sales', level: 1, position: 1 }]
      await roster.put({ name, endpoint: `user/${name}`, wrapUpMs, ringForMs: 20_000, queues }, clock.now())
      await roster.nail(name, { leg: `leg of ${name}`, node: 'a' }, clock.now())
      await roster.setStatus(name, 'ready', clock.now())
      await clock.settle()
    },
  }
}

test('a lead is seen from the dial until an agent has them, in each phase with its time', async t => {
  const { clock, floor, sees, leg, place, dials, events } = await floorOf(t)
  const began = clock.now()
  dials()
  assert.deepEqual(sees().calls, [
    { id: LEAD, phase: 'dialing', dialledAt: began, phaseAt: began, deadline: null, pAnswer: 0.4 },
  ])
  await clock.advance(2_000)
  leg('CHANNEL_PROGRESS')
  leg('CHANNEL_PROGRESS_MEDIA')
  assert.equal(sees().calls[0]!.phaseAt, began + 2_000)
  await clock.advance(5_000)
  leg('CHANNEL_ANSWER')
  assert.equal(sees().calls[0]!.phase, 'answered')
  await clock.advance(700)
  place('waiting')
  const { phase, deadline } = sees().calls[0]!
  assert.deepEqual([phase, deadline], ['waiting', began + 9_000], 'the deadline counts from the answer')
  place('offered', 'alice')
  assert.deepEqual(sees().calls, [])
  leg('CHANNEL_HANGUP')
  assert.equal(events(), 'dialled ringing answered human connected')
  assert.equal(floor.calls.has(LEAD), false)
})

test('a machine that answers is over without a person', async t => {
  const { sees, leg, dials, events } = await floorOf(t)
  dials()
  leg('CHANNEL_ANSWER')
  leg('CHANNEL_HANGUP')
  assert.equal(events(), 'dialled answered ended')
  assert.deepEqual(sees().calls, [])
})

test('a person who leaves the queue without an agent is abandoned, once', async t => {
  const { sees, leg, dials, place, events } = await floorOf(t)
  dials()
  leg('CHANNEL_ANSWER')
  place('waiting')
  place(null)
  leg('CHANNEL_HANGUP')
  assert.equal(events(), 'dialled answered human abandoned')
  assert.deepEqual(sees().calls, [])
})

test('a person whose agent is lost before the talk waits again', async t => {
  const { sees, leg, dials, place, events } = await floorOf(t)
  dials()
  leg('CHANNEL_ANSWER')
  place('waiting')
  place('offered', 'alice')
  place('waiting')
  assert.equal(sees().calls[0]!.phase, 'waiting')
  place(null)
  assert.equal(events(), 'dialled answered human connected abandoned')
})

test('a lead whose end this node has missed is over when FreeSWITCH no longer has the leg', async t => {
  const { sees, dials, lost, events } = await floorOf(t)
  dials()
  lost()
  assert.deepEqual(sees().calls, [])
  assert.equal(events(), 'dialled ended')
})

test("an agent's talk lasts from the reservation, and the wrap-up from the end of the talk", async t => {
  const { clock, roster, agent, assigns, sees, told } = await floorOf(t)
  await agent('alice')
  assert.deepEqual(
    sees().agents.map(({ id, state, leaving }) => [id, state, leaving]),
    [['alice', 'free', false]],
  )
  const began = clock.now()
  const epoch = await assigns('alice')
  await clock.advance(1_000)
  await roster.advance('alice', epoch, 'talking', clock.now())
  await clock.advance(60_000)
  const { state, since } = sees().agents[0]!
  assert.deepEqual([state, since], ['talk', began])
  await roster.release('alice', epoch, 'talked', clock.now())
  await clock.settle()
  assert.equal(sees().agents[0]!.state, 'wrap')
  await clock.advance(10_000)
  assert.equal(sees().agents[0]!.state, 'free')
  assert.deepEqual(
    told.map(event => [event.type, 'lastedMs' in event ? event.lastedMs : null]),
    [
      ['logged-in', null],
      ['talk-ended', 61_000],
      ['wrap-ended', 10_000],
    ],
  )
})

test('an agent who is reserved for a callback of their own is none of those for whom others are dialled', async t => {
  const { clock, roster, agent, sees, told } = await floorOf(t)
  await agent('alice')
  await agent('bob')
  assert.equal(sees().agents.length, 2)
  const epoch = (await roster.reserve('alice', LEAD, clock.now(), 60_000))!
  await clock.settle()
  assert.deepEqual(
    sees().agents.map(({ id }) => id),
    ['bob'],
  )
  await clock.advance(20_000)
  await roster.advance('alice', epoch, 'talking', clock.now())
  const talks = clock.now()
  await clock.settle()
  assert.deepEqual(
    sees().agents.map(({ id, state, since }) => [id, state, since === talks]),
    [
      ['bob', 'free', false],
      ['alice', 'talk', true],
    ],
  )
  await clock.advance(60_000)
  await roster.release('alice', epoch, 'talked', clock.now())
  await clock.settle()
  const lasted = told.flatMap(event => ('lastedMs' in event ? [event.lastedMs] : []))
  assert.deepEqual(lasted, [60_000], 'the time in which the telephone rang is no talk')
})

test('an agent who wants a break takes no further lead: leaving during the talk, gone after it', async t => {
  const { clock, roster, agent, sees, events } = await floorOf(t)
  await agent('alice', 0)
  sees()
  const epoch = (await roster.reserve('alice', 'a caller', clock.now(), 10_000))!
  await roster.advance('alice', epoch, 'talking', clock.now())
  await roster.setStatus('alice', 'break', clock.now())
  await clock.settle()
  assert.equal(sees().agents[0]!.leaving, true)
  await roster.release('alice', epoch, 'talked', clock.now())
  await clock.settle()
  assert.deepEqual(sees().agents, [])
  assert.match(events(), /logged-out$/)
})

test('an agent who hangs up the nailed-up leg is gone', async t => {
  const { clock, roster, agent, sees } = await floorOf(t)
  await agent('alice')
  assert.equal(sees().agents.length, 1)
  await roster.nail('alice', null, clock.now())
  await clock.settle()
  assert.deepEqual(sees().agents, [])
})
