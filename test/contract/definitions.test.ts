/** Queues and agents are defined in PostgreSQL, and Redis has them too, whatever happens to it. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { silentEvents } from '../../src/events/events.ts'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { RosterMirror } from '../../src/agent/roster-mirror.ts'
import { NotFoundError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import type { QueueSettings } from '../../src/queue/settings.ts'
import {
  defineAgent,
  defineBreakReason,
  defineNumberRule,
  defineQueue,
  Definitions,
  moveQueue,
  removeAgent,
  removeBreakReason,
  removeNumberRule,
} from '../../src/recovery/definitions.ts'
import { DialStatuses } from '../../src/campaign/dial-status.ts'
import { DialWakeup } from '../../src/campaign/dial-wakeup.ts'
import agentDisposition from '../../src/operations/agent/disposition.ts'
import { openAudit } from '../../src/operations/audit.ts'
import type { PartsFor } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import queueRemove from '../../src/operations/queue/remove.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { breakReasonRows } from '../../src/store/break-reasons.ts'
import { callWithId, closeCall, openCall } from '../../src/store/calls.ts'
import { agentRows, queueRows } from '../../src/store/definitions.ts'
import { numberRules } from '../../src/store/number-rules.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openDatabase, openRedis } from '../open-services.ts'
import { SCRIPTS } from '../program.ts'

const SALES = { name: 'sales', strategy: 'longest-idle-agent', weight: 5 } as const
const ALICE = {
  name: 'alice',
  endpoint: 'user/1001',
  wrapUpMs: 15_000,
  ringForMs: 20_000,
  queues: [{ queue: 'sales', level: 1, position: 1 }],
  skills: [{ skill: 'german', level: 5 }],
}
/** As PostgreSQL has them: what has a default is in one column. */
const asRow = ({ weight, ...queue }: { name: string; strategy: string; weight?: number; movedTo?: string }) => ({
  ...queue,
  settings: weight === undefined ? {} : { weight },
})
const { skills, ...REST } = ALICE
const ALICE_ROW = { ...REST, settings: { skills } }

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

async function open(t: TestContext) {
  const [{ sql }, { client, address }] = await Promise.all([openDatabase(t), openRedis(t)])
  const subscriber = await openRedisClient(address, { kind: 'subscriber' })
  t.after(() => subscriber.disconnect())
  const home = { commands: client, subscriber }
  const stores = { sql, roster: redisRoster(home), queueStore: redisQueueStore(home) }
  const clock = new VirtualClock()
  /** A node that starts now. `restored` counts how often it found Redis empty. */
  const start = async () => {
    const mirror = new RosterMirror(stores.roster, clock, silentLog)
    const filled = mirror.next('loaded')
    const node = { restored: 0, mirror }
    let told = () => {}
    const definitions = new Definitions({
      ...stores,
      mirror,
      clock,
      log: silentLog,
      restored: () => {
        node.restored++
        told()
      },
    })
    t.after(() => {
      definitions[Symbol.dispose]()
      mirror.close()
    })
    await definitions.start()
    await filled
    return Object.assign(node, { finds: () => new Promise<void>(resolve => (told = resolve)) })
  }
  return { ...stores, stores, client, clock, start }
}

test('what a supervisor defines is in PostgreSQL and in Redis', async t => {
  const { stores, sql, roster, queueStore, clock } = await open(t)
  await defineQueue(stores, SALES, clock.now())
  await defineAgent(stores, ALICE, clock.now())
  assert.deepEqual(await queueRows(sql), [asRow(SALES)])
  assert.deepEqual(await agentRows(sql), [ALICE_ROW])
  assert.deepEqual(await queueStore.queues(), [SALES])
  assert.equal((await roster.get('alice', clock.now()))?.status, 'logged-out')
  await defineAgent(stores, { ...ALICE, queues: [], wrapUpMs: 0 }, clock.now())
  assert.deepEqual(await agentRows(sql), [{ ...ALICE_ROW, queues: [], wrapUpMs: 0 }])
})

test('a new Redis gets every queue and agent when a node starts', async t => {
  const { stores, client, roster, queueStore, clock, start } = await open(t)
  await defineQueue(stores, SALES, clock.now())
  await defineAgent(stores, ALICE, clock.now())
  await client.flushdb()
  await start()
  assert.deepEqual(await queueStore.queues(), [SALES])
  assert.equal((await roster.get('alice', clock.now()))?.endpoint, 'user/1001')
})

