import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRig } from './reconcile-rig.ts'

test('a caller who hangs up while their node is dead gets a record with the time and cause that were heard', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  await rig.notes(
    caller.uuid,
    { kind: 'event', event: 'queue.call.entered', v: 1, data: { queue: 'sales' } },
    { kind: 'tag', name: 'crmuuid', value: 'c-1' },
    { kind: 'event', event: 'call.recording.started', v: 1, data: { path: '/r/1.wav' } },
  )
  await rig.queueStore.enter(
    'sales',
    { call: caller.uuid, from: '+49', node: 'a', joinedAt: rig.clock.now(), headStartMs: 0 },
    rig.clock.now(),
  )
  const { uuid } = caller
  rig.switch.listeners.clear() // no node takes the caller
  caller.hangUp()
  const at = rig.clock.now()
  await rig.clock.advance(3_000)
  const looks = rig.reconciler()
  await looks.start()
  assert.equal(rig.records.length, 0, 'its node counts as alive still')
  rig.lapses('a')
  await rig.clock.settle()
  const [record] = rig.records
  assert.equal(record?.uuid, uuid)
  assert.equal(record.flow, 'welcome')
  assert.deepEqual([record.outcome, record.hungUpBy, record.queue], ['abandoned', 'customer', 'sales'])
  assert.equal(record.end.cause, 'NORMAL_CLEARING')
  assert.ok(Math.abs(record.endedAt - at) <= 20, `${record.endedAt - at} ms`)
  assert.deepEqual([...record.tags], [['crmuuid', 'c-1']])
  assert.equal(record.recording, '/r/1.wav')
  assert.equal(await rig.owner(uuid), undefined, 'the call is forgotten')
  assert.deepEqual(await rig.queueStore.waiting('sales'), [])
  assert.equal((await rig.queueStore.stats('sales')).abandoned, 1)
  assert.deepEqual(
    rig.told.map(({ name }) => name),
    ['queue.call.abandoned', 'call.completed'],
  )
})

test('an end that the dead node told, and could not write down, is not told again', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  const end = { at: rig.clock.now(), answeredAt: null, cause: 'NORMAL_CLEARING', hungUpBy: 'customer' }
  await rig.notes(caller.uuid, { kind: 'ended', ...end })
  rig.switch.listeners.clear() // no node takes the caller
  caller.hangUp()
  await rig.clock.advance(3_000)
  await rig.reconciler().start()
  rig.lapses('a')
  await rig.clock.settle()
  assert.equal(rig.records[0]?.hungUpBy, 'customer')
  assert.equal(await rig.owner(caller.uuid), undefined)
  assert.deepEqual(rig.told, [])
})

test('two people whose node dies talk on, and the end of their talk is written down to the moment in which it came', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  const alice = await rig.answered('alice')
  await rig.talking('alice', caller.uuid)
  await rig.talk(caller, alice)
  const began = rig.clock.now()
  await rig.notes(caller.uuid, { kind: 'event', event: 'call.bridged', v: 1, data: { leg: 'b-leg', agent: 'alice' } })
  const looks = rig.reconciler()
  await looks.start()
  await rig.dies('a')
  await rig.clock.advance(60_000)
  assert.equal(caller.talksWith, alice, 'nobody has heard anything')
  assert.equal(rig.records.length, 0)
  caller.hangUp()
  const ended = rig.clock.now()
  await rig.clock.advance(50)
  const [record] = rig.records
  assert.equal(record?.outcome, 'talked')
  assert.equal(record.agent, 'alice')
  assert.ok(Math.abs(record.endedAt - ended) <= 20)
  assert.deepEqual(
    record.timeline.map(({ event }) => event),
    ['call.bridged', 'call.unbridged'],
  )
  assert.ok(
    Math.abs(record.timeline[1]!.at - record.timeline[0]!.at - (ended - began)) <= 20,
    'the talk is as long as it was',
  )
  assert.equal(await rig.state('alice'), 'wrap-up')
  assert.equal(await rig.owner(caller.uuid), undefined)
})

test('a caller who comes back to a living node after the talk is that node’s, and nobody writes a record for it', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  const alice = await rig.answered('alice')
  await rig.talk(caller, alice)
  await rig.reconciler().start()
  await rig.dies('a')
  await rig.clock.advance(5_000)
  alice.hangUp()
  await rig.clock.advance(1_000)
  assert.equal(await rig.owner(caller.uuid), 'b')
  caller.hangUp()
  await rig.clock.advance(3_000)
  assert.equal(rig.records.length, 0)
})

test('a node that has lapsed itself decides nothing', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  caller.hangUp()
  await rig.clock.advance(1_000)
  rig.alive.delete('b')
  await rig.reconciler().start()
  rig.lapses('a')
  await rig.clock.advance(60_000)
  assert.equal(rig.records.length, 0)
  rig.alive.add('b')
  rig.nodes.emit('regained', null)
  await rig.clock.advance(1_000)
  assert.equal(rig.records.length, 1)
})

