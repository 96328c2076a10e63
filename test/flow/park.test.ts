/** Callers are parked in a queue, and an agent takes one of them on the very line on which the agent dials. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate, type Simulation } from '#testing'
import agentNext from '../../scripts/agent-next.ts'
import park from '../../scripts/park.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import unpark from '../../scripts/unpark.ts'
import { talkInvite } from '../../src/operations/talk/conference.ts'
import { talkCancel, talkComplete, talkConsult } from '../../src/operations/talk/consult.ts'
import { asks } from './desk.ts'

async function office(t: TestContext, options: Parameters<typeof simulate>[1] = {}) {
  const sim = simulate(t, { queues: ['park', 'sales', 'slot-2', 'slot-10'], ...options })
  await sim.ready
  const alice = sim.agent('alice', { queues: ['sales'] })
  await alice.logsOut()
  return { sim, alice, now: () => sim.roster.get('alice', sim.clock.now()) }
}

const parks = (sim: Simulation) => sim.call(queueEntry, { params: { queue: 'park' } })
const takes = (sim: Simulation, wait?: 'yes', user = 'alice') =>
  sim.call(unpark, { from: user, user, params: { queue: 'park', wait } })

test('an agent who dials takes the caller who was parked first, on that line, and no telephone rings', async t => {
  const { sim, alice, now } = await office(t)
  const first = parks(sim)
  await first.hears('music moh/calm')
  const second = parks(sim)
  await second.hears('music moh/calm')
  const line = takes(sim)
  await line.talksWith('caller')
  await first.talksWith('caller-3')
  assert.equal((await now())?.state, 'talking')
  assert.equal(alice.place.rang, 0)
  await first.hangsUp()
  assert.equal(await line.outcome(), 'talked')
  assert.equal(await first.outcome(), 'talked')
  assert.equal((await now())?.status, 'logged-out')
  await alice.becomes('idle')
  assert.equal((await now())?.dialledIn, undefined)
  const again = takes(sim)
  await again.talksWith('caller-2')
  await again.hangsUp()
  assert.equal(await second.outcome(), 'talked')
  assert.equal(await again.outcome(), 'talked')
})

test('an agent who dials while nobody is parked hears so', async t => {
  const { sim, now } = await office(t)
  const line = takes(sim)
  await line.hears('agent/nobody-waits')
  assert.equal(await line.outcome(), 'nobody')
  assert.equal((await now())?.dialledIn, undefined)
})

test('an agent who waits hears music till a caller is parked, and takes one caller after the other', async t => {
  const { sim, alice } = await office(t)
  const line = takes(sim, 'yes')
  await line.hears('music moh/calm')
  await sim.advance('5m')
  for (const name of ['caller-2', 'caller-3']) {
    const caller = parks(sim)
    await line.talksWith(name)
    await caller.hangsUp()
    await line.hears('music moh/calm')
    assert.equal(await caller.outcome(), 'talked')
  }
  await line.hangsUp()
  await line.outcome()
  await alice.becomes('idle')
  assert.equal(alice.place.rang, 0)
})

test('an agent who is on the line for parked callers is offered no other call', async t => {
  const { sim, alice } = await office(t)
  await alice.ready()
  const line = takes(sim, 'yes')
  await line.hears('music moh/calm')
  const other = sim.call(queueEntry, { params: { queue: 'sales' } })
  await other.hears('music moh/calm')
  await sim.advance('1m')
  assert.equal(alice.place.rang, 0)
  await line.hangsUp()
  await alice.accepts()
  await other.talksWith('alice')
  await other.hangsUp()
  await other.outcome()
  await line.outcome()
})

test('a telephone without an agent takes nobody', async t => {
  const { sim } = await office(t)
  const caller = parks(sim)
  await caller.hears('music moh/calm')
  const line = takes(sim, undefined, 'reception')
  await line.hears('agent/unknown')
  await line.outcome()
  await caller.hangsUp()
  await caller.outcome()
})

test('an agent who hangs up while they wait leaves nothing behind, and the caller who is parked waits on', async t => {
  const { sim, alice } = await office(t)
  const line = takes(sim, 'yes')
  await line.hears('music moh/calm')
  await line.hangsUp()
  await line.outcome()
  const caller = parks(sim)
  await caller.hears('music moh/calm')
  await sim.advance('30s')
  assert.equal(await alice.state(), 'idle')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
})

test('a parked caller who hangs up while an agent takes the call leaves the agent free for the next one', async t => {
  const { sim } = await office(t)
  const first = parks(sim)
  await first.hears('music moh/calm')
  const second = parks(sim)
  await second.hears('music moh/calm')
  const line = takes(sim)
  await sim.until('the first caller is taken', () => sim.told('queue.call.offered').length > 0)
  await first.hangsUp()
  await line.talksWith('caller-2')
  await line.hangsUp()
  await second.outcome()
  await line.outcome()
  await first.outcome()
})

test('an agent takes the next caller of their queues by *54, on the line that dialled', async t => {
  const { sim, alice } = await office(t)
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await caller.hears('music moh/calm')
  const line = sim.call(agentNext, { from: 'alice', user: 'alice' })
  await line.talksWith('caller')
  await caller.hangsUp()
  assert.equal(await line.outcome(), 'talked')
  assert.equal(alice.place.rang, 0)
})

for (const [end, operation] of [
  ['has the caller back', talkCancel],
  ['gives the caller to the colleague', talkComplete],
] as const)
  for (const dies of [false, true])
    test(`an agent on the line consults a colleague and ${end}${dies ? ', after their node has died' : ''}`, async t => {
      const { sim, alice } = await office(t)
      const bob = sim.agent('bob', { queues: [] })
      await bob.ready()
      const caller = parks(sim)
      await caller.hears('music moh/calm')
      const line = takes(sim)
      await line.talksWith('caller')
      await sim.advance('1s')
      if (dies) {
        await sim.until('node b opens', sim.open('b'))
        sim.kill('a')
        await sim.advance('1s')
      }
      const node = dies ? 'b' : 'a'
      await asks(sim, talkConsult, { talk: 'alice', agent: 'bob' }, node)
      await line.talksWith('bob')
      await sim.advance('5s')
      await asks(sim, operation, { talk: await caller.uuid() }, node)
      if (operation === talkCancel) await line.talksWith('caller')
      else await caller.talksWith('bob')
      await sim.advance('5s')
      await caller.hangsUp()
      assert.equal(await caller.outcome(), 'talked')
      assert.equal(await line.outcome(), 'talked')
      for (const agent of [alice, bob]) await agent.becomes('idle', '1m')
    })

/** Alice talks with a caller of sales. */
async function talking(t: TestContext) {
  const { sim, alice, now } = await office(t)
  sim.install('queue-entry', queueEntry)
  sim.agent('bob', { queues: [] })
  await alice.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.accepts()
  await caller.talksWith('alice')
  return { sim, alice, caller, now }
}

