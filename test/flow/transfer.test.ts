/** A caller is transferred to a queue, an agent or a number: the call goes on in another flow, and nobody is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate, type Simulation } from '#testing'
import callTransfer from '../../src/operations/call/transfer.ts'
import campaignLeg from '../../scripts/campaign-leg.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import transfer from '../../scripts/transfer.ts'
import { asks, onlyCall } from './desk.ts'

type Simulated = ReturnType<typeof simulate>

function install(sim: Simulation): void {
  sim.install('queue-entry', queueEntry)
  sim.install('transfer', transfer)
}

/** Alice serves sales, bob serves support; the caller talks with alice. */
async function talk(sim: Simulated) {
  install(sim)
  const alice = sim.agent('alice', { queues: ['sales'] })
  const bob = sim.agent('bob', { queues: ['support'] })
  await alice.ready()
  await bob.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.accepts()
  await caller.talksWith('alice')
  await sim.advance('5s')
  return { alice, bob, caller, call: onlyCall(sim) }
}

/** How, in which queue and by whom the caller was transferred. */
const transfersIn = (sim: Simulation) =>
  sim.records[0]!.segments.filter(({ kind }) => kind === 'transfer').map(
    ({ how, queue, agent }) => `${how} ${queue} ${agent}`,
  )

const eventsOf = (sim: Simulation) =>
  sim.records[0]!.timeline.map(({ event, agent }) => `${event} ${agent ?? ''}`.trim())

test('a caller who talks is transferred to a queue: the agent is in wrap-up, the next agent gets the caller', async t => {
  const sim = simulate(t)
  const { alice, bob, caller, call } = await talk(sim)
  await asks(sim, callTransfer, { call, queue: 'support' })
  await alice.becomes('wrap-up')
  assert.equal(await alice.ended(), 'NORMAL_CLEARING')
  await bob.accepts()
  await caller.talksWith('bob')
  assert.deepEqual([await alice.state(), await bob.state()], ['wrap-up', 'talking'])
  await bob.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  const [record] = sim.records
  assert.deepEqual([record!.agent, record!.queue], ['bob', 'support'])
  assert.deepEqual(
    eventsOf(sim).filter(one => !/dialled|answered|recording/.test(one)),
    [
      'queue.call.entered',
      'queue.call.offered alice',
      'call.bridged alice',
      'call.redirected',
      'call.unbridged alice',
      'queue.call.entered',
      'queue.call.offered bob',
      'call.bridged bob',
      'call.unbridged bob',
    ],
  )
  assert.deepEqual(transfersIn(sim), ['blind sales alice'])
})

test('a caller who talks is transferred to an agent by name, who is reserved before anything changes', async t => {
  const sim = simulate(t)
  const { alice, bob, caller, call } = await talk(sim)
  await asks(sim, callTransfer, { call, agent: 'bob' })
  assert.notEqual(await bob.state(), 'idle')
  await caller.talksWith('bob')
  assert.deepEqual([await alice.state(), await bob.state()], ['wrap-up', 'talking'])
  await caller.hangsUp()
  await bob.becomes('wrap-up')
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(
    sim.told('agent.state_changed').filter(({ agent, state }) => agent === 'alice' && state === 'wrap-up').length,
    1,
  )
  assert.equal(sim.records.length, 1)
})

test('an agent who is not free refuses the transfer, and the talk goes on', async t => {
  const sim = simulate(t)
  const { alice, bob, caller, call } = await talk(sim)
  await bob.takesBreak()
  await assert.rejects(asks(sim, callTransfer, { call, agent: 'bob' }), /agent bob takes no call now \(break\)/)
  await assert.rejects(asks(sim, callTransfer, { call, agent: 'nobody' }), /no agent is called 'nobody'/)
  await assert.rejects(asks(sim, callTransfer, { call, queue: 'nowhere' }), /no queue is called 'nowhere'/)
  await assert.rejects(asks(sim, callTransfer, { call }), /the caller needs one place to go/)
  await caller.talksWith('alice')
  assert.equal(await alice.state(), 'talking')
  await caller.hangsUp()
})

