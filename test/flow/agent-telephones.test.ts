/**
 * Agents whose telephone is in use by a call that Switchhook has not made, or is not registered, are offered no call;
 * and nothing of that is lost with a link or a node.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate, type Simulation } from '#testing'
import type { ApiText } from '../../src/esl/api.ts'
import queueEntry from '../../scripts/queue-entry.ts'

/** Somebody in the house calls this telephone, and not by Switchhook. */
function colleagueCalls(sim: Simulation, user: string): Promise<boolean> {
  return sim.nodes
    .get('a')!
    .calls.switchboard.any()
    .attempt(`originate user/${user} &park()` as ApiText)
}

/** An agent calls somebody, not by Switchhook, from a telephone whose password FreeSWITCH has checked. */
function calls(sim: Simulation, from: string, how: { user?: string } = { user: from }) {
  sim.switch.dialplan.extension('9000', [{ application: 'park', data: '' }], { context: 'house' })
  return sim.switch.world.call({ from, to: '9000', context: 'house', ...how })
}

async function withAlice(t: TestContext, options: Parameters<typeof simulate>[1] = {}) {
  const sim = simulate(t, { queues: ['sales'], ...options })
  await sim.ready
  const alice = sim.agent('alice')
  await alice.ready()
  await sim.advance('1s')
  return { sim, alice }
}

const waits = (sim: Simulation) => sim.call(queueEntry, { params: { queue: 'sales' } })

test('an agent whom a colleague calls is offered no caller until that call is over', async t => {
  const { sim, alice } = await withAlice(t)
  void colleagueCalls(sim, 'alice')
  await alice.becomes('busy-elsewhere')
  const caller = waits(sim)
  await caller.hears('music moh/calm')
  await sim.advance('20s')
  assert.equal(alice.place.rang, 1, 'only the colleague rings')
  await alice.hangsUp()
  await alice.becomes('ringing')
  await caller.hangsUp()
  await caller.outcome()
})

test('an agent who calls somebody is busy, from the first moment to the last', async t => {
  const { sim, alice } = await withAlice(t)
  const call = calls(sim, 'alice')
  await alice.becomes('busy-elsewhere')
  call.hangUp()
  await alice.becomes('idle')
})

test('a stranger who pretends to call from the telephone of an agent does not keep the agent busy', async t => {
  const { sim, alice } = await withAlice(t)
  const call = calls(sim, 'alice', {})
  await sim.advance('2s')
  assert.equal(await alice.state(), 'idle')
  call.hangUp()
})

test('an agent who wants calls also while telephoning gets them', async t => {
  const { sim, alice } = await withAlice(t)
  const known = (await sim.roster.get('alice', sim.clock.now()))!
  await sim.roster.put({ ...known, skipWhileElsewhere: false }, sim.clock.now())
  const call = calls(sim, 'alice')
  await sim.advance('1s')
  assert.equal(await alice.state(), 'idle')
  call.hangUp()
})

test('a call of the queue is not taken for a call of somebody else', async t => {
  const { sim, alice } = await withAlice(t)
  const caller = waits(sim)
  await alice.rings()
  await sim.advance('1s')
  assert.deepEqual((await sim.roster.get('alice', sim.clock.now()))?.legs, undefined)
  await caller.hangsUp()
  await caller.outcome()
})

test('a call that begins while the node hears nothing is found when its link is back', async t => {
  const { sim, alice } = await withAlice(t)
  let dropped = 0
  sim.switch.dropConnections(link => !link.outbound && dropped++ === 0) // the event link is the first
  const call = calls(sim, 'alice')
  await alice.becomes('busy-elsewhere')
  call.hangUp()
  await alice.becomes('idle')
})

test('a call that ends while the node hears nothing is over when its link is back', async t => {
  const { sim, alice } = await withAlice(t)
  const call = calls(sim, 'alice')
  await alice.becomes('busy-elsewhere')
  let dropped = 0
  sim.switch.dropConnections(link => !link.outbound && dropped++ === 0)
  call.hangUp()
  await alice.becomes('idle', '2m')
})

test('both nodes hear of the call, and the one that lives ends it', async t => {
  const { sim, alice } = await withAlice(t)
  await sim.until('node b opens', sim.open('b'))
  await sim.advance('1s')
  const call = calls(sim, 'alice')
  await alice.becomes('busy-elsewhere')
  assert.deepEqual((await sim.roster.get('alice', sim.clock.now()))?.legs, [call.uuid])
  sim.kill('a')
  call.hangUp()
  await alice.becomes('idle')
})

test('a node that starts during the call learns of it, and of its end', async t => {
  const { sim, alice } = await withAlice(t)
  const call = calls(sim, 'alice')
  await alice.becomes('busy-elsewhere')
  sim.kill('a')
  await sim.until('node b opens', sim.open('b'))
  await sim.advance('2s')
  call.hangUp()
  await alice.becomes('idle')
})

