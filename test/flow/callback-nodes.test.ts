/** A callback when nodes die, in whichever moment: nobody is called twice for one try, and nobody is forgotten. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate, type Simulation } from '#testing'
import callbackScript from '../../scripts/callback.ts'
import type { QueueSettings } from '../../src/queue/settings.ts'

const NUMBER = '+4930555123'

async function two(t: TestContext, settings: Partial<QueueSettings> = {}) {
  const sim = simulate(t, { reconciles: true })
  await sim.until('node a opens', sim.ready)
  await sim.until('node b opens', sim.open('b'))
  await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', ...settings })
  return sim
}

const promise = (sim: Simulation, options = {}) => sim.callback(callbackScript, { number: NUMBER, ...options })

/** How often each telephone was dialled for each attempt. */
const dials = (sim: Simulation) => {
  const counts = new Map<string, number>()
  for (const { uuid } of sim.told('callback.attempted')) counts.set(uuid, (counts.get(uuid) ?? 0) + 1)
  return [...counts.values()]
}

for (const callbackOrder of ['agent-first', 'customer-first'] as const) {
  test(`of two nodes one calls, ${callbackOrder}`, async t => {
    const sim = await two(t, { callbackOrder })
    const alice = sim.agent('alice')
    await alice.ready()
    const customers = Array.from({ length: 4 }, (_, at) => promise(sim, { number: `${NUMBER}${at}` }))
    await sim.advance('10s')
    assert.ok(dials(sim).length > 0 && dials(sim).every(count => count === 1), 'each attempt is dialled once')
    const rang = customers.map(({ place }) => place.rang)
    assert.deepEqual(rang, callbackOrder === 'agent-first' ? [0, 0, 0, 0] : [1, 0, 0, 0])
    await alice.logsOut()
    await sim.advance('1m')
  })

  test(`a node that dies while the first telephone rings: another one finds the attempt, ${callbackOrder}`, async t => {
    const sim = await two(t, { callbackOrder })
    const alice = sim.agent('alice', { answers: callbackOrder === 'agent-first' ? '10s' : '3s' })
    await alice.ready()
    const customer = promise(sim, { answers: '10s' })
    const first = callbackOrder === 'agent-first' ? alice.place : customer.place
    await sim.until('it rings', () => first.rang === 1)
    sim.kill('a')
    if (callbackOrder === 'agent-first') {
      await alice.accepts()
    } else {
      await customer.hears('callback/press-1')
      await customer.presses('1')
      await alice.accepts()
    }
    await alice.talksWith(NUMBER)
    await sim.advance('2s')
    await alice.hangsUp()
    assert.equal(await customer.ends(), 'done')
    assert.equal(customer.place.rang, 1)
    assert.deepEqual(dials(sim), [1])
  })

  test(`a node that dies, and nobody answers the telephone that it let ring: the callback is made later, ${callbackOrder}`, async t => {
    const sim = await two(t, { callbackOrder, callbackRetryAfter: { other: 30_000 } })
    const alice = sim.agent('alice', { answers: callbackOrder === 'agent-first' ? 'never' : '3s' })
    await alice.ready()
    const customer = promise(sim, { answers: 'never' })
    const first = callbackOrder === 'agent-first' ? alice.place : customer.place
    await sim.until('it rings', () => first.rang === 1)
    sim.kill('a')
    await sim.advance('30s')
    assert.equal(first.rang, 1, 'not again, while it is not known what became of it')
    alice.place.behaviour = { answers: '1s' }
    customer.place.behaviour = { answers: '1s', speaks: 'human' }
    await sim.until('it rings again', () => first.rang === 2, '5m')
    const { tries } = await customer.row()
    assert.equal(tries, callbackOrder === 'agent-first' ? 0 : 1)
    assert.ok(dials(sim).every(count => count === 1))
    await alice.logsOut()
    await sim.advance('2m')
  })
}

test('a node that dies while the two talk: the talk goes on, and the callback is done', async t => {
  const sim = await two(t)
  const alice = sim.agent('alice')
  await alice.ready()
  const customer = promise(sim)
  await alice.accepts()
  await alice.talksWith(NUMBER)
  await sim.advance('1s')
  sim.kill('a')
  await sim.advance('1m')
  await alice.talksWith(NUMBER)
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
  assert.equal(await alice.state(), 'wrap-up')
})

test('the node dies after the customer did not answer, and PostgreSQL is away: the try is used up', async t => {
  const sim = await two(t, { callbackOrder: 'agent-first', callbackRetryAfter: { other: 600_000 } })
  const alice = sim.agent('alice')
  await alice.ready()
  const customer = promise(sim, { answers: 'busy' })
  await alice.accepts()
  await alice.hears('dial/busy')
  sim.database = 'away'
  sim.kill('a')
  await alice.ended('30s')
  await sim.advance('2m')
  sim.database = 'here'
  await sim.advance('1m')
  const { tries, state, outcome } = await customer.row()
  assert.deepEqual({ tries, state, outcome }, { tries: 1, state: 'waiting', outcome: 'cancelled' })
  await alice.logsOut()
  await sim.advance('1m')
})

test('both nodes die with a place that waits: the next node goes on with it', async t => {
  const sim = await two(t)
  const customer = promise(sim)
  await sim.advance('1m')
  sim.kill('a')
  sim.kill('b')
  await sim.advance('10s')
  await sim.until('node a opens again', sim.open('a'))
  const alice = sim.agent('alice')
  await alice.ready()
  await alice.accepts('60s')
  await customer.talksWith('alice')
  await sim.advance('1s')
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
})

test('the shipped script, agent first: the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    callbackScript,
    async (customer, sim) => {
      const [alice] = sim.agents
      await alice!.accepts('60s')
      await customer.talksWith('alice', '60s')
      await sim.advance('3s')
      await customer.hangsUp()
      await sim.until('the record', () => sim.records.length === 1, '60s')
      await sim.advance('30s')
      const [row] = await sim.callbacks.list({ limit: 2 })
      assert.deepEqual([row!.state, row!.tries, row!.answeredBy], ['done', 1, 'alice'])
    },
    { callback: { number: NUMBER }, before: sim => sim.agent('alice').ready() },
  )
  assert.ok(places > 15, `${places} places`)
})

test('the shipped script, customer first: the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    callbackScript,
    async (customer, sim) => {
      await customer.hears('callback/press-1', '60s')
      await customer.presses('1')
      const [alice, bob] = sim.agents
      await bob!.takesBreak()
      await customer.hears('queue/position', '90s')
      await alice!.ready()
      await alice!.accepts('60s')
      await customer.talksWith('alice', '60s')
      await sim.advance('3s')
      await customer.hangsUp()
      await sim.until('the record', () => sim.records.length === 1, '60s')
      await sim.advance('30s')
      const [row] = await sim.callbacks.list({ limit: 2 })
      assert.deepEqual([row!.state, row!.tries, row!.answeredBy], ['done', 1, 'alice'])
    },
    {
      callback: { number: NUMBER },
      before: async sim => {
        await sim.queueStore.put({
          name: 'sales',
          strategy: 'longest-idle-agent',
          callbackOrder: 'customer-first',
        })
        sim.agent('alice')
        await sim.agent('bob', { answers: 'never' }).ready()
      },
    },
  )
  assert.ok(places > 15, `${places} places`)
})
