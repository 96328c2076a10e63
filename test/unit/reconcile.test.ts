import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Phase } from '../../src/call/leg.ts'
import type { CallStore } from '../../src/call/ownership.ts'
import type { ApiText } from '../../src/esl/api.ts'
import type { Uuid } from '../../src/esl/words.ts'
import { openHouse, type ReconcileHouse } from './reconcile-house.ts'

const GONE = '00000000-0000-4000-8000-000000000001'

/** A leg that this node believes to have. */
class BelievedLeg {
  readonly uuid: Uuid
  readonly home
  phase: Phase = 'driven'
  cause = ''

  constructor(house: ReconcileHouse, uuid: string) {
    this.uuid = uuid as Uuid
    this.home = house.home
  }

  end(cause: string): void {
    this.phase = 'ended'
    this.cause = cause
  }
}

/** The same memory, but for one question. */
const asking = (calls: CallStore, all: CallStore['all']): CallStore =>
  new Proxy(calls, { get: (target, name) => (name === 'all' ? all : (Reflect.get(target, name) as () => unknown).bind(target)) })

const noCommandsOf = (house: ReconcileHouse, kind: RegExp) => assert.deepEqual(house.commands.filter(command => kind.test(command)), [])

test('a leg of ours that the switch does not have has ended, for the reason that was heard, also while PostgreSQL is away', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  caller.hangUp()
  await house.clock.advance(100)
  const [heard, unheard] = [new BelievedLeg(house, caller.uuid), new BelievedLeg(house, GONE)]
  const looks = house.reconciler({ legs: () => [heard, unheard], rows: { open: () => Promise.reject(new Error('PostgreSQL is away')), lost: async () => {} } })
  await looks.start()
  assert.equal(heard.cause, 'NORMAL_CLEARING')
  assert.equal(unheard.phase, 'driven', 'its end may be told in this moment')
  await house.clock.advance(1_100)
  assert.equal(unheard.cause, 'LOST')
})

test('an agent whose caller became a zombie is free within 90 seconds, and one line says how many there are', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  const leg = new BelievedLeg(house, caller.uuid)
  const looks = house.reconciler({ legs: () => [leg] })
  await looks.start()
  await house.clock.advance(61_000)
  house.switch.zombify(caller.uuid)
  await house.clock.advance(35_000)
  assert.equal(leg.cause, 'LOST', 'the flow goes on from here and frees the agent')
  await house.clock.advance(200_000)
  const warned = house.warnings.filter(({ text }) => text.includes('channels that do not exist'))
  assert.deepEqual(warned.map(({ fields }) => fields['zombies']), [1])
  house.switch.channels.delete(caller.uuid)
})

test('a caller whom nobody drives and nobody knows is sent to the door, and not before it is certain', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  await house.calls.end(caller.uuid, (await house.calls.owner(caller.uuid))!) // the memory of all nodes was lost
  const leg = house.doors.get('a')!.legs.get(caller.uuid as Uuid)!
  void leg.conversation!.execute('playback' as never, 'moh/calm.wav' as never) // it was driven once, and nobody ended the music
  const looks = house.reconciler({ legs: () => [] })
  await looks.start()
  await house.clock.advance(44_000)
  noCommandsOf(house, /^uuid_transfer/)
  await house.clock.advance(10_000)
  assert.deepEqual(house.commands.filter(command => command.startsWith('uuid_transfer')), [`uuid_transfer ${caller.uuid} switchhook-welcome XML switchhook`])
  assert.ok(await house.owner(caller.uuid), 'somebody has them')
  caller.hangUp()
})