test('a new Redis gets every rule for a number, and an old one loses those that PostgreSQL does not have', async t => {
  const { stores, sql, client, queueStore, clock, start } = await open(t)
  const rule = { number: '+4930*', queue: '', priority: 5, blocked: false, note: 'Berlin' }
  await defineNumberRule(stores, { ...rule, priority: 1 }, clock.now())
  await defineNumberRule(stores, rule, clock.now())
  await defineNumberRule(stores, { ...rule, number: '+491', blocked: true }, clock.now())
  assert.equal(await removeNumberRule(stores, { number: '+491', queue: '' }), true)
  assert.equal(await removeNumberRule(stores, { number: '+491', queue: '' }), false)
  assert.deepEqual(await numberRules(sql), [rule])
  await client.flushdb()
  await queueStore.putNumberRule({ ...rule, number: '+33*' })
  await start()
  assert.deepEqual(
    (await queueStore.numberRules()).map(({ number, priority }) => [number, priority]),
    [['+4930*', 5]],
  )
})

test('queues and agents of a Redis that was there before PostgreSQL knew them are adopted, and nothing is removed', async t => {
  const { sql, roster, queueStore, clock, start } = await open(t)
  await queueStore.put(SALES)
  await roster.put(ALICE, clock.now())
  await start()
  assert.deepEqual([await queueRows(sql), await agentRows(sql)], [[asRow(SALES)], [ALICE_ROW]])
  assert.equal((await roster.list(clock.now())).length, 1)
})

test('settings that were changed in PostgreSQL alone reach Redis, and the agent stays ready', async t => {
  const { stores, sql, roster, clock, start } = await open(t)
  await defineAgent(stores, ALICE, clock.now())
  await roster.setStatus('alice', 'ready', clock.now())
  await sql`update agents set endpoint = 'user/2002'`
  await start()
  const alice = (await roster.get('alice', clock.now()))!
  assert.deepEqual([alice.endpoint, alice.status], ['user/2002', 'ready'])
})

test('a node starts although a queue has a strategy that only a newer version knows, and serves all other queues', async t => {
  const { sql, stores, queueStore, clock, start } = await open(t)
  await defineQueue(stores, SALES, clock.now())
  await sql`insert into queues (name, strategy) values ('later', 'from-the-future'), ('support', 'random')`
  await start()
  assert.deepEqual(
    (await queueStore.queues()).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    [SALES, { name: 'support', strategy: 'random' }],
  )
})

test('when Redis is emptied under two nodes, agents are back as they were, and both nodes know of it', async t => {
  const { stores, client, roster, queueStore, clock, start } = await open(t)
  await defineQueue(stores, SALES, clock.now())
  await defineAgent(stores, ALICE, clock.now())
  await defineAgent(stores, { ...ALICE, name: 'bert', endpoint: 'user/1002' }, clock.now())
  await roster.setStatus('alice', 'break', clock.now(), 'lunch')
  const nodes = [await start(), await start()]
  await client.flushdb()
  const found = Promise.all(nodes.map(node => node.finds()))
  await clock.advance(2_100)
  await found
  assert.deepEqual(
    nodes.map(({ restored }) => restored),
    [1, 1],
  )
  assert.deepEqual(await queueStore.queues(), [SALES])
  assert.deepEqual(
    (await roster.list(clock.now())).map(({ name, status, reason }) => [name, status, reason]),
    [
      ['alice', 'break', 'lunch'],
      ['bert', 'logged-out', null],
    ],
  )
})

test("agents are back as they were also when a new, empty Redis has the old one's place", async t => {
  const { stores, client, roster, clock, start } = await open(t)
  await defineAgent(stores, ALICE, clock.now())
  await roster.setStatus('alice', 'ready', clock.now())
  const node = await start()
  await clock.advance(2_100) // a look at a Redis that has its data
  await client.flushdb()
  const read = node.mirror.next('loaded')
  await client.publish(`sh:agents:changed@${client.options.db}`, '{"what":"resync"}') // as after a reconnection
  await read
  assert.deepEqual(node.mirror.all(), [])
  const found = node.finds()
  await clock.advance(2_100)
  await found
  assert.equal((await roster.get('alice', clock.now()))?.status, 'ready')
})

test('an agent who was removed is nowhere, and one who never was cannot be removed', async t => {
  const { stores, sql, roster, clock } = await open(t)
  await defineAgent(stores, ALICE, clock.now())
  await removeAgent(stores, 'alice', clock.now())
  assert.deepEqual([await agentRows(sql), await roster.list(clock.now())], [[], []])
  await assert.rejects(removeAgent(stores, 'alice', clock.now()), NotFoundError)
})

