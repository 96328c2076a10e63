import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Phase } from '../../src/call/leg.ts'
import type { CallStore } from '../../src/journal/call-store.ts'
import type { ApiText } from '../../src/esl/api.ts'
import type { Uuid } from '../../src/esl/safe-text.ts'
import { openRig, type ReconcileRig } from './reconcile-rig.ts'

const GONE = '00000000-0000-4000-8000-000000000001'

/** A leg that this node takes for its own. */
class BelievedLeg {
  readonly uuid: Uuid
  readonly home
  phase: Phase = 'driven'
  cause = ''

  constructor(rig: ReconcileRig, uuid: string) {
    this.uuid = uuid as Uuid
    this.home = rig.home
  }

  end(cause: string): void {
    this.phase = 'ended'
    this.cause = cause
  }
}

/** The same call store, except for one method. */
const asking = (calls: CallStore, all: CallStore['all']): CallStore =>
  new Proxy(calls, {
    get: (target, name) => (name === 'all' ? all : (Reflect.get(target, name) as () => unknown).bind(target)),
  })

const noCommandsOf = (rig: ReconcileRig, kind: RegExp) =>
  assert.deepEqual(
    rig.commands.filter(command => kind.test(command)),
    [],
  )

test('a leg of ours that the switch does not have has ended, for the reason that was heard, also while PostgreSQL is away', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  caller.hangUp()
  await rig.clock.advance(100)
  const [heard, unheard] = [new BelievedLeg(rig, caller.uuid), new BelievedLeg(rig, GONE)]
  const looks = rig.reconciler({
    legs: () => [heard, unheard],
    rows: { open: () => Promise.reject(new Error('PostgreSQL is away')), lost: async () => {} },
  })
  await looks.start()
  assert.equal(heard.cause, 'NORMAL_CLEARING')
  assert.equal(unheard.phase, 'driven', 'its end may be told in this moment')
  await rig.clock.advance(1_100)
  assert.equal(unheard.cause, 'LOST')
})

test('an agent whose caller became a zombie is free within 90 seconds, and one line says how many there are', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  const leg = new BelievedLeg(rig, caller.uuid)
  const looks = rig.reconciler({ legs: () => [leg] })
  await looks.start()
  await rig.clock.advance(61_000)
  rig.switch.zombify(caller.uuid)
  await rig.clock.advance(35_000)
  assert.equal(leg.cause, 'LOST', 'the flow goes on from here and frees the agent')
  await rig.clock.advance(200_000)
  const warned = rig.warnings.filter(({ text }) => text.includes('channels that do not exist'))
  assert.deepEqual(
    warned.map(({ fields }) => fields['zombies']),
    [1],
  )
  rig.switch.channels.delete(caller.uuid)
})

test('a caller whom nobody drives and nobody knows is sent to the door, and not before it is certain', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  await rig.calls.end(caller.uuid, (await rig.calls.owner(caller.uuid))!) // the call store has lost everything
  const leg = rig.doors.get('a')!.legs.get(caller.uuid as Uuid)!
  // it was driven once, and nobody ended the music
  void leg.conversation!.execute('playback' as never, 'moh/calm.wav' as never)
  const looks = rig.reconciler({ legs: () => [] })
  await looks.start()
  await rig.clock.advance(44_000)
  noCommandsOf(rig, /^uuid_transfer/)
  await rig.clock.advance(10_000)
  assert.deepEqual(
    rig.commands.filter(command => command.startsWith('uuid_transfer')),
    [`uuid_transfer ${caller.uuid} switchhook-welcome XML switchhook`],
  )
  assert.ok(await rig.owner(caller.uuid), 'somebody has them')
  caller.hangUp()
})

test('a caller who was forgotten and whom a node drives is not torn from it: the node writes them down again', async t => {
  const rig = await openRig(t)
  rig.switch.listeners.delete('127.0.0.1:8084')
  const caller = await rig.caller()
  await rig.calls.end(caller.uuid, (await rig.calls.owner(caller.uuid))!)
  const remembered: string[] = []
  await rig
    .reconciler({ remember: async uuid => void (remembered.push(uuid), await rig.calls.take(uuid, 'b', '{}')) })
    .start()
  await rig.clock.advance(120_000)
  assert.deepEqual(remembered, [caller.uuid])
  noCommandsOf(rig, /^uuid_(transfer|kill)/)
  caller.hangUp()
})

