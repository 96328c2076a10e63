/** The events that are told while people call, wait, talk and hang up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import campaignLeg from '../../scripts/campaign-leg.ts'
import queueEntry from '../../scripts/queue-entry.ts'

const support = { params: { queue: 'support' } }

test('a caller waits, an agent misses the call, another one talks with them: each thing is told once, in its order', async t => {
  const sim = simulate(t)
  const [alice, bob] = [sim.agent('alice'), sim.agent('bob')]
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await alice.ready()
  await alice.hears('whisper/press-1')
  await alice.hangsUp()
  await bob.ready()
  await bob.accepts()
  await caller.talksWith('bob')
  await caller.hangsUp()
  await caller.outcome()
  const [{ uuid }] = sim.records as [(typeof sim.records)[number]]
  assert.deepEqual(
    sim.toldOf(uuid).filter(name => !name.startsWith('agent.state')),
    [
      'call.initiated',
      'call.answered',
      'queue.call.entered',
      'queue.call.offered',
      'call.party.dialled',
      'call.party.answered',
      'call.party.missed',
      'agent.missed_call',
      'queue.call.offered',
      'call.party.dialled',
      'call.party.answered',
      'call.recording.started',
      'call.bridged',
      'queue.call.answered',
      'call.unbridged',
      'call.completed',
    ],
  )
  assert.deepEqual(sim.told('agent.missed_call'), [{ agent: 'alice', uuid, why: 'declined' }])
  assert.deepEqual(
    sim.told('agent.state_changed').flatMap(({ agent, state }) => (agent === 'bob' ? state : [])),
    ['reserved', 'ringing', 'talking', 'wrap-up'],
  )
  const [answered] = sim.told('queue.call.answered')
  const { timeline } = sim.records[0]!
  const at = (name: string) => timeline.find(({ event }) => event === name)!.at
  assert.deepEqual(answered, {
    uuid,
    queue: 'support',
    agent: 'bob',
    waitedMs: at('call.bridged') - at('queue.call.entered'),
  })
  const [completed] = sim.told('call.completed')
  assert.deepEqual(
    [completed?.outcome, completed?.agent, completed?.queue, completed?.hungUpBy],
    ['talked', 'bob', 'support', 'customer'],
  )
})

test('a caller who hangs up while waiting has abandoned the queue; one who leaves for a callback has not', async t => {
  const sim = simulate(t)
  const impatient = sim.call(queueEntry, support)
  await impatient.hears('music moh/calm')
  await sim.advance('30s')
  await impatient.hangsUp()
  await impatient.outcome()
  const [{ uuid, timeline, endedAt }] = sim.records as [(typeof sim.records)[number]]
  const entered = timeline.find(({ event }) => event === 'queue.call.entered')!.at
  assert.deepEqual(sim.told('queue.call.abandoned'), [{ uuid, queue: 'support', waitedMs: endedAt - entered }])
  const patient = sim.call(queueEntry, support)
  await patient.hears('queue/callback-offer', '4m')
  await patient.presses('1')
  await patient.hears('queue/callback-number')
  await patient.presses('1') // before the number is spoken to its end
  await patient.outcome('1m')
  assert.equal(sim.told('queue.call.abandoned').length, 1)
  assert.equal(sim.told('queue.call.callback_requested').length, 1)
})

test('a node dies while two talk: the next node tells that it took the call over, and nothing again', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await sim.until('node b opens', sim.open('b'))
  await alice.ready()
  const caller = sim.call(queueEntry, support)
  await alice.accepts()
  await caller.talksWith('alice')
  await sim.advance('5s')
  sim.kill('a')
  await sim.advance('5s')
  await alice.hangsUp()
  await caller.outcome('10s')
  const [{ uuid, timeline }] = sim.records as [(typeof sim.records)[number]]
  const told = sim.toldOf(uuid).filter(name => !name.startsWith('agent.'))
  assert.deepEqual(told, [...new Set(told)])
  assert.ok(told.indexOf('call.taken_over') > told.indexOf('call.bridged'))
  assert.deepEqual(
    timeline.map(({ event }) => event),
    told.filter(name => !['call.initiated', 'call.taken_over', 'call.completed', 'queue.call.answered'].includes(name)),
  )
})

test('a lead for whom an agent is free talks with the agent of the queue, without having waited in it', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const lead = sim.lead(campaignLeg)
  await lead.talksWith('alice', '20s')
  await lead.hangsUp()
  await lead.outcome()
  await alice.hangsUp()
  const [{ uuid }] = sim.records as [(typeof sim.records)[number]]
  assert.deepEqual(sim.told('queue.call.answered'), [{ uuid, queue: 'sales', agent: 'alice' }])
  assert.deepEqual([sim.told('queue.call.entered'), sim.told('queue.call.abandoned')], [[], []])
})