test('when FreeSWITCH restarts, the calls of agents that it lost are over', async t => {
  const { sim, alice } = await withAlice(t, { reconciles: true })
  calls(sim, 'alice')
  await alice.becomes('busy-elsewhere')
  sim.switch.kill()
  await sim.advance('1s')
  sim.switch.restart()
  await alice.becomes('idle', '3m')
})

test('two agents at one telephone are both busy while somebody calls there', async t => {
  const { sim, alice } = await withAlice(t)
  const known = (await sim.roster.get('alice', sim.clock.now()))!
  await sim.roster.put({ ...known, name: 'bert' }, sim.clock.now())
  const state = async () => (await sim.roster.get('bert', sim.clock.now()))?.state
  void colleagueCalls(sim, 'alice')
  await alice.becomes('busy-elsewhere')
  assert.equal(await state(), 'busy-elsewhere')
  await alice.hangsUp()
  await alice.becomes('idle')
  await sim.advance('1s')
  assert.equal(await state(), 'idle')
})

/** The word by which lists show the agent. */
const why = async (sim: Simulation) => {
  const { registeredAt } = (await sim.roster.get('alice', sim.clock.now()))!
  return registeredAt?.length
}

for (const how of ['unregister', 'expire'] as const)
  test(`an agent whose telephone is gone (${how}) is offered no caller, and is when it is back`, async t => {
    const { sim, alice } = await withAlice(t)
    assert.equal(await why(sim), 1)
    const { address, behaviour } = alice.place
    sim.switch.world.unregister(address, how)
    await sim.advance('2s')
    assert.equal(await why(sim), 0)
    const caller = waits(sim)
    await caller.hears('music moh/calm')
    await sim.advance('30s')
    assert.deepEqual(sim.told('agent.missed_call'), [], 'nobody was called in vain')
    const again = sim.switch.world.at(address, behaviour)
    await sim.until('the telephone rings', () => again.rang === 1)
    await caller.hangsUp()
    await caller.outcome()
  })

test('a telephone that goes while the node hears nothing is missed when the link is back', async t => {
  const { sim, alice } = await withAlice(t)
  let dropped = 0
  sim.switch.dropConnections(link => !link.outbound && dropped++ === 0)
  sim.switch.world.unregister(alice.place.address)
  await sim.advance('10s')
  assert.equal(await why(sim), 0)
})

test('a telephone that never registered may need no registration: its agent is called', async t => {
  const sim = simulate(t, { queues: ['sales'] })
  await sim.ready
  const phone = sim.switch.world.at('sofia/gateway/carrier/+4930777', { answers: '2s' })
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  const alice = {
    name: 'alice',
    endpoint: 'sofia/gateway/carrier/+4930777',
    wrapUpMs: 5_000,
    ringForMs: 20_000,
    queues,
  }
  await sim.roster.put(alice, sim.clock.now())
  await sim.roster.setStatus('alice', 'ready', sim.clock.now())
  const caller = waits(sim)
  await sim.until('the telephone rings', () => phone.rang === 1)
  assert.equal(await why(sim), undefined)
  await caller.hangsUp()
  await caller.outcome()
})

/** Alice and bert sit at one telephone, and two callers wait. */
async function atOneTelephone(t: TestContext, strategy = 'longest-idle-agent') {
  const { sim, alice } = await withAlice(t)
  await sim.queueStore.put({ name: 'sales', strategy })
  await alice.takesBreak()
  const known = (await sim.roster.get('alice', sim.clock.now()))!
  await sim.roster.put({ ...known, name: 'bert', wrapUpMs: 0 }, sim.clock.now())
  const callers = [waits(sim), waits(sim)]
  for (const caller of callers) await caller.hears('music moh/calm')
  for (const name of ['alice', 'bert']) await sim.roster.setStatus(name, 'ready', sim.clock.now())
  const states = async () => (await sim.roster.list(sim.clock.now())).map(({ state }) => state).sort()
  return { sim, alice, callers, states }
}

for (const strategy of ['longest-idle-agent', 'ring-all'])
  test(`of two agents at one telephone one is offered a call at a time (${strategy})`, async t => {
    const { sim, alice, callers, states } = await atOneTelephone(t, strategy)
    await alice.accepts()
    await sim.advance('2s')
    assert.deepEqual(await states(), ['idle', 'talking'])
    await sim.advance('60s')
    assert.equal(alice.place.rang, 1, 'the telephone does not ring during the talk')
    await alice.hangsUp()
    await alice.hears('whisper/press-1') // the next caller, for the other agent or after the wrap-up
    await alice.presses('1')
    await sim.advance('2s')
    await alice.hangsUp()
    for (const caller of callers) assert.equal(await caller.outcome(), 'talked')
  })

test('two nodes offer two callers to the agents of one telephone one after the other', async t => {
  const { sim, alice, callers } = await atOneTelephone(t)
  await sim.until('node b opens', sim.open('b'))
  await alice.hears('whisper/press-1')
  await sim.advance('10s')
  assert.equal(alice.place.rang, 1)
  for (const caller of callers) {
    await caller.hangsUp()
    await caller.outcome()
  }
})
