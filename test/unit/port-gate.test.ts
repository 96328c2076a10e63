/**
 * When a node closes its port, and when it opens it again. The test controls the port, the other nodes and the time.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { SwitchError, SwitchhookError } from '../../src/base/errors.ts'
import { Emitter } from '../../src/base/emitter.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import type { AdmissionState } from '../../src/call/admission.ts'
import type { Peer } from '../../src/cluster/node-table.ts'
import type { NodeLeaseEvents } from '../../src/cluster/node-lease-options.ts'
import { PortGate } from '../../src/node/port-gate.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const OTHER: Peer = { node: 'b', address: '10.0.0.2:8084', roles: ['listener'], open: true }

async function openGate(t: TestContext) {
  const clock = new VirtualClock()
  const rig = {
    open: false,
    taken: false,
    peers: [OTHER] as Peer[],
    answers: true,
    may: true as boolean | Error,
    told: [] as boolean[],
    said: [] as string[],
  }
  const admission = Object.assign(new Emitter<{ state: AdmissionState }>(), { state: 'open' as AdmissionState })
  const lease = Object.assign(new Emitter<NodeLeaseEvents>(), {
    peers: () => rig.peers,
    setOpen: async (open: boolean) => void rig.told.push(open),
    mayClose: async () => {
      if (rig.may instanceof Error) throw rig.may
      return rig.may
    },
  })
  const listener = {
    port: 8084,
    get listening() {
      return rig.open
    },
    pause: () => void (rig.open = false),
    async resume() {
      if (rig.taken) throw new SwitchError('LINK_DOWN', 'the port is in use')
      rig.open = true
    },
    stopListening: () => void (rig.open = false),
    async close() {},
  }
  const hear = (_: unknown, message?: string) => void rig.said.push(message!)
  const log = { ...silentLog, info: hear, warn: hear, error: hear } as Log
  const gate = await PortGate.open({
    listener,
    admission,
    lease,
    knock: async () => (rig.answers ? 'accepts' : 'refuses'),
    clock,
    log,
  })
  t.after(() => {
    gate.close()
    assert.deepEqual(clock.pending(), [], 'a timer was left behind')
  })
  const enter = async (state: AdmissionState) => {
    admission.state = state
    admission.emit('state', state)
    await clock.settle()
  }
  return { ...{ clock, gate, enter, lease }, rig }
}

test('a node that is overrun closes its port while another one is open, and opens it when there is room', async t => {
  const { rig, enter } = await openGate(t)
  assert.ok(rig.open)
  await enter('overrun')
  assert.ok(!rig.open, 'FreeSWITCH goes to the other node')
  await enter('shedding')
  assert.ok(rig.open)
  assert.deepEqual(
    rig.told,
    [true, true],
    'the others know that it is open; that it is closed was written when it was allowed to',
  )
})

test('the last open node never closes its port, whatever its load is', async t => {
  const { clock, rig, enter, lease } = await openGate(t)
  for (const peers of [
    [],
    [{ ...OTHER, open: false }],
    [{ ...OTHER, open: undefined }],
    [{ ...OTHER, address: null }],
  ] as Peer[][]) {
    rig.peers = peers
    await enter('overrun')
    await clock.advance(10_000)
    assert.ok(rig.open, JSON.stringify(peers))
    await enter('open')
  }
  rig.peers = [OTHER]
  await enter('overrun')
  assert.ok(!rig.open)
  rig.peers = []
  lease.emit('read', null)
  await clock.settle()
  assert.ok(rig.open, 'the other node is gone: nobody else would take a call')
})

test('a node that has just died counts as alive until its lease runs out: the port stays open when nobody answers there', async t => {
  const { clock, rig, enter } = await openGate(t)
  rig.answers = false
  await enter('overrun')
  await clock.advance(5_000)
  assert.ok(rig.open)
  rig.answers = true
  await clock.advance(500)
  assert.ok(!rig.open, 'it is asked again for as long as the node is overrun')
})

test('of two nodes that are overrun at once one stays open: the table allows only one of them to close', async t => {
  const { clock, rig, enter } = await openGate(t)
  rig.may = false
  await enter('overrun')
  await clock.advance(5_000)
  assert.ok(rig.open)
  rig.may = new SwitchhookError('SERVICE', 'Redis is away')
  await clock.advance(5_000)
  assert.ok(rig.open, 'nobody knows whether another node is open')
})

test('a port that somebody else has taken meanwhile is asked for again until it is free, and the fault is logged once', async t => {
  const { clock, rig, enter } = await openGate(t)
  await enter('overrun')
  rig.taken = true
  await enter('open')
  await clock.advance(3_000)
  assert.ok(!rig.open)
  rig.taken = false
  await clock.advance(500)
  assert.ok(rig.open)
  assert.deepEqual(rig.said.slice(1), [
    'opening the port failed; this node gets no calls, the attempt is repeated',
    'the port was opened again after failed attempts',
  ])
})