test('a caller whose new agent does not answer goes back to the queue', async t => {
  const sim = simulate(t)
  const { alice, bob, caller, call } = await talk(sim)
  bob.place.behaviour = { answers: 'never' }
  await asks(sim, callTransfer, { call, agent: 'bob' })
  await bob.rings()
  await alice.becomes('idle', '1m')
  await alice.accepts('1m')
  await caller.talksWith('alice')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('a caller is transferred to a number through the gateway', async t => {
  const sim = simulate(t)
  const { alice, caller, call } = await talk(sim)
  const expert = sim.switch.world.at('sofia/gateway/carrier/+4930777', { answers: '2s' })
  await asks(sim, callTransfer, { call, number: '+4930777' })
  await alice.becomes('wrap-up')
  await caller.talksWith('+4930777')
  expert.last!.hangUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(sim.records[0]!.gateway, 'carrier')
})

test('a caller who waits in a queue is transferred to another one and gives the first place up', async t => {
  const sim = simulate(t)
  install(sim)
  const bob = sim.agent('bob', { queues: ['support'] })
  await bob.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await caller.hears('music moh/calm')
  await asks(sim, callTransfer, { call: onlyCall(sim), queue: 'support' })
  await bob.hears('whisper/press-1')
  assert.deepEqual(await sim.queueStore.members('sales'), [])
  await bob.presses('1')
  await caller.talksWith('bob')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('a caller who hears a long prompt is transferred at once, and the prompt is not heard to its end', async t => {
  const sim = simulate(t, { sounds: { 'ivr/welcome': '1m' } })
  install(sim)
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('ivr/welcome')
      await call.play('ivr/second')
    }),
  )
  await caller.hears('ivr/welcome')
  await asks(sim, callTransfer, { call: onlyCall(sim), queue: 'support' })
  await caller.hears('music moh/calm', '1s')
  await caller.doesNotHear('ivr/second', '2m')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
})

test('a caller whose telephone for an agent rings is transferred: the telephone stops ringing, the agent is free', async t => {
  const sim = simulate(t)
  install(sim)
  const alice = sim.agent('alice', { queues: ['sales'], answers: 'never' })
  await alice.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.rings()
  await asks(sim, callTransfer, { call: onlyCall(sim), queue: 'support' })
  assert.equal(await alice.ended(), 'ORIGINATOR_CANCEL')
  await alice.becomes('idle')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
})

test('a transferred caller is recorded in a second file', async t => {
  const sim = simulate(t)
  const { caller, call } = await talk(sim)
  await asks(sim, callTransfer, { call, agent: 'bob' })
  await caller.talksWith('bob')
  await caller.hangsUp()
  await caller.outcome()
  const paths = sim.records[0]!.timeline.flatMap(({ path }) => path ?? [])
  assert.equal(new Set(paths).size, 2)
  assert.match(paths[1]!, /-2\.wav$/)
})

test('the node dies in the moment of the transfer, and the next one brings the caller to the queue', async t => {
  const sim = simulate(t)
  await sim.until('node b opens', sim.open('b'))
  const { alice, bob, caller, call } = await talk(sim)
  const { append } = sim.callStore
  sim.callStore.append = async (uuid, owner, entries) => {
    const ours = await append.call(sim.callStore, uuid, owner, entries)
    if (sim.deaths === 0 && entries.some(entry => entry.includes('call.redirected'))) sim.kill('a')
    return ours
  }
  await assert.rejects(asks(sim, callTransfer, { call, queue: 'support' }), /not reached within/)
  // nobody had told FreeSWITCH yet: the two talk until one of them hangs up
  await alice.hangsUp()
  await bob.hears('whisper/press-1')
  await alice.becomes('wrap-up')
  await bob.presses('1')
  await caller.talksWith('bob')
  await bob.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('the flow of a transferred caller survives a takeover at every step', async t => {
  const takeovers = await simulate(t).takeoverEverywhere(
    transfer,
    async (caller, sim) => {
      await caller.talksWith('bob', '1m')
      await sim.agents[0]!.hangsUp()
      await caller.outcome()
    },
    {
      params: { agent: 'bob', number: undefined, queue: 'sales' },
      async before(sim) {
        install(sim)
        await sim.agent('bob', { queues: ['sales'] }).ready()
      },
    },
  )
  assert.ok(takeovers > 10, `${takeovers} takeovers`)
})

test('a lead who talks is transferred: the attempt is settled, the nailed-up agent stays on the line', async t => {
  const sim = simulate(t)
  install(sim)
  const alice = sim.agent('alice', { queues: ['sales'] })
  const bob = sim.agent('bob', { queues: ['support'] })
  await alice.isNailedUp()
  await alice.ready()
  await bob.ready()
  const lead = sim.lead(campaignLeg)
  await lead.talksWith('alice', '5s')
  await asks(sim, callTransfer, { call: await lead.uuid(), agent: 'bob' })
  await lead.talksWith('bob')
  assert.equal(await lead.disposition(), 'talked')
  await alice.becomes('wrap-up')
  assert.equal(alice.place.last!.state, 'up')
  await lead.hangsUp()
  await bob.becomes('wrap-up')
  await alice.hangsUp()
})

test('a supervisor who asks for the same transfer twice does not cost the caller the place', async t => {
  const sim = simulate(t)
  const { alice, bob, caller, call } = await talk(sim)
  await bob.takesBreak()
  await asks(sim, callTransfer, { call, queue: 'support' })
  await alice.becomes('wrap-up')
  await sim.advance('5s')
  const [place] = await sim.queueStore.members('support')
  await asks(sim, callTransfer, { call, queue: 'support' })
  await sim.advance('5s')
  assert.deepEqual(
    (await sim.queueStore.members('support')).map(({ joinedAt }) => joinedAt),
    [place!.joinedAt],
  )
  await caller.hangsUp()
})