test('a caller who was forgotten and whom a node drives is not torn from it: the node writes them down again', async t => {
  const house = await openHouse(t)
  house.switch.listeners.delete('127.0.0.1:8084')
  const caller = await house.caller()
  await house.calls.end(caller.uuid, (await house.calls.owner(caller.uuid))!)
  const remembered: string[] = []
  await house.reconciler({ remember: async uuid => void (remembered.push(uuid), await house.calls.take(uuid, 'b', '{}')) }).start()
  await house.clock.advance(120_000)
  assert.deepEqual(remembered, [caller.uuid])
  noCommandsOf(house, /^uuid_(transfer|kill)/)
  caller.hangUp()
})

test('a telephone that was answered for a call which is no more is hung up; one whose caller lives is left alone', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  const [left, awaited] = [await house.answered('alice', { switchhook_parent: GONE }), await house.answered('bob', { switchhook_parent: caller.uuid })]
  for (const { uuid } of [left, awaited]) await house.home.commands.run(`uuid_transfer ${uuid} switchhook-leg XML switchhook` as ApiText)
  for (const [uuid, leg] of house.doors.get('a')!.legs) if (uuid !== caller.uuid) void leg.conversation?.execute('playback' as never, 'whisper.wav' as never)
  house.switch.dialplan.extension('switchhook-leg', [{ application: 'playback', data: 'a.wav' }, { application: 'sleep', data: '600000' }])
  await house.reconciler({ legs: () => [] }).start()
  await house.clock.advance(60_000)
  assert.equal(left.state, 'gone')
  assert.notEqual(awaited.state, 'gone')
  awaited.hangUp()
  caller.hangUp()
})

test('agents who wait for leads on the line are nobody’s strangers', async t => {
  const house = await openHouse(t)
  const alice = await house.answered('alice')
  await house.home.commands.run(`uuid_transfer ${alice.uuid} switchhook-leg XML switchhook` as ApiText)
  house.switch.dialplan.extension('switchhook-leg', [{ application: 'park', data: '' }])
  await house.talking('alice', GONE)
  await house.roster.nail('alice', { leg: alice.uuid, node: 'a' }, house.clock.now())
  await house.reconciler({ legs: () => [] }).start()
  await house.clock.advance(200_000)
  assert.notEqual(alice.state, 'gone')
  assert.equal((await house.roster.get('alice', house.clock.now()))?.nailed?.leg, alice.uuid)
  alice.hangUp()
  await house.clock.advance(40_000)
  assert.equal((await house.roster.get('alice', house.clock.now()))?.nailed, null, 'the line is no more')
})

test('a caller who got stuck between two talks is sent to the door', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  const alice = await house.answered('alice')
  // the wrong way round, and with socket_resume still true: when its node dies the caller's leg stays in CS_RESET for ever
  await house.home.commands.run(`uuid_bridge ${alice.uuid} ${caller.uuid}` as ApiText)
  await house.clock.runUntil(() => caller.talksWith === alice, 2_000)
  house.switch.listeners.delete('127.0.0.1:8084')
  house.switch.dropConnections(({ outbound }) => outbound)
  await house.clock.advance(100)
  assert.equal((await house.home.list())?.get(caller.uuid as Uuid)?.state, 'CS_RESET')
  await house.reconciler().start()
  await house.clock.advance(15_000)
  noCommandsOf(house, /^uuid_transfer/)
  await house.clock.advance(10_000)
  assert.deepEqual(house.commands.filter(command => command.startsWith('uuid_transfer')), [`uuid_transfer ${caller.uuid} switchhook-welcome XML switchhook`])
  assert.equal(await house.owner(caller.uuid), 'b')
  caller.hangUp()
})

test('people who talk are never touched, however long they do', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  const alice = await house.answered('alice', { switchhook_parent: caller.uuid })
  await house.talk(caller, alice)
  await house.reconciler().start()
  await house.clock.advance(600_000)
  assert.equal(caller.talksWith, alice)
  noCommandsOf(house, /^uuid_(transfer|kill)/)
  caller.hangUp()
})