test('a telephone that was answered for a call which is no more is hung up; one whose caller lives is left alone', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  const [left, awaited] = [
    await rig.answered('alice', { switchhook_parent: GONE }),
    await rig.answered('bob', { switchhook_parent: caller.uuid }),
  ]
  for (const { uuid } of [left, awaited])
    await rig.home.commands.run(`uuid_transfer ${uuid} switchhook-leg XML switchhook` as ApiText)
  for (const [uuid, leg] of rig.doors.get('a')!.legs)
    if (uuid !== caller.uuid) void leg.conversation?.execute('playback' as never, 'whisper.wav' as never)
  rig.switch.dialplan.extension('switchhook-leg', [
    { application: 'playback', data: 'a.wav' },
    { application: 'sleep', data: '600000' },
  ])
  await rig.reconciler({ legs: () => [] }).start()
  await rig.clock.advance(60_000)
  assert.equal(left.state, 'gone')
  assert.notEqual(awaited.state, 'gone')
  awaited.hangUp()
  caller.hangUp()
})

test('agents who wait for leads on the line are nobody’s strangers', async t => {
  const rig = await openRig(t)
  const alice = await rig.answered('alice')
  await rig.home.commands.run(`uuid_transfer ${alice.uuid} switchhook-leg XML switchhook` as ApiText)
  rig.switch.dialplan.extension('switchhook-leg', [{ application: 'park', data: '' }])
  await rig.talking('alice', GONE)
  await rig.roster.nail('alice', { leg: alice.uuid, node: 'a' }, rig.clock.now())
  await rig.reconciler({ legs: () => [] }).start()
  await rig.clock.advance(200_000)
  assert.notEqual(alice.state, 'gone')
  assert.equal((await rig.roster.get('alice', rig.clock.now()))?.nailed?.leg, alice.uuid)
  alice.hangUp()
  await rig.clock.advance(40_000)
  assert.equal((await rig.roster.get('alice', rig.clock.now()))?.nailed, null, 'the line is no more')
})

test('a caller who got stuck between two talks is sent to the door', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  const alice = await rig.answered('alice')
  // the wrong order, and socket_resume is still true: when its node dies, the caller's leg stays in CS_RESET for ever
  await rig.home.commands.run(`uuid_bridge ${alice.uuid} ${caller.uuid}` as ApiText)
  await rig.clock.runUntil(() => caller.talksWith === alice, 2_000)
  rig.switch.listeners.delete('127.0.0.1:8084')
  rig.switch.dropConnections(({ outbound }) => outbound)
  await rig.clock.advance(100)
  assert.equal((await rig.home.list())?.get(caller.uuid as Uuid)?.state, 'CS_RESET')
  await rig.reconciler().start()
  await rig.clock.advance(15_000)
  noCommandsOf(rig, /^uuid_transfer/)
  await rig.clock.advance(10_000)
  assert.deepEqual(
    rig.commands.filter(command => command.startsWith('uuid_transfer')),
    [`uuid_transfer ${caller.uuid} switchhook-welcome XML switchhook`],
  )
  assert.equal(await rig.owner(caller.uuid), 'b')
  caller.hangUp()
})

test('people who talk are never touched, however long they do', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  const alice = await rig.answered('alice', { switchhook_parent: caller.uuid })
  await rig.talk(caller, alice)
  await rig.reconciler().start()
  await rig.clock.advance(600_000)
  assert.equal(caller.talksWith, alice)
  noCommandsOf(rig, /^uuid_(transfer|kill)/)
  caller.hangUp()
})

