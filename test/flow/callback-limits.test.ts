/** Customers who were promised a callback are called no faster than the calls per second of the installation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import queueEntry from '../../scripts/queue-entry.ts'
import { line, open, promise, sales } from './callback-floor.ts'

const NUMBERS = ['+4930555001', '+4930555002', '+4930555003', '+4930555004']

/** When each customer's telephone rang, by the transcript, in seconds. */
const rangAt = (sim: Awaited<ReturnType<typeof open>>) =>
  sim.switch.transcript
    .filter(({ who, what }) => NUMBERS.includes(who) && what === 'rings')
    .map(({ at }) => at)
    .sort((a, b) => a - b)

for (const callbackOrder of ['customer-first', 'agent-first'] as const) {
  test(`four customers are promised a callback, ${callbackOrder}: with two calls per second their telephones ring one second apart in pairs`, async t => {
    const sim = await open(t, { callbackOrder, accept: 'none', whisper: false }, { cps: 2 })
    const customers = NUMBERS.map(number => promise(sim, { number, answers: '20s' }))
    const agents = ['alice', 'bob', 'carol', 'dave'].map(name => sim.agent(name, { answers: '1s', wrapUp: '1s' }))
    await sim.advance('1s')
    for (const agent of agents) await agent.ready()
    if (callbackOrder === 'agent-first') {
      await sim.advance('4s') // all hear what it is about
      for (const agent of agents) sim.clock.after(0, () => agent.place.last!.press('1'))
    }
    await sim.advance('8s')
    const rang = rangAt(sim)
    assert.equal(rang.length, 4, 'each customer is called, once')
    const inASecond = rang.map(at => rang.filter(other => other >= at && other < at + 1_000).length)
    assert.equal(Math.max(...inASecond), 2, `they rang at ${rang.join(', ')}`)
    for (const agent of agents) await agent.takesBreak()
    for (const customer of customers) customer.place.last?.hangUp()
    await sim.advance('30s')
  })
}

test('a customer who cannot be called in time keeps the place, and the agent is free for a caller', async t => {
  const sim = await open(t, { callbackOrder: 'customer-first', accept: 'none' }, { cps: 1 })
  const starts = sim.starts
  const start = starts.start.bind(starts)
  let isBusy = true
  starts.start = at => (isBusy ? Promise.resolve(60_000) : start(at))
  const alice = sim.agent('alice', { wrapUp: '1s' })
  const customer = promise(sim)
  await alice.ready()
  await sim.advance('3s')
  assert.equal(customer.place.rang, 0)
  assert.deepEqual(await line(sim), ['callback'])
  assert.equal((await customer.row()).tries, 0)
  const caller = sim.call(queueEntry, sales)
  await caller.talksWith('alice', '20s')
  await caller.hangsUp()
  await caller.outcome()
  isBusy = false
  await customer.hears('callback/press-1', '60s')
  await customer.presses('1')
  await customer.talksWith('alice')
  await sim.advance('1s')
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
})

test('an agent whose customer cannot be called in time hangs up, and the customer is called later: no try is used up', async t => {
  const sim = await open(t, { accept: 'none' }, { cps: 1 })
  const starts = sim.starts
  const start = starts.start.bind(starts)
  let isBusy = true
  starts.start = at => (isBusy ? Promise.resolve(60_000) : start(at))
  const alice = sim.agent('alice', { wrapUp: '1s' })
  const customer = promise(sim)
  await alice.ready()
  await alice.accepts()
  await alice.hears('dial/refused', '8s')
  await sim.advance('4s')
  assert.equal(customer.place.rang, 0)
  const { state, tries, outcome } = await customer.row()
  assert.deepEqual([state, tries, outcome], ['waiting', 0, 'refused'])
  isBusy = false
  await alice.rings('5m')
  await alice.accepts()
  await customer.talksWith('alice')
  await sim.advance('1s')
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
})
