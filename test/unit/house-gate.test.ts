/** When a node closes its port, and when it opens it again. The port, the other nodes and the time are the test's own. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { SwitchError, SwitchhookError } from '../../src/base/errors.ts'
import { Emitter } from '../../src/base/events.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import type { AdmissionState } from '../../src/call/admission.ts'
import type { Peer } from '../../src/call/presence-table.ts'
import type { PresenceEvents } from '../../src/call/presence-options.ts'
import { Gate } from '../../src/house/gate.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const OTHER: Peer = { node: 'b', address: '10.0.0.2:8084', roles: ['listener'], open: true }

async function openGate(t: TestContext) {
  const clock = new VirtualClock()
  const house = { open: false, taken: false, peers: [OTHER] as Peer[], answers: true, may: true as boolean | Error, told: [] as boolean[], said: [] as string[] }
  const admission = Object.assign(new Emitter<{ state: AdmissionState }>(), { state: 'open' as AdmissionState })
  const lease = Object.assign(new Emitter<PresenceEvents>(), {
    peers: () => house.peers,
    setOpen: async (open: boolean) => void house.told.push(open),
    mayClose: async () => {
      if (house.may instanceof Error) throw house.may
      return house.may
    },
  })
  const listener = {
    port: 8084,
    get listening() { return house.open },
    pause: () => void (house.open = false),
    async resume() {
      if (house.taken) throw new SwitchError('LINK_DOWN', 'the port is in use')
      house.open = true
    },
    stopListening: () => void (house.open = false),
    async close() {},
  }
  const hear = (_: unknown, message?: string) => void house.said.push(message!)
  const log = { ...silentLog, info: hear, warn: hear, error: hear } as Log
  const gate = await Gate.open({ listener, admission, lease, knock: async () => (house.answers ? 'accepts' : 'refuses'), clock, log })
  t.after(() => {
    gate.close()
    assert.deepEqual(clock.pending(), [], 'a timer was left behind')
  })
  const enter = async (state: AdmissionState) => {
    admission.state = state
    admission.emit('state', state)
    await clock.settle()
  }
  return { ...{ clock, gate, enter, lease }, house }
}

test('a node that is overrun closes its port while another one is open, and opens it when there is room', async t => {
  const { house, enter } = await openGate(t)
  assert.ok(house.open)
  await enter('overrun')
  assert.ok(!house.open, 'FreeSWITCH goes to the other node')
  await enter('shedding')
  assert.ok(house.open)
  assert.deepEqual(house.told, [true, true], 'the others know that it is open; that it is closed was written when it was allowed to')
})

test('the last open node never closes its port, whatever its load is', async t => {
  const { clock, house, enter, lease } = await openGate(t)
  for (const peers of [[], [{ ...OTHER, open: false }], [{ ...OTHER, open: undefined }], [{ ...OTHER, address: null }]] as Peer[][]) {
    house.peers = peers
    await enter('overrun')
    await clock.advance(10_000)
    assert.ok(house.open, JSON.stringify(peers))
    await enter('open')
  }
  house.peers = [OTHER]
  await enter('overrun')
  assert.ok(!house.open)
  house.peers = []
  lease.emit('read', null)
  await clock.settle()
  assert.ok(house.open, 'the other node is gone: nobody else would take a call')
})

test('a node that has just died counts as alive until its lease runs out: the port stays open when nobody answers there', async t => {
  const { clock, house, enter } = await openGate(t)
  house.answers = false
  await enter('overrun')
  await clock.advance(5_000)
  assert.ok(house.open)
  house.answers = true
  await clock.advance(500)
  assert.ok(!house.open, 'it is asked again for as long as the node is overrun')
})

test('of two nodes that are overrun at once one stays open: the table allows only one of them to close', async t => {
  const { clock, house, enter } = await openGate(t)
  house.may = false
  await enter('overrun')
  await clock.advance(5_000)
  assert.ok(house.open)
  house.may = new SwitchhookError('SERVICE', 'Redis is away')
  await clock.advance(5_000)
  assert.ok(house.open, 'nobody knows whether another node is open')
})

test('a port that somebody else has taken meanwhile is asked for again until it is free, and the fault is logged once', async t => {
  const { clock, house, enter } = await openGate(t)
  await enter('overrun')
  house.taken = true
  await enter('open')
  await clock.advance(3_000)
  assert.ok(!house.open)
  house.taken = false
  await clock.advance(500)
  assert.ok(house.open)
  assert.deepEqual(house.said.slice(1), ['the port cannot be opened again: no calls come to this node', 'the port could be opened again'])
})
