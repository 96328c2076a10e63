/** Every feature code, and every number for parked callers, does what it should wherever a node dies. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate, type Simulation } from '#testing'
import agentBreak from '../../scripts/agent-break.ts'
import agentHold from '../../scripts/agent-hold.ts'
import agentLogin from '../../scripts/agent-login.ts'
import agentLogout from '../../scripts/agent-logout.ts'
import agentNext from '../../scripts/agent-next.ts'
import agentReady from '../../scripts/agent-ready.ts'
import agentTransfer from '../../scripts/agent-transfer.ts'
import park from '../../scripts/park.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import transfer from '../../scripts/transfer.ts'
import unpark from '../../scripts/unpark.ts'
import type { AnyFlow } from '../../src/flow/catalogue.ts'
import type { Needs } from '../../src/flow/params.ts'
import type { Script, TakeoverOptions } from '../../src/testing/simulate.ts'

type Caller = ReturnType<Simulation['call']>

/** Alice calls the code from her telephone. Returns the number of deaths. */
function dies<N extends Needs>(
  t: TestContext,
  code: AnyFlow,
  script: Script,
  options: Omit<TakeoverOptions<N>, 'user'> = {},
): Promise<number> {
  const queues = ['sales', 'park', 'slot-1', 'slot-2']
  return simulate(t, { queues }).takeoverEverywhere(code, script, { user: 'alice', ...options })
}

const isThere = async (sim: Simulation) => sim.agent('alice', { queues: ['sales'] }).logsOut()
const now = (sim: Simulation) => sim.roster.get('alice', sim.clock.now())

for (const [what, code, sound, status] of [
  ['logs in', agentLogin, 'agent/logged-in', 'ready'],
  ['logs out', agentLogout, 'agent/logged-out', 'logged-out'],
  ['is ready', agentReady, 'agent/ready', 'ready'],
  ['takes the next caller while nobody waits', agentNext, 'agent/next-caller', 'on-demand'],
] as const)
  test(`an agent ${what}, wherever the node dies`, async t => {
    const places = await dies(
      t,
      code as unknown as AnyFlow,
      async (line, sim) => {
        await line.hears(sound)
        assert.equal(await line.outcome(), 'done')
        assert.equal((await now(sim))?.status, status)
      },
      { before: isThere },
    )
    assert.ok(places >= 8, `${places} places`)
  })

test('an agent takes a break with a reason, wherever the node dies', async t => {
  const places = await dies(
    t,
    agentBreak as unknown as AnyFlow,
    async (line, sim) => {
      await line.hears('agent/break')
      assert.equal(await line.outcome(), 'done')
      assert.deepEqual([(await now(sim))?.status, (await now(sim))?.reason], ['break', 'lunch'])
    },
    {
      params: { reason: 1 } as never,
      async before(sim) {
        await isThere(sim)
        await sim.roster.putBreakReason({ reason: 'lunch', limitMs: null })
      },
    },
  )
  assert.ok(places >= 8, `${places} places`)
})

/** Somebody who calls before the agent does, in each of the simulations. */
function callers() {
  const all = new WeakMap<Simulation, Caller>()
  return {
    of: (sim: Simulation) => all.get(sim)!,
    async waits(sim: Simulation, queue: string) {
      const caller = sim.call(queueEntry, { params: { queue } })
      await caller.hears('music moh/calm')
      all.set(sim, caller)
    },
    /** Alice talks with the caller. */
    async talks(sim: Simulation) {
      sim.install('queue-entry', queueEntry)
      sim.install('transfer', transfer)
      const alice = sim.agent('alice', { queues: ['sales'] })
      await alice.ready()
      const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
      await alice.accepts()
      await caller.talksWith('alice')
      await sim.advance('1s')
      all.set(sim, caller)
    },
  }
}

