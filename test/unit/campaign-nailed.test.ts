/** Agents who are called once and stay on the line for the leads. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { MemoryAgents } from '../../src/agent/memory-roster.ts'
import { rosterOver } from '../../src/agent/roster.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Arrival } from '../../src/call/arrival.ts'
import { CallHouse, type CallHouseOptions } from '../../src/call/house.ts'
import { Leg } from '../../src/call/leg.ts'
import { Switchboard } from '../../src/call/switchboard.ts'
import { Floor } from '../../src/campaign/floor.ts'
import { NailedAgents } from '../../src/campaign/nailed.ts'
import type { Uuid } from '../../src/esl/words.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Carrier } from '../contract/campaign-carrier.ts'

/** One node whose door is where the carrier's answered legs arrive. */
async function house() {
  const clock = new VirtualClock()
  const carrier = new Carrier()
  const home = carrier.link()
  const switchboard = new Switchboard()
  switchboard.add(home)
  const awaited = new Map<string, (leg: Leg) => void>()
  carrier.on('answered', uuid => {
    const arrival = { uuid, core: carrier.core, path: 'leg', from: '', fromName: '', to: '', direction: 'out' } as unknown as Arrival
    awaited.get(uuid)?.(new Leg({ arrival, home, clock, log: silentLog }))
  })
  const door = {
    expect(uuid: Uuid) {
      const arrived = new Promise<Leg>(resolve => awaited.set(uuid, resolve))
      return { arrived, [Symbol.dispose]: () => void awaited.delete(uuid) }
    },
  }
  const settings = { ringForMs: 20_000, detect: {} }
  const calls = new CallHouse({ clock, log: silentLog, door, switchboard, settings } as unknown as CallHouseOptions)
  const roster = rosterOver(new MemoryAgents())
  const floor = new Floor(roster, clock, silentLog)
  const nailed = new NailedAgents({ house: calls, roster, floor, node: 'a' })
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  await roster.put({ name: 'alice', endpoint: 'user/1001', wrapUpMs: 10_000, ringForMs: 20_000, queues }, clock.now())
  carrier.behaviour = () => 'answers'
  const ready = async () => {
    await roster.setStatus('alice', 'ready', clock.now())
    await clock.settle()
  }
  return { clock, carrier, roster, nailed, ready, look: () => roster.get('alice', clock.now()) }
}

test('an agent who is ready is called for a campaign and is then free on the line', async () => {
  const { clock, carrier, nailed, ready, look } = await house()
  await ready()
  await clock.settle()
  assert.equal(carrier.dialled.length, 0) // nobody needs them yet
  using _ = nailed.need('sales')
  await clock.settle()
  const alice = await look()
  const call = nailed.callOf('alice')
  assert.deepEqual([alice?.state, alice?.nailed?.leg, alice?.nailed?.node], ['idle', carrier.dialled[0]!.uuid, 'a'])
  assert.equal(call?.uuid, alice?.nailed?.leg)
  assert.equal(call?.leg.returns, true)
  assert.equal(nailed.count, 1)
  assert.match(carrier.dialled[0]!.text, /user\/1001 switchhook-leg XML switchhook$/)
})

test('while the phone rings no queue can promise the agent to anybody', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await house()
  carrier.behaviour = () => 'rings'
  using _ = nailed.need('sales')
  await ready()
  assert.equal((await look())?.state, 'ringing')
  assert.equal(await roster.reserve('alice', randomUUID(), clock.now(), 10_000), null)
})

test('an agent who does not answer three times is sent on a break', async () => {
  const { clock, carrier, nailed, ready, look } = await house()
  carrier.behaviour = () => 'no-answer'
  using _ = nailed.need('sales')
  await ready()
  assert.equal(carrier.dialled.length, 1)
  await clock.advance(9_000)
  assert.equal(carrier.dialled.length, 1) // the rest
  await clock.advance(60_000)
  const alice = await look()
  assert.deepEqual([carrier.dialled.length, alice?.status, alice?.reason], [3, 'break', 'no answer'])
  carrier.behaviour = () => 'answers'
  await ready()
  assert.equal(nailed.count, 1)
})

test('an agent whose line drops is called again after a moment, and one who logs out is let go', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await house()
  using _ = nailed.need('sales')
  await ready()
  carrier.hangUp(carrier.dialled[0]!.uuid)
  await clock.advance(4_000)
  assert.deepEqual([(await look())?.nailed, nailed.count, carrier.dialled.length], [null, 0, 1])
  await clock.advance(10_000)
  assert.deepEqual([nailed.count, carrier.dialled.length], [1, 2])
  await roster.setStatus('alice', 'break', clock.now(), 'lunch')
  await clock.settle()
  assert.equal(nailed.count, 1) // a break is taken on the line
  await roster.setStatus('alice', 'logged-out', clock.now())
  await clock.advance(10_000)
  assert.deepEqual([carrier.legs.size, nailed.count, (await look())?.nailed], [0, 0, null])
  await clock.advance(60_000)
  assert.equal(carrier.dialled.length, 2)
})

test('when no campaign needs them any more agents are let go, but no talk is cut', async () => {
  const { clock, carrier, roster, nailed, ready } = await house()
  const need = nailed.need('sales')
  await ready()
  const epoch = (await roster.reserve('alice', randomUUID(), clock.now(), 10_000))!
  await roster.advance('alice', epoch, 'talking', clock.now())
  need[Symbol.dispose]()
  await clock.settle()
  assert.equal(carrier.legs.size, 1)
  await roster.release('alice', epoch, 'talked', clock.now())
  await clock.settle()
  assert.equal(carrier.legs.size, 0)
})

test('an agent whose line belonged to a node that died is called by this one', async () => {
  const { clock, carrier, roster, nailed, ready } = await house()
  const leg = randomUUID()
  await roster.nail('alice', { leg, node: 'dead' }, clock.now())
  carrier.legs.add(leg)
  using _ = nailed.need('sales')
  await ready()
  assert.equal(carrier.dialled.length, 0) // still on that line
  carrier.hangUp(leg)
  await clock.settle()
  assert.deepEqual([nailed.count, carrier.dialled.length], [1, 1])
})