const parksTalk = (sim: Simulation, slot?: string) => sim.call(park, { from: 'alice', user: 'alice', params: { slot } })

test('an agent parks the caller in the first free slot, and a colleague takes the caller up at another telephone', async t => {
  const { sim, alice, caller } = await talking(t)
  const code = parksTalk(sim)
  await code.hears('agent/parked-in')
  await code.hears('name_spelled 2')
  assert.equal(await code.outcome(), 'done')
  await caller.hears('music moh/calm')
  await alice.becomes('idle')
  const colleague = sim.call(unpark, { from: 'bob', user: 'bob', params: { queue: 'slot-2', wait: undefined } })
  await colleague.talksWith('caller')
  await caller.hangsUp()
  assert.equal(await colleague.outcome(), 'talked')
  assert.equal(await caller.outcome(), 'talked')
})

test('an agent parks the caller in a slot of their choice, but not in one that is taken', async t => {
  const { sim, caller } = await talking(t)
  const there = sim.call(queueEntry, { params: { queue: 'slot-2' } })
  await there.hears('music moh/calm')
  for (const slot of ['2', '3']) {
    const code = parksTalk(sim, slot)
    await code.hears('agent/no-slot')
    assert.equal(await code.outcome(), 'refused')
  }
  const code = parksTalk(sim)
  await code.hears('name_spelled 10')
  await caller.hears('music moh/calm')
  await caller.hangsUp()
  await there.hangsUp()
  assert.equal(await there.outcome(), 'abandoned')
  await caller.outcome()
})

test('an agent who does not talk parks nobody, and one who dials an empty slot hears so', async t => {
  const { sim } = await office(t)
  const code = parksTalk(sim)
  await code.hears('agent/refused')
  assert.equal(await code.outcome(), 'refused')
  for (const queue of ['slot-2', 'slot-7']) {
    const line = sim.call(unpark, { from: 'alice', user: 'alice', params: { queue, wait: undefined } })
    await line.hears('agent/nobody-waits')
    assert.equal(await line.outcome(), 'nobody')
  }
})

test('an agent takes a parked caller on the line, wherever a node dies', async t => {
  const callers = new WeakMap<Simulation, ReturnType<typeof parks>>()
  const places = await simulate(t, { queues: ['park'] }).takeoverEverywhere(
    unpark,
    async (line, sim) => {
      await line.talksWith('caller')
      await sim.advance('5s')
      const caller = callers.get(sim)!
      await caller.hangsUp()
      assert.equal(await line.outcome(), 'talked')
      assert.equal(await caller.outcome(), 'talked')
      await sim.agents[0]!.becomes('idle')
    },
    {
      user: 'alice',
      params: { queue: 'park', wait: undefined },
      async before(sim) {
        await sim.agent('alice').logsOut()
        const caller = parks(sim)
        await caller.hears('music moh/calm')
        callers.set(sim, caller)
      },
    },
  )
  assert.ok(places >= 8, `${places} places`)
})

test('an agent who dialled in goes on with the next parked caller after a conference', async t => {
  const { sim, now } = await office(t)
  const expert = sim.switch.world.at('sofia/gateway/carrier/+4930777', { answers: '2s' })
  const first = parks(sim)
  await first.hears('music moh/calm')
  const line = takes(sim, 'yes')
  await line.talksWith('caller')
  await sim.advance('1s')
  await asks(sim, talkInvite, { talk: 'alice', to: '+4930777' })
  await first.hearsVoices(['caller-2', '+4930777'])
  await first.hangsUp()
  assert.equal(await first.outcome(), 'talked')
  expert.last?.hangUp()
  await line.hears('music moh/calm', '20s')
  const second = parks(sim)
  await second.talksWith('caller-2', '20s')
  await sim.advance('1s')
  await second.hangsUp()
  assert.equal(await second.outcome(), 'talked')
  await line.hangsUp()
  assert.equal(await line.outcome(), 'talked')
  assert.equal((await now())?.dialledIn, undefined)
})