test('agents promised to a call that is no more are free, its place and its row are closed', async t => {
  const house = await openHouse(t)
  await house.talking('alice', GONE)
  await house.queueStore.enter('sales', { call: GONE, from: '+49', node: 'a', joinedAt: house.clock.now(), headStartMs: 0 }, house.clock.now())
  house.open.add(GONE)
  await house.reconciler().start()
  await house.clock.advance(4_000)
  assert.equal(await house.state('alice'), 'talking', 'a flow that has just ended is still being written down')
  await house.clock.advance(2_000)
  assert.equal(await house.state('alice'), 'wrap-up')
  assert.deepEqual(await house.queueStore.members('sales'), [])
  assert.deepEqual(house.lost, [GONE])
})

test('after a switch was started anew the agents of a dead node are free within five seconds, and every call has its record', async t => {
  const house = await openHouse(t)
  const callers = await Promise.all(Array.from({ length: 20 }, () => house.caller()))
  for (const [at, caller] of callers.entries()) await house.talking(`agent-${at}`, caller.uuid)
  await house.reconciler().start()
  const died = house.clock.now()
  house.switch.kill()
  house.lapses('a')
  await house.clock.advance(10_000)
  assert.equal(house.records.length, 0, 'they may come back with the switch')
  house.switch.restart()
  await house.clock.advance(5_000)
  for (const at of callers.keys()) assert.equal(await house.state(`agent-${at}`), 'wrap-up')
  assert.equal(house.records.length, 20)
  assert.ok(house.records.every(({ end, endedAt }) => end.cause === 'SWITCH_CRASH' && Math.abs(endedAt - died) < 100))
})

test('calls whose switch was started anew while nobody of us was there are asked for, and then closed', async t => {
  const house = await openHouse(t)
  const began = house.clock.now() - 60_000
  const arrival = { uuid: GONE, path: 'welcome', from: '', to: '', direction: 'in', core: '00000000-0000-4000-8000-00000000dead' }
  await house.calls.take(GONE, 'a', JSON.stringify({ k: 'begin', at: began, arrival }))
  house.alive.delete('a')
  await house.reconciler().start()
  await house.clock.advance(3_000)
  assert.deepEqual(house.records.map(({ outcome, end }) => [outcome, end.cause]), [['lost', 'SWITCH_CRASH']])
  assert.equal(house.records[0]!.endedAt, house.home.facts.startedAt)
})

test('one look at a time, and one more for all who wished for one meanwhile', async t => {
  const house = await openHouse(t)
  let looks = 0
  const { calls } = house
  const one = house.reconciler({ calls: asking(calls, async () => (looks++, calls.all())) })
  await Promise.all([one.look('1'), one.look('2'), one.look('3'), one.look('4')])
  assert.equal(looks, 2)
  await house.clock.advance(30_500)
  assert.equal(looks, 3, 'and one every 30 seconds')
})

test('a look that a store refuses is tried again after five seconds', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  caller.hangUp()
  await house.clock.advance(100)
  house.alive.delete('a')
  let away = true
  const { calls } = house
  const all = async () => {
    if (away) throw new Error('Redis is silent')
    return calls.all()
  }
  await house.reconciler({ calls: asking(calls, all) }).start()
  assert.equal(house.records.length, 0)
  away = false
  await house.clock.advance(5_500)
  assert.equal(house.records.length, 1)
})

test('a record that cannot be written leaves the call as it is, for the next look', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  await house.talking('alice', caller.uuid)
  caller.hangUp()
  await house.clock.advance(100)
  house.alive.delete('a')
  let away = true
  const ended = async (row: (typeof house.records)[number]) => {
    if (away) throw new Error('PostgreSQL is away')
    house.records.push(row)
  }
  await house.reconciler({ records: { ended } }).start()
  assert.equal(await house.state('alice'), 'wrap-up', 'the agent does not wait for a database')
  assert.equal(await house.owner(caller.uuid), 'a')
  away = false
  await house.clock.advance(31_000)
  assert.equal(house.records.length, 1)
  assert.equal(await house.owner(caller.uuid), undefined)
})
