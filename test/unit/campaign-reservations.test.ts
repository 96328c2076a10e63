/**
 * Agents who are reserved for leads that are being called: what happens to them when a person leaves, a call ends, or
 * another dialer is faster.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Switch } from '../../src/switch/switchboard.ts'
import { RosterMirror } from '../../src/agent/roster-mirror.ts'
import { freeAgentsOf, Reservations } from '../../src/campaign/reservations.ts'
import { memoryQueueStore } from '../../src/queue/memory-store.ts'
import { openQueues } from '../../src/queue/queue.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { waitingCall } from '../waiting-call.ts'

const AT = { name: 'fs' } as Switch
const HOLD_MS = 60_000

async function rig(t: TestContext, names: readonly string[]) {
  const clock = new VirtualClock()
  const table = new MemoryAgents()
  const roster = memoryRoster(table)
  const store = memoryQueueStore(table)
  const mirror = new RosterMirror(roster, clock, silentLog)
  const queues = openQueues({ store, roster, mirror, clock, log: silentLog, node: 'a' })
  t.after(async () => {
    mirror.close()
    await queues[Symbol.asyncDispose]()
    assert.deepEqual(clock.pending(), [])
  })
  await store.put({ name: 'sales', strategy: 'longest-idle-agent' })
  for (const name of names) {
    await roster.put(
      {
        name,
        endpoint: `user/${name}`,
        wrapUpMs: 0,
        ringForMs: 20_000,
        queues: [{ queue: 'sales', level: 1, position: 1 }],
      },
      clock.now(),
    )
    await roster.nail(name, { leg: `leg of ${name}`, node: 'a' }, clock.now())
    await roster.setStatus(name, 'ready', clock.now())
  }
  await clock.settle()
  const reservations = new Reservations({ roster, mirror, clock })
  const reserve = (...calls: string[]) => reservations.reserve(AT, mirror.free('sales'), calls, HOLD_MS)
  const cover = (rings: (call: string) => boolean = () => true) =>
    reservations.cover(AT, mirror.free('sales'), rings, HOLD_MS)
  /** The agent that a lead or a caller gets at once, or null. */
  const gets = async (uuid: string, headStart: '0s' | '1d') => {
    const place = await queues.enter(waitingCall(uuid), 'sales', {
      headStart,
    })
    await clock.settle()
    const agent = await clock.runUntil(place.agent({ within: '1ms' }), 10)
    await place[Symbol.asyncDispose]()
    return agent?.name ?? null
  }
  const hangsUp = async (name: string) => {
    await roster.nail(name, null, clock.now())
    await clock.settle()
  }
  const reservedFor = async (name: string) => (await roster.get(name, clock.now()))?.reservation?.for ?? null
  return { clock, roster, mirror, reservations, reserve, cover, gets, hangsUp, reservedFor }
}

test('a caller of the queue does not get the agent for whom a lead is called, and the lead does', async t => {
  const { reserve, gets } = await rig(t, ['alice'])
  assert.deepEqual(await reserve('lead-1'), ['lead-1'])
  assert.equal(await gets('caller', '0s'), null)
  assert.equal(await gets('lead-1', '1d'), 'alice')
})

test('a lead gets the agent who was reserved for them, not the one who has been idle for longest and is for somebody else', async t => {
  const { reserve, gets } = await rig(t, ['alice', 'bert'])
  assert.deepEqual(await reserve('lead-1', 'lead-2'), ['lead-1', 'lead-2'])
  assert.equal(await gets('lead-2', '1d'), 'bert')
  assert.equal(await gets('lead-3', '1d'), 'bert') // the lead is free again, and alice is still reserved for lead-1
  assert.equal(await gets('lead-1', '1d'), 'alice')
})

for (const status of ['break', 'logged-out'] as const) {
  test(`an agent whose status becomes ${status} while a lead is called for them talks with that lead`, async t => {
    const { clock, roster, reserve, gets } = await rig(t, ['alice'])
    await reserve('lead-1')
    await roster.setStatus('alice', status, clock.now())
    assert.equal(await gets('lead-1', '1d'), 'alice')
    assert.equal(await gets('lead-2', '1d'), null)
  })
}

test('of two dialers that want the same agent one gets them', async t => {
  const { clock, roster, mirror, reserve, reservedFor } = await rig(t, ['alice'])
  const other = new Reservations({ roster, mirror, clock })
  const [mine, theirs] = await Promise.all([
    reserve('lead-1'),
    other.reserve(AT, mirror.free('sales'), ['lead-2'], HOLD_MS),
  ])
  assert.deepEqual([...mine, ...theirs], [await reservedFor('alice')])
})

test('when an agent hangs up, the lead who is called for them gets the next free agent, and nobody new is called before', async t => {
  const { mirror, reserve, cover, hangsUp, reservations, reservedFor, gets } = await rig(t, ['alice', 'bert', 'carl'])
  await reserve('lead-1')
  await hangsUp('alice')
  assert.deepEqual([reservations.stands('lead-1'), mirror.unserved('sales')], [false, 1])
  assert.deepEqual(
    (await cover()).map(({ name }) => name),
    ['carl'],
  )
  assert.deepEqual(
    [await reservedFor('bert'), await reservedFor('alice'), mirror.unserved('sales')],
    ['lead-1', null, 0],
  )
  assert.equal(reservations.stands('lead-1'), true)
  assert.equal(await gets('lead-1', '1d'), 'bert')
})

test('a lead whose call ended while another agent was looked for leaves nobody reserved', async t => {
  const { reserve, cover, hangsUp, reservations, reservedFor } = await rig(t, ['alice', 'bert'])
  await reserve('lead-1')
  await hangsUp('alice')
  const covering = cover()
  await reservations.free('lead-1')
  await covering
  assert.deepEqual([await reservedFor('alice'), await reservedFor('bert')], [null, null])
  await reserve('lead-2')
  await hangsUp('bert')
  await cover(() => false) // it no longer rings
  assert.equal(await reservedFor('alice'), null)
})

test('a lead who talks needs no other agent, whoever was reserved for them', async t => {
  const { clock, roster, reserve, cover, hangsUp, reservedFor } = await rig(t, ['alice', 'bert', 'carl'])
  await reserve('lead-1')
  await hangsUp('alice')
  const epoch = (await roster.reserve('bert', 'lead-1', clock.now(), HOLD_MS))!
  await roster.advance('bert', epoch, 'talking', clock.now())
  assert.deepEqual(
    (await cover()).map(({ name }) => name),
    ['carl'],
  )
  assert.equal(await reservedFor('carl'), null)
})

test('whoever settles an attempt frees the agent who was reserved for it, and no other', async t => {
  const { clock, roster, reserve, reservedFor } = await rig(t, ['alice', 'bert'])
  await reserve('lead-1', 'lead-2')
  await freeAgentsOf('lead-1', roster, clock.now())
  assert.deepEqual([await reservedFor('alice'), await reservedFor('bert')], [null, 'lead-2'])
})

test('a reservation of which nothing more is heard lapses by itself', async t => {
  const { clock, mirror, reserve, reservations } = await rig(t, ['alice'])
  await reserve('lead-1')
  await clock.advance(HOLD_MS - 1)
  assert.equal(reservations.stands('lead-1'), true)
  await clock.advance(1)
  assert.deepEqual([reservations.stands('lead-1'), mirror.free('sales').length], [false, 1])
})
