import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#testing'
import { silentLog } from '../../src/base/log.ts'
import { StaleConnections } from '../../src/call/stale-connections.ts'
import { memoryCallStore } from '../../src/journal/memory-call-store.ts'
import { newUuid } from '../../src/esl/safe-text.ts'
import { arrivalOf } from '../arrival.ts'

/** Node a, which may have been suspended, and node b, which lives. */
function awakened() {
  const clock = new VirtualClock()
  const calls = memoryCallStore()
  const state = { holds: true }
  const peers = { holds: () => state.holds, addressOf: (node: string) => (node === 'b' ? 'b:1' : null) }
  const connections = new StaleConnections({ clock, log: silentLog, node: 'a', calls, peers })
  const arrival = (idle: boolean) => arrivalOf({ answered: true, idle })
  return { clock, calls, state, connections, arrival }
}

test('a node that was never away takes everybody', () => {
  assert.equal(awakened().connections.any, false)
})

test('a call that another node drives by now is left alone by a node that was asleep', async () => {
  const { clock, calls, state, connections, arrival } = awakened()
  state.holds = false
  connections.begin()
  assert.equal(connections.any, true)
  const call = arrival(true)
  await calls.take(call.uuid, 'b', '{}')
  const stale = connections.isStale(call)
  await clock.advance(500)
  state.holds = true
  assert.equal(await clock.runUntil(stale, 1_000), true)
})

test('a call that waits for nobody else is taken, also in the moment of the awakening', async () => {
  const { clock, calls, connections, arrival } = awakened()
  connections.begin()
  assert.equal(await connections.isStale(arrival(true)), false)
  const dead = arrival(true)
  await calls.take(dead.uuid, 'c', '{}') // a node that is gone
  assert.equal(await connections.isStale(dead), false)
  assert.equal(await connections.isStale(arrival(false)), true, 'somebody else plays something to it')
  await clock.advance(2_100)
  assert.equal(connections.any, false)
})

test('while Redis is away everybody who comes is taken: another node, whose lease ran out too, may have offered them a moment ago', async () => {
  const { clock, calls, state, connections } = awakened()
  state.holds = false
  assert.equal(connections.any, false)
  await calls.take(newUuid(), 'b', '{}')
  await clock.advance(500)
  state.holds = true
  assert.equal(connections.any, false)
})

test('who comes in the moment of the awakening waits for the lease, two seconds at most', async () => {
  const { clock, state, connections, arrival } = awakened()
  state.holds = false
  connections.begin()
  const [fresh, busy] = [connections.isStale(arrival(true)), connections.isStale(arrival(false))]
  assert.equal(await clock.runUntil(fresh, 2_100), false)
  assert.equal(await busy, true)
  assert.equal(connections.any, false, 'the lease has not come back: it is Redis that is away')
})