test('the reasons for breaks are in PostgreSQL, and a Redis that lost its data gets them again', async t => {
  const { stores, sql, roster, client, clock, start } = await open(t)
  const lunch = { reason: 'lunch', limitMs: 1_800_000 }
  await defineBreakReason(stores, { ...lunch, limitMs: null }, clock.now())
  await defineBreakReason(stores, lunch, clock.now())
  await defineBreakReason(stores, { reason: 'golf', limitMs: null }, clock.now())
  await removeBreakReason(stores, 'golf')
  await assert.rejects(removeBreakReason(stores, 'golf'), NotFoundError)
  assert.deepEqual(await breakReasonRows(sql), [lunch])
  await client.flushdb()
  await roster.putBreakReason({ reason: 'of an older time', limitMs: null })
  await start()
  assert.deepEqual(await roster.breakReasons(), [lunch])
})

test('an agent says what came of a call: the record of the call has it, also after its end', async t => {
  const { stores, sql, roster, clock, client } = await open(t)
  const call = '5b0e7f32-6b1c-4d8e-9a51-2f4f6a3f9d10'
  const log = silentLog
  const parts = { ...stores, clock, log, audit: openAudit({ sql, redis: client, log }), scripts: SCRIPTS }
  const ann = { who: 'ann', door: 'command-line', role: 'administrator' } as const
  const says = (disposition: string) =>
    perform(agentDisposition, parts as unknown as PartsFor['stores'], { name: 'alice', disposition }, ann)
  await defineQueue(stores, SALES, clock.now())
  await defineAgent(stores, { ...ALICE, wrapUpEnds: 'disposition' }, clock.now())
  await roster.setStatus('alice', 'ready', clock.now())
  const epoch = (await roster.reserve('alice', call, clock.now(), 1_000))!
  await roster.advance('alice', epoch, 'talking', clock.now())
  await roster.release('alice', epoch, 'talked', clock.now())
  await assert.rejects(says('sale'), /the record of the call .* is not written yet/)
  assert.equal((await roster.get('alice', clock.now()))?.state, 'wrap-up')
  const start = {
    id: call,
    flow: 'welcome',
    direction: 'inbound',
    from: null,
    to: null,
    core: null,
    node: 'a',
  } as const
  await openCall(sql, { ...start, startedAt: clock.now(), crm: { crmuuid: '7' } })
  await closeCall(sql, call, { endedAt: clock.now(), hangupCause: 'NORMAL_CLEARING', outcome: 'talked' })
  assert.equal((await says('sale')).state, 'idle')
  assert.deepEqual((await callWithId(sql, call))?.crm, { crmuuid: '7', disposition: 'sale' })
})

test('the name of a removed queue leads to the other one also after Redis lost its data, until the queue is added again', async t => {
  const { stores, client, sql, queueStore, clock, start } = await open(t)
  const support = { name: 'support', strategy: 'random' }
  await defineQueue(stores, SALES, clock.now())
  await defineQueue(stores, support, clock.now())
  await moveQueue(stores, support, 'sales', clock.now())
  const moved = { ...support, movedTo: 'sales' }
  assert.deepEqual(await queueRows(sql), [SALES, moved].map(asRow))
  const node = await start()
  assert.deepEqual(await queueStore.queues(), [SALES])
  await client.flushdb()
  const found = node.finds()
  await clock.advance(2_100)
  await found
  assert.deepEqual((await queueStore.everyQueue()).toSorted(byName), [SALES, moved])
  await sql`delete from queues where name = 'support'`
  await start()
  assert.deepEqual(await queueRows(sql), [SALES, moved].map(asRow), 'a name that only Redis knew is adopted as it is')
  await defineQueue(stores, support, clock.now())
  await client.flushdb()
  await start()
  assert.deepEqual(
    [await queueRows(sql), (await queueStore.queues()).toSorted(byName)],
    [[SALES, support].map(asRow), [SALES, support]],
  )
})