test('calls of a living node are left alone, whatever the switch says of them', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  await rig.talking('alice', caller.uuid)
  rig.open.add(caller.uuid)
  await rig.reconciler().start()
  caller.hangUp()
  await rig.clock.advance(120_000)
  assert.equal(rig.records.length, 0)
  assert.deepEqual(rig.lost, [])
  assert.equal(await rig.state('alice'), 'talking')
})

test('nobody is given up while the switch cannot be asked', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  await rig.reconciler().start()
  rig.switch.freeze()
  rig.lapses('a')
  await rig.clock.advance(120_000)
  assert.equal(rig.records.length, 0)
  rig.switch.thaw()
  caller.hangUp()
  await rig.clock.advance(60_000)
  assert.equal(rig.records.length, 1)
})

test('a call that ended unheard is lost, and its record says so', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  rig.switch.dropConnections(({ outbound }) => !outbound)
  caller.hangUp()
  await rig.clock.advance(130_000)
  assert.equal(rig.home.ended(caller.uuid as never), null)
  await rig.reconciler().start()
  rig.lapses('a')
  await rig.clock.advance(2_000)
  assert.deepEqual(
    rig.records.map(({ outcome, end }) => [outcome, end.cause]),
    [['lost', 'LOST']],
  )
})

test('a campaign’s call is settled when its node is dead', async t => {
  const rig = await openRig(t)
  rig.switch.world.at(/carrier/, { answers: '100ms' })
  const place = rig.switch.world.at('sofia/gateway/carrier/2000', { answers: '100ms' })
  await rig.clock.runUntil(
    rig.home.commands.run(
      'originate {ignore_early_media=true}sofia/gateway/carrier/2000 switchhook-campaign XML switchhook' as never,
    ),
    5_000,
  )
  await rig.clock.advance(50)
  const lead = place.last!
  assert.equal(await rig.owner(lead.uuid), 'a')
  await rig.reconciler().start()
  rig.switch.listeners.clear()
  lead.hangUp()
  await rig.clock.advance(100)
  rig.lapses('a')
  await rig.clock.advance(100)
  assert.deepEqual(rig.presumed, [{ uuid: lead.uuid, cause: 'NORMAL_CLEARING' }])
})

test('a caller who hears that nobody can be reached is left in peace, and has a record in the end', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  rig.switch.listeners.clear()
  rig.switch.dropConnections(({ outbound }) => outbound)
  await rig.clock.advance(200)
  rig.lapses('a')
  rig.openDoor('b')
  await rig.reconciler().start()
  await rig.clock.advance(1_200)
  assert.ok(!rig.commands.some(command => command.startsWith('uuid_transfer')))
  await rig.clock.advance(5_000)
  assert.equal(caller.state, 'gone')
  assert.equal(rig.records[0]?.end.cause, 'NORMAL_TEMPORARY_FAILURE')
})

test('of two living nodes one acts at once, and the other one when that one does not', async t => {
  const rig = await openRig(t)
  const callers = await Promise.all(Array.from({ length: 12 }, () => rig.caller()))
  for (const caller of callers) caller.hangUp()
  await rig.clock.advance(1_000)
  rig.alive.add('c') // and never does anything
  await rig.reconciler().start()
  rig.lapses('a')
  await rig.clock.advance(500)
  const atOnce = rig.records.length
  assert.ok(atOnce > 1 && atOnce < 11, `${atOnce} of 12 at once`)
  await rig.clock.advance(5_000)
  assert.equal(rig.records.length, 12)
})

test('two nodes that act at once end a call once', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  await rig.talking('alice', caller.uuid)
  caller.hangUp()
  await rig.clock.advance(500)
  rig.alive.delete('a')
  const [one, other] = [rig.reconciler(), rig.reconciler()]
  await Promise.all([one.look('test'), other.look('test')])
  assert.equal(await rig.owner(caller.uuid), undefined)
  assert.equal(await rig.state('alice'), 'wrap-up')
  assert.equal(
    new Set(rig.records.map(record => JSON.stringify([record.endedAt, record.outcome]))).size,
    1,
    'both say the same',
  )
  assert.equal(rig.told.filter(({ name }) => name === 'call.completed').length, 1)
})

test('a node that comes back under its old name puts its old calls away itself', async t => {
  const rig = await openRig(t)
  const uuid = '00000000-0000-4000-8000-000000000001'
  await rig.calls.take(
    uuid,
    'b',
    JSON.stringify({
      k: 'begin',
      at: rig.clock.now(),
      arrival: { uuid, path: 'welcome', from: '', to: '', direction: 'in', core: rig.switch.coreUuid },
    }),
  )
  await rig.reconciler().start()
  await rig.clock.advance(4_000)
  assert.equal(rig.records.length, 0, 'a flow of its own could be writing')
  await rig.clock.advance(2_000)
  assert.equal(rig.records.length, 1)
})
