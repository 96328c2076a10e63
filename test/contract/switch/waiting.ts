/** A caller in a queue: announcements in the music, and keys that lead out of it. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { MemoryAgents, memoryRoster } from '../../../src/agent/memory-roster.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Call } from '../../../src/call/call.ts'
import { FlowCall } from '../../../src/flow/flow-call.ts'
import { memoryQueueStore } from '../../../src/queue/memory-store.ts'
import type { WaitingGiven } from '../../../src/queue/waiting-settings.ts'
import { openNodeQueues } from '../../node-queues.ts'
import { contract } from './suite.ts'
import type { World } from './world.ts'

/** The queue sales with these settings, whose agent alice is logged out. */
async function openSales(world: World, settings: WaitingGiven) {
  const { clock } = world
  const agents = new MemoryAgents()
  const [roster, store] = [memoryRoster(agents), memoryQueueStore(agents)]
  await store.put({ name: 'sales', strategy: 'longest-idle-agent', ...settings })
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  await roster.put({ name: 'alice', endpoint: 'user/alice', wrapUpMs: 0, ringForMs: 20_000, queues }, clock.now())
  const node = openNodeQueues({ store, roster, clock, log: silentLog, node: 'a' })
  return {
    roster,
    node,
    enqueue: (call: Call) => new FlowCall(call.leg, call.context, node).enqueue('sales'),
  }
}

contract('an announcement in a queue ends as soon as an agent is reserved, and the music comes back', async world => {
  const node = await world.node('a')
  const sales = await openSales(world, {
    announceEveryMs: 1_000,
    announceSound: 'ivr/long',
    announcePosition: false,
  })
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using place = await sales.enqueue(call)
    await using agent = await place.agent()
    await world.hears(caller, 'moh/calm')
    return agent?.name
  })
  const caller = await world.call()
  await world.hears(caller, 'moh/calm')
  await world.hears(caller, 'ivr/long')
  await sales.roster.setStatus('alice', 'ready', world.clock.now())
  equal(await world.within('2s', flow.result), 'alice')
  await world.event(caller.uuid, 'CHANNEL_HANGUP')
  deepEqual(world.endsOf(caller.uuid, 'ivr/long'), ['break'])
  await sales.node[Symbol.asyncDispose]()
})

contract('a caller leaves a queue with a key in the music, and with a key in an announcement', async world => {
  const node = await world.node('a')
  const sales = await openSales(world, {
    exitKeys: '7#',
    announceEveryMs: 1_500,
    announceSound: 'ivr/long',
    announcePosition: false,
  })
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using place = await sales.enqueue(call)
    const keys: (string | null)[] = []
    while (keys.length < 2) {
      ok((await place.agent()) === null)
      keys.push(place.exit!.key)
    }
    return keys
  })
  const caller = await world.call()
  await world.hears(caller, 'moh/calm')
  await caller.press('17')
  await world.hears(caller, 'ivr/long')
  await caller.press('#')
  deepEqual(await world.within('5s', flow.result), ['7', '#'])
  await sales.node[Symbol.asyncDispose]()
})
