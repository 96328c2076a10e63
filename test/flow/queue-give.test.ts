/** A supervisor gives a caller who waits to an agent, and puts calls into a queue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate, type Simulation } from '#testing'
import { queueGive, queueTake } from '../../src/operations/queue/give.ts'
import callTransfer from '../../src/operations/call/transfer.ts'
import queuePut from '../../src/operations/queue/put.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import transfer from '../../scripts/transfer.ts'
import { asks } from './desk.ts'

/** Two callers wait in sales; bob serves support only, and is free. */
async function waiting(sim: Simulation) {
  sim.install('queue-entry', queueEntry)
  const bob = sim.agent('bob', { queues: ['support'] })
  await bob.ready()
  const first = sim.call(queueEntry, { params: { queue: 'sales' } })
  await first.hears('music moh/calm')
  await sim.advance('5s')
  const second = sim.call(queueEntry, { params: { queue: 'sales' } })
  await second.hears('music moh/calm')
  return { bob, first, second }
}

test('a supervisor gives the second caller to an agent of another queue, and the first one waits on', async t => {
  const sim = simulate(t)
  const { bob, first, second } = await waiting(sim)
  await asks(sim, queueGive, { call: await second.uuid(), agent: 'bob' })
  await bob.accepts()
  await second.talksWith('bob')
  const [offer] = await sim.queueStore.offers('sales')
  assert.deepEqual([offer!.strategy, offer!.agent, offer!.candidates[0]!.key], ['given', 'bob', ['given by ann']])
  await second.hangsUp()
  await bob.becomes('wrap-up')
  await first.hangsUp()
  assert.equal(await first.outcome(), 'abandoned')
})

test('a caller keeps place and time when the agent does not answer', async t => {
  const sim = simulate(t)
  const { bob, first, second } = await waiting(sim)
  bob.place.behaviour = { answers: 'never' }
  await asks(sim, queueGive, { call: await first.uuid(), agent: 'bob' })
  await bob.rings()
  await bob.ended()
  await bob.becomes('idle')
  const [place] = await sim.queueStore.members('sales')
  assert.deepEqual([place!.call, place!.state], [await first.uuid(), 'waiting'])
  await first.hangsUp()
  await second.hangsUp()
})

test('an agent takes the caller who waits longest', async t => {
  const sim = simulate(t)
  const { bob, first, second } = await waiting(sim)
  await asks(sim, queueTake, { name: 'sales', agent: 'bob' })
  await bob.accepts()
  await first.talksWith('bob')
  await assert.rejects(asks(sim, queueTake, { name: 'sales', agent: 'bob' }), /agent bob takes no call now \(talking\)/)
  await assert.rejects(asks(sim, queueGive, { call: await first.uuid(), agent: 'bob' }), /does not wait: talking/)
  await first.hangsUp()
  await second.hangsUp()
  await second.outcome()
  await assert.rejects(asks(sim, queueTake, { name: 'sales', agent: 'bob' }), /nobody waits in the queue sales/)
  await assert.rejects(asks(sim, queueGive, { call: await first.uuid(), agent: 'bob' }), /no waiting caller/)
})

test('a call of FreeSWITCH that Switchhook does not know is put into a queue', async t => {
  const sim = simulate(t)
  sim.install('queue-entry', queueEntry)
  sim.switch.dialplan.extension(
    '7000',
    [
      { application: 'answer', data: '' },
      { application: 'playback', data: 'elsewhere.wav' },
    ],
    { context: 'default' },
  )
  const bob = sim.agent('bob', { queues: ['support'] })
  await bob.ready()
  const person = sim.switch.world.call({ from: '+4930555', name: 'stranger', to: '7000', context: 'default' })
  await sim.until('the call is there', () => person.heard.length > 0)
  await asks(sim, queuePut, { name: 'support', call: person.uuid })
  await bob.accepts()
  await bob.talksWith('stranger')
  await bob.hangsUp()
  await sim.until('the record of the call', () => sim.records.some(row => row.uuid === person.uuid))
  await assert.rejects(asks(sim, queuePut, { name: 'support', call: person.uuid }), /no live call/)
})

test('a call that hears a prompt is put into a queue', async t => {
  const sim = simulate(t)
  sim.install('queue-entry', queueEntry)
  const caller = sim.call(flow(async call => call.play(Array(9).fill('ivr/welcome'))))
  await caller.hears('ivr/welcome')
  await asks(sim, queuePut, { name: 'sales', call: await caller.uuid() })
  await caller.hears('music moh/calm')
  assert.equal((await sim.queueStore.members('sales')).length, 1)
  await caller.hangsUp()
})

/** Bert shares the telephone of bob, and is free. */
async function sharesTelephone(sim: Simulation) {
  const bob = (await sim.roster.get('bob', sim.clock.now()))!
  await sim.roster.put({ ...bob, name: 'bert' }, sim.clock.now())
  await sim.roster.setStatus('bert', 'ready', sim.clock.now())
}

test('a caller is not given to an agent at whose telephone another agent has a call', async t => {
  const sim = simulate(t)
  const { bob, first, second } = await waiting(sim)
  await sharesTelephone(sim)
  await asks(sim, queueTake, { name: 'sales', agent: 'bob' })
  await assert.rejects(
    asks(sim, queueTake, { name: 'sales', agent: 'bert' }),
    /agent bert takes no call now \(another agent has a call at the same telephone\)/,
  )
  await bob.accepts()
  await first.talksWith('bob')
  await second.hangsUp()
  await first.hangsUp()
  await bob.becomes('wrap-up')
})

test('a caller is not transferred to an agent at whose telephone another agent has a call, and talks on', async t => {
  const sim = simulate(t)
  sim.install('queue-entry', queueEntry)
  sim.install('transfer', transfer)
  const { bob, first, second } = await waiting(sim)
  await sharesTelephone(sim)
  await asks(sim, queueTake, { name: 'sales', agent: 'bob' })
  await bob.accepts()
  await first.talksWith('bob')
  await assert.rejects(
    asks(sim, callTransfer, { call: await first.uuid(), agent: 'bert' }),
    /agent bert takes no call now \(busy-elsewhere\)/,
  )
  const bert = (await sim.roster.get('bert', sim.clock.now()))!
  assert.deepEqual([bert.state, bert.reservation], ['idle', null])
  await second.hangsUp()
  await first.hangsUp()
  await bob.becomes('wrap-up')
  assert.equal(await first.outcome(), 'talked')
})

test('a flow that asks for an agent by name gets nobody while another agent has a call at the same telephone', async t => {
  const sim = simulate(t)
  const { bob, first, second } = await waiting(sim)
  await sharesTelephone(sim)
  await asks(sim, queueTake, { name: 'sales', agent: 'bob' })
  await bob.hears('whisper/press-1')
  const other = sim.call(
    flow(async call => {
      await using agent = await call.agent('bert')
      return agent ? 'reserved' : 'nobody'
    }),
  )
  assert.equal(await other.outcome(), 'nobody')
  await bob.presses('1')
  await first.talksWith('bob')
  await second.hangsUp()
  await first.hangsUp()
  await bob.becomes('wrap-up')
})