test('an agent takes the next caller on the line that dialled, wherever the node dies', async t => {
  const waiting = callers()
  const places = await dies(
    t,
    agentNext as unknown as AnyFlow,
    async (line, sim) => {
      const caller = waiting.of(sim)
      await line.talksWith('caller')
      await sim.advance('5s')
      await caller.hangsUp()
      assert.equal(await line.outcome(), 'talked')
      assert.equal(await caller.outcome(), 'talked')
      await sim.agents[0]!.becomes('idle', '1m')
    },
    {
      async before(sim) {
        await isThere(sim)
        await waiting.waits(sim, 'sales')
      },
    },
  )
  assert.ok(places >= 8, `${places} places`)
})

test('an agent who waits for parked callers takes two of them, wherever the node dies', async t => {
  const places = await dies(
    t,
    unpark as unknown as AnyFlow,
    async (line, sim) => {
      for (const name of ['caller-2', 'caller-3']) {
        await line.hears('music moh/calm')
        const caller = sim.call(queueEntry, { params: { queue: 'park' } })
        await line.talksWith(name)
        await sim.advance('5s')
        await caller.hangsUp()
        assert.equal(await caller.outcome(), 'talked')
      }
      await line.hears('music moh/calm')
      await line.hangsUp()
      await line.outcome()
      await sim.agents[0]!.becomes('idle', '1m')
    },
    { params: { queue: 'park', wait: 'yes' } as never, before: isThere },
  )
  assert.ok(places >= 8, `${places} places`)
})

test('an agent who finds nobody parked hears so, wherever the node dies', async t => {
  const places = await dies(
    t,
    unpark as unknown as AnyFlow,
    async line => {
      await line.hears('agent/nobody-waits')
      assert.equal(await line.outcome(), 'nobody')
    },
    { params: { queue: 'park' } as never, before: isThere },
  )
  assert.ok(places >= 6, `${places} places`)
})

test('an agent puts the caller on hold, wherever the node dies, and the caller stays on hold', async t => {
  const talking = callers()
  const places = await dies(
    t,
    agentHold as unknown as AnyFlow,
    async (line, sim) => {
      await line.hears('agent/on-hold')
      assert.equal(await line.outcome(), 'done')
      const held = [...sim.switch.channels.values()].filter(({ callState }) => callState === 'HELD')
      assert.equal(held.length, 1, 'one holds the other')
      const caller = talking.of(sim)
      await caller.hangsUp()
      await caller.outcome()
    },
    { before: talking.talks, records: false },
  )
  assert.ok(places >= 8, `${places} places`)
})

test('an agent sends the caller to another number, wherever the node dies', async t => {
  const talking = callers()
  const places = await dies(
    t,
    agentTransfer as unknown as AnyFlow,
    async (line, sim) => {
      sim.switch.world.at(/4930777$/, { answers: '2s', talksFor: '5s' })
      await line.hears('agent/transferred')
      assert.equal(await line.outcome(), 'done')
      const caller = talking.of(sim)
      await caller.talksWith('4930777')
      await sim.advance('1s')
      await caller.hangsUp()
      await caller.outcome()
    },
    { params: { number: '4930777' } as never, before: talking.talks },
  )
  assert.ok(places >= 8, `${places} places`)
})

test('an agent parks the caller of a talk in a slot, wherever the node dies', async t => {
  const talking = callers()
  const places = await dies(
    t,
    park as unknown as AnyFlow,
    async (line, sim) => {
      await line.hears('agent/parked-in')
      await line.hears('name_spelled 1')
      assert.equal(await line.outcome(), 'done')
      const caller = talking.of(sim)
      await caller.hears('music moh/calm')
      await sim.agents[0]!.becomes('idle', '1m')
      assert.equal((await sim.queueStore.waiting('slot-1')).length, 1)
      await caller.hangsUp()
      await caller.outcome()
    },
    { before: talking.talks },
  )
  assert.ok(places >= 8, `${places} places`)
})