test('agents promised to a call that is no more are free, its place and its row are closed', async t => {
  const rig = await openRig(t)
  await rig.talking('alice', GONE)
  await rig.queueStore.enter(
    'sales',
    { call: GONE, from: '+49', node: 'a', joinedAt: rig.clock.now(), headStartMs: 0 },
    rig.clock.now(),
  )
  rig.open.add(GONE)
  await rig.reconciler().start()
  await rig.clock.advance(4_000)
  assert.equal(await rig.state('alice'), 'talking', 'a flow that has just ended is still being written down')
  await rig.clock.advance(2_000)
  assert.equal(await rig.state('alice'), 'wrap-up')
  assert.deepEqual(await rig.queueStore.members('sales'), [])
  assert.deepEqual(rig.lost, [GONE])
})

test('after a switch was started anew the agents of a dead node are free within five seconds, and every call has its record', async t => {
  const rig = await openRig(t)
  const callers = await Promise.all(Array.from({ length: 20 }, () => rig.caller()))
  for (const [at, caller] of callers.entries()) await rig.talking(`agent-${at}`, caller.uuid)
  await rig.reconciler().start()
  const died = rig.clock.now()
  rig.switch.kill()
  rig.lapses('a')
  await rig.clock.advance(10_000)
  assert.equal(rig.records.length, 0, 'they may come back with the switch')
  rig.switch.restart()
  await rig.clock.advance(5_000)
  for (const at of callers.keys()) assert.equal(await rig.state(`agent-${at}`), 'wrap-up')
  assert.equal(rig.records.length, 20)
  assert.ok(rig.records.every(({ end, endedAt }) => end.cause === 'SWITCH_CRASH' && Math.abs(endedAt - died) < 100))
})

test('calls whose switch was started anew while nobody of us was there are asked for, and then closed', async t => {
  const rig = await openRig(t)
  const began = rig.clock.now() - 60_000
  const arrival = {
    uuid: GONE,
    path: 'welcome',
    from: '',
    to: '',
    direction: 'in',
    core: '00000000-0000-4000-8000-00000000dead',
  }
  await rig.calls.take(GONE, 'a', JSON.stringify({ k: 'begin', at: began, arrival }))
  rig.alive.delete('a')
  await rig.reconciler().start()
  await rig.clock.advance(3_000)
  assert.deepEqual(
    rig.records.map(({ outcome, end }) => [outcome, end.cause]),
    [['lost', 'SWITCH_CRASH']],
  )
  assert.equal(rig.records[0]!.endedAt, rig.home.facts.startedAt)
})

test('one look at a time, and one more for all who wished for one meanwhile', async t => {
  const rig = await openRig(t)
  let looks = 0
  const { calls } = rig
  const one = rig.reconciler({ calls: asking(calls, async () => (looks++, calls.all())) })
  await Promise.all([one.look('1'), one.look('2'), one.look('3'), one.look('4')])
  assert.equal(looks, 2)
  await rig.clock.advance(30_500)
  assert.equal(looks, 3, 'and one every 30 seconds')
})

test('a look that a store refuses is tried again after five seconds', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  caller.hangUp()
  await rig.clock.advance(100)
  rig.alive.delete('a')
  let away = true
  const { calls } = rig
  const all = async () => {
    if (away) throw new Error('Redis is silent')
    return calls.all()
  }
  await rig.reconciler({ calls: asking(calls, all) }).start()
  assert.equal(rig.records.length, 0)
  away = false
  await rig.clock.advance(5_500)
  assert.equal(rig.records.length, 1)
})

test('a record that cannot be written leaves the call as it is, for the next look', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  await rig.talking('alice', caller.uuid)
  caller.hangUp()
  await rig.clock.advance(100)
  rig.alive.delete('a')
  let away = true
  const ended = async (row: (typeof rig.records)[number]) => {
    if (away) throw new Error('PostgreSQL is away')
    rig.records.push(row)
  }
  await rig.reconciler({ records: { ended } }).start()
  assert.equal(await rig.state('alice'), 'wrap-up', 'the agent does not wait for a database')
  assert.equal(await rig.owner(caller.uuid), 'a')
  away = false
  await rig.clock.advance(31_000)
  assert.equal(rig.records.length, 1)
  assert.equal(await rig.owner(caller.uuid), undefined)
})