test('a queue is removed when nobody needs it, and the refusal says who does', async t => {
  const { stores, client, sql, roster, queueStore, clock } = await open(t)
  const parts = {
    ...stores,
    clock,
    log: silentLog,
    wakeup: new DialWakeup({ commands: client, subscriber: client }),
    statuses: new DialStatuses({ commands: client }),
    events: silentEvents,
    scripts: SCRIPTS,
    eventsOut: { source: '/switchhook', allow: [] },
    audit: openAudit({ sql, redis: client, log: silentLog }),
  }
  const actor = { who: 'ann', door: 'command-line', role: 'administrator' } as const
  const remove = (more = {}) => perform(queueRemove, parts, { name: 'sales', ...more }, actor)
  await assert.rejects(remove(), NotFoundError)
  await defineQueue(stores, SALES, clock.now())
  await defineAgent(stores, ALICE, clock.now())
  await assert.rejects(remove(), /the queue 'sales' has agents: alice; give them other queues first/)
  await removeAgent(stores, 'alice', clock.now())
  const { id } = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'sales' }))
  await assert.rejects(remove(), /the queue 'sales' has campaigns: spring; stop them/)
  await moveCampaign(sql, id, ['draft'], 'stopped', clock.now())
  await queueStore.enter('sales', { call: 'c', from: '1', node: 'a', joinedAt: 0, headStartMs: 0 }, clock.now())
  await assert.rejects(remove(), /callers wait or talk in the queue 'sales'/)
  assert.deepEqual(await queueRows(sql), [asRow(SALES)])
  await queueStore.leave('sales', 'c', 'abandoned')
  await queueStore.keepForCallback({ queue: 'sales', call: randomUUID(), number: '+49301234567' }, clock.now())
  await assert.rejects(remove(), /1 callers of the queue 'sales' were promised a callback/)
  await remove({ dropCallbacks: true })
  assert.deepEqual([await queueRows(sql), await queueStore.queues(), await roster.list(clock.now())], [[], [], []])
  await assert.rejects(remove(), NotFoundError)
})

test('an older node changes a queue and an agent, and the settings that only a newer node knows stay, in both stores', async t => {
  const { stores, clock, client, start } = await open(t)
  const { sql, queueStore, roster } = stores
  await defineQueue(stores, SALES, clock.now())
  await defineAgent(stores, ALICE, clock.now())
  // as the newer node writes them
  await queueStore.put({ ...SALES, volume: 7 } as QueueSettings)
  const alice = (await roster.get('alice', clock.now()))!
  await roster.put(ALICE, clock.now(), { greeting: 'warm' })
  await sql`update queues set settings = settings || '{"volume":7}'`
  await sql`update agents set settings = settings || '{"greeting":"warm"}'`
  const unknown = async () => {
    const queue = (await queueStore.queues())[0] as { volume?: number; weight?: number }
    const agent = (await roster.get('alice', clock.now())) as unknown as { greeting?: string; wrapUpMs: number }
    const [queueRow, agentRow] = [(await queueRows(sql))[0]!.settings, (await agentRows(sql))[0]!.settings]
    return {
      redis: [queue.volume, queue.weight, agent.greeting, agent.wrapUpMs],
      postgres: [queueRow['volume'], queueRow['weight'], agentRow['greeting']],
    }
  }
  const read = (await queueStore.queues())[0]!
  await defineQueue(stores, { ...read, weight: 9 }, clock.now())
  await defineAgent(stores, { ...ALICE, wrapUpMs: 1_000 }, clock.now())
  assert.deepEqual(await unknown(), { redis: [7, 9, 'warm', 1_000], postgres: [7, 9, 'warm'] })
  await defineQueue(stores, { ...SALES, weight: 3 }, clock.now()) // without having read it
  await roster.setStatus('alice', 'ready', clock.now())
  assert.deepEqual(await unknown(), { redis: [7, 3, 'warm', 1_000], postgres: [7, 3, 'warm'] })
  const before = (await roster.get('alice', clock.now()))!.rev
  await start()
  assert.equal(
    (await roster.get('alice', clock.now()))!.rev,
    before,
    'what this version does not know is no difference',
  )
  await client.flushdb()
  await start()
  assert.deepEqual(await unknown(), { redis: [7, 3, 'warm', 1_000], postgres: [7, 3, 'warm'] })
  await defineQueue(stores, { name: 'sales', strategy: 'top-down' }, clock.now())
  assert.deepEqual((await unknown()).postgres, [7, undefined, 'warm'], 'a setting that is known is taken away')
  assert.ok(alice.rev < before, 'it was written')
})

test('an older node does not overwrite a queue whose record it cannot read, by a command or when it starts', async t => {
  const { stores, clock, client, start } = await open(t)
  await defineQueue(stores, SALES, clock.now())
  const [key] = await client.keys('*sh:queues')
  const newer = JSON.stringify({ v: 99, name: 'sales', strategies: ['longest-idle-agent'] })
  await client.hset(key!, 'sales', newer)
  await assert.rejects(defineQueue(stores, { ...SALES, weight: 9 }, clock.now()), {
    name: 'InputError',
    message: /queue sales .*newer version/,
  })
  await start()
  assert.equal(await client.hget(key!, 'sales'), newer)
  assert.deepEqual((await queueRows(stores.sql))[0]!.settings, { weight: 5 }, 'nor the row')
})
