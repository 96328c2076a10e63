/** A queue sends callers to a voice mailbox, and its team sees the messages that wait there. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate, type Simulation } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'
import { action } from '../../src/testing/switch/dialplan.ts'
import { settings } from './queue-settings.ts'

/** What mod_voicemail tells; `uuid`: the channel of the caller, with its variables. */
function mailboxTells(sim: Simulation, headers: Readonly<Record<string, string>>): void {
  sim.switch.fire('CUSTOM', undefined, { subclass: 'vm::maintenance', after: Object.entries(headers) })
}

const message = (uuid: string, also: Readonly<Record<string, string>> = {}) => ({
  'VM-Action': 'leave-message',
  'VM-User': '1001',
  'VM-Domain': '127.0.0.1',
  'VM-Caller-ID-Number': '+4930555777',
  'VM-Message-Len': '12',
  'Unique-ID': uuid,
  ...also,
})

/** Nobody serves support: its callers go to the mailbox 1001. */
async function office(t: TestContext) {
  const sim = simulate(t)
  await settings(sim, { enterWithoutAgents: false, whenNoAgents: { to: 'voicemail', extension: '1001' } })
  sim.switch.dialplan.extension('switchhook-mailbox-1001', [action('answer'), action('playback', 'voicemail/hello')], {
    context: 'switchhook',
  })
  return sim
}

test('a caller whom a queue sends to a voice mailbox leaves a message there, and the team is told by one node', async t => {
  const sim = await office(t)
  await sim.until('node b opens', sim.open('b'))
  const caller = sim.call(queueEntry, { params: { queue: 'support' }, from: '+4930555777' })
  await caller.hears('voicemail/hello')
  const uuid = await caller.uuid()
  mailboxTells(sim, message(uuid, { variable_overflow_queue: 'support' }))
  mailboxTells(sim, { 'VM-Action': 'mwi-update', 'VM-User': '1001', 'VM-Total-New': '3', 'VM-Total-Saved': '1' })
  await sim.advance('1s')
  assert.deepEqual(sim.told('queue.message.left'), [
    { uuid, queue: 'support', mailbox: '1001', from: '+4930555777', lasted: 12_000 },
  ])
  assert.deepEqual(sim.told('queue.messages.changed'), [{ queue: 'support', mailbox: '1001', waiting: 3, heard: 1 }])
  assert.equal(await caller.outcome(), 'no-agents')
})

test('the call that goes to the mailbox carries the name of its queue', async t => {
  const sim = await office(t)
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await caller.hears('voicemail/hello')
  const channel = sim.switch.channels.get(await caller.uuid())
  assert.equal(channel?.variables.get('overflow_queue'), 'support')
  await caller.outcome()
})

test('a message that no queue has sent there, and a mailbox that no queue names, are nobody’s', async t => {
  const sim = await office(t)
  await sim.ready
  mailboxTells(sim, message('0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90'))
  mailboxTells(sim, { 'VM-Action': 'mwi-update', 'VM-User': '1002', 'VM-Total-New': '1', 'VM-Total-Saved': '0' })
  mailboxTells(sim, { 'VM-Action': 'authentication', 'VM-User': '1001', 'VM-Auth-Result': 'fail' })
  await sim.advance('1s')
  assert.deepEqual([sim.told('queue.message.left'), sim.told('queue.messages.changed')], [[], []])
})
