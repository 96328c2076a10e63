/** The figures of queues and agents as people ask for them: by their definitions, with – for what is empty. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { FieldFaults } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import figuresAgent from '../../src/operations/figures/agent.ts'
import figuresQueue from '../../src/operations/figures/queue.ts'
import type { Actor } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { openAudit } from '../../src/operations/audit.ts'
import { saveAgentStates, type AgentStateRow } from '../../src/store/agent-states.ts'
import type { CallSegment } from '../../src/store/call-segments.ts'
import { saveCalls } from '../../src/store/calls.ts'
import { saveQueue } from '../../src/store/definitions.ts'
import { openDatabase } from '../open-services.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
/** 10:00 on a Monday, where this machine is. */
const NOW = new Date(2026, 2, 2, 10).getTime()
const MIDNIGHT = new Date(2026, 2, 2).getTime()
const ann: Actor = { who: 'ann', door: 'command-line', role: 'reader' }

/** `ago` and `lasts` in seconds before 10:00; a segment without `lasts` goes on. */
const segment = (
  kind: CallSegment['kind'],
  how: string | null,
  { ago, lasts, ...more }: Partial<CallSegment> & { ago: number; lasts?: number },
): CallSegment => {
  const since = NOW - ago * SECOND
  const until = lasts === undefined ? null : since + lasts * SECOND
  const joined = kind === 'wait' ? since : null
  return { ...{ kind, how, queue: 'sales', agent: null, customer: null, leg: null, joined, since, until }, ...more }
}

const state = (ago: number, word: string, more: Partial<AgentStateRow> = {}): AgentStateRow => ({
  ...{ agent: 'alice', at: NOW - ago * SECOND, rev: NOW - ago * SECOND, status: 'ready', reason: null, state: word },
  ...{ restsUntil: null, breakUntil: null, call: null, queue: null, ...more },
})

async function desk(t: TestContext) {
  const { sql } = await openDatabase(t)
  const clock = { now: () => NOW, monotonic: () => 0 } as never
  const audit = openAudit({ sql, redis: null, log: silentLog })
  const parts = { sql, clock, log: silentLog, audit, eventsOut: { source: '/switchhook', allow: [] } }
  const call = (...segments: CallSegment[]) =>
    saveCalls(sql, [
      {
        ...{ id: randomUUID(), flow: 'welcome', direction: 'inbound', from: null, to: null, core: null, node: 'a' },
        ...{ startedAt: NOW, otherLeg: null, queue: null, gateway: null, waitMs: null, ringMs: null, talkMs: null },
        ...{ holdMs: null, recording: null, queueTimeline: [], end: null, segments },
      },
    ])
  /** A call in which this number waited. */
  const calls = (customer: string | null, wait: CallSegment) => call({ ...wait, customer })
  return {
    ...{ sql, call, calls },
    queue: (given: object) => perform(figuresQueue, parts, given, ann),
    agent: (given: object) => perform(figuresAgent, parts, given, ann),
  }
}

test('a queue in which nobody was answered and nobody gave up has no rate: neither 0 nor 100 %', async t => {
  const { call, queue } = await desk(t)
  assert.deepEqual(await queue({}), [])
  await call(segment('wait', 'callback', { ago: 60, lasts: 30 }))
  await call(segment('wait', null, { ago: 60 }))
  const [sales] = await queue({ window: '15m' })
  assert.deepEqual(
    [
      sales!.callbacks,
      sales!.offered,
      sales!.serviceLevel,
      sales!.abandonRate,
      sales!.averageWaitMs,
      sales!.handlingMs,
    ],
    [1, 0, null, null, null, null],
  )
})

test('service level, abandonment and waits follow what the queue has set, and a short abandonment is in no rate', async t => {
  const { sql, call, queue } = await desk(t)
  const settings = { serviceLevelWithinMs: 30_000, shortAbandonMs: 10_000, serviceLevelGoal: 90 }
  await saveQueue(sql, { name: 'sales', strategy: 'top-down', settings }, NOW, [])
  for (const waited of [10, 30, 31, 100]) await call(segment('wait', 'answered', { ago: 300, lasts: waited }))
  for (const waited of [10, 11]) await call(segment('wait', 'abandoned', { ago: 300, lasts: waited }))
  await call(segment('wait', 'overflow', { ago: 300, lasts: 60 }))
  await call(segment('wait', 'lost', { ago: 300, lasts: 60 }))
  await call(segment('wait', 'answered', { ago: 3_600, lasts: 5 })) // before the window
  const [sales] = await queue({ window: '30m', queue: 'sales' })
  const { answered, abandoned, shortAbandons, leftOtherwise, lost, offered, serviceLevel, abandonRate } = sales!
  assert.deepEqual([answered, abandoned, shortAbandons, leftOtherwise, lost, offered], [4, 1, 1, 1, 1, 6])
  assert.deepEqual([serviceLevel, abandonRate], [2 / 5, 1 / 5])
  assert.deepEqual([sales!.serviceLevelWithinMs, sales!.serviceLevelGoal], [30_000, 0.9])
  assert.deepEqual(
    [sales!.averageWaitMs, sales!.waitP50Ms, sales!.waitP90Ms, sales!.longestAbandonMs],
    [42_750, 30_000, 100_000, 11_000],
  )
  assert.deepEqual(
    sales!.waits.map(({ seconds, answered: many }) => [seconds, many]).filter(([, many]) => many),
    [
      [10, 1],
      [30, 1],
      [60, 1],
      [120, 1],
    ],
  )
})

test('a caller who was moved counts in the other queue alone, with the whole wait', async t => {
  const { call, queue } = await desk(t)
  await call(
    segment('wait', 'moved', { ago: 100, lasts: 40, queue: 'old' }),
    segment('wait', 'answered', { ago: 60, lasts: 10, joined: NOW - 100 * SECOND }),
  )
  const rows = await queue({})
  assert.deepEqual(
    rows.map(one => [one.queue, one.offered, one.averageWaitMs, one.serviceLevel]),
    [
      ['old', 0, null, null],
      ['sales', 1, 50_000, 0],
    ],
  )
})

test('a talk over a border of 15 minutes is divided, its call is handled where it ended, and one that goes on lasts until now', async t => {
  const { sql, call, queue, agent } = await desk(t)
  await saveAgentStates(sql, [
    state(3_600, 'idle'),
    state(1_200, 'talking', { queue: 'sales' }),
    state(600, 'wrap-up', { queue: 'sales' }),
    state(540, 'idle', { restsUntil: NOW - 500 * SECOND }),
    state(300, 'talking', { queue: 'sales' }),
  ])
  await call(
    segment('talk', 'held', { ago: 1_200, lasts: 400, agent: 'alice' }),
    segment('hold', 'ended', { ago: 800, lasts: 200, agent: 'alice' }),
  )
  await call(segment('talk', null, { ago: 300, agent: 'alice' }))
  const parts = await queue({ window: '30m', by: '15m' })
  assert.deepEqual(
    parts.map(one => [one.from.getTime() - NOW, one.handled, one.talkMs, one.holdMs, one.wrapUpMs].map(Number)),
    [
      [-30 * MINUTE, 0, 300_000, 0, 0],
      [-15 * MINUTE, 1, 100_000 + 300_000, 200_000, 60_000],
    ],
  )
  const [alice] = await agent({ window: '30m' })
  const { readyMs, restingMs, talkingMs, wrapUpMs, talkMs, holdMs, handled } = alice!
  assert.deepEqual(
    { readyMs, restingMs, talkingMs, wrapUpMs, talkMs, holdMs, handled },
    {
      readyMs: 800_000,
      restingMs: 40_000,
      talkingMs: 900_000,
      wrapUpMs: 60_000,
      talkMs: 700_000,
      holdMs: 200_000,
      handled: 1,
    },
  )
  assert.equal(alice!.occupancy, (900 + 60) / (900 + 60 + 800))
})

test('a talk that ended with an attended transfer is handled, and the consultation counts as hold', async t => {
  const { call, queue, agent } = await desk(t)
  await call(
    segment('talk', 'consulting', { ago: 300, lasts: 60, agent: 'alice' }),
    segment('consult', 'ended', { ago: 240, lasts: 30, agent: 'alice' }),
    segment('talk', 'ended', { ago: 210, lasts: 90, agent: 'bob', queue: null }),
  )
  const [sales] = await queue({ window: '15m' })
  assert.deepEqual(
    [sales!.handled, sales!.talkMs, sales!.consultMs, sales!.averageHoldMs, sales!.handlingMs],
    [1, 60_000, 30_000, 30_000, 90_000],
  )
  assert.deepEqual(
    (await agent({ window: '15m' })).map(one => [one.agent, one.handled, one.handlingMs]),
    [
      ['alice', 1, 90_000],
      ['bob', 1, 90_000],
    ],
  )
})

test('callers who are not let in are counted by the reason, and are in no rate', async t => {
  const { call, queue } = await desk(t)
  for (const why of ['full', 'full', 'closed']) await call(segment('refused', why, { ago: 60, lasts: 0 }))
  await call(segment('refused', 'full', { ago: 3_600, lasts: 0 }))
  const [sales] = await queue({ window: '15m' })
  assert.deepEqual([sales!.refused, sales!.refusedBy], [3, { full: 2, closed: 1 }])
  assert.deepEqual([sales!.offered, sales!.abandonRate], [0, null])
})

test('transfers count for the agent who made them and for the queue of the talk, in the window of the transfer', async t => {
  const { sql, call, queue, agent } = await desk(t)
  await saveAgentStates(sql, [state(3_600, 'idle')])
  await call(
    segment('talk', 'ended', { ago: 1_000, lasts: 800, agent: 'alice' }),
    segment('transfer', 'blind', { ago: 200, lasts: 0, agent: 'alice' }),
    segment('wait', 'answered', { ago: 190, lasts: 20, queue: 'support' }),
  )
  await call(
    segment('talk', 'consulting', { ago: 300, lasts: 100, agent: 'alice', queue: null }),
    segment('consult', 'ended', { ago: 200, lasts: 50, agent: 'alice', queue: null }),
    segment('transfer', 'attended', { ago: 150, lasts: 0, agent: 'alice', queue: null }),
  )
  const rows = await queue({ window: '15m' })
  assert.deepEqual(
    rows.map(one => [one.queue, one.transfers, one.transfersBlind, one.transfersAttended, one.requeues, one.handled]),
    [
      ['sales', 1, 1, 0, 0, 1],
      ['support', 0, 0, 0, 1, 0],
    ],
    'support has a caller who had talked before',
  )
  const [alice] = await agent({ window: '15m' })
  const { transfers, transfersBlind, transfersAttended, handled } = alice!
  assert.deepEqual([transfers, transfersBlind, transfersAttended, handled], [2, 1, 1, 2])
})

test('a caller who calls the same queue again within its time is a repeat; the first answer was not the last contact', async t => {
  const { sql, calls, queue } = await desk(t)
  await saveQueue(sql, { name: 'sales', strategy: 'top-down', settings: { repeatWithinMs: 3_600_000 } }, NOW, [])
  const answered = { lasts: 10 } as const
  await calls('+491', segment('wait', 'answered', { ago: 3_000, ...answered }))
  await calls('+491', segment('wait', 'abandoned', { ago: 600, lasts: 60 }))
  await calls('+492', segment('wait', 'answered', { ago: 5_000, ...answered }))
  await calls('+492', segment('wait', 'answered', { ago: 300, ...answered })) // after more than an hour
  await calls('+493', segment('wait', 'answered', { ago: 900, queue: 'support', ...answered }))
  await calls('+493', segment('wait', 'answered', { ago: 300, ...answered })) // was in another queue
  await calls('+494', segment('wait', 'abandoned', { ago: 900, lasts: 60 }))
  await calls('+494', segment('wait', 'answered', { ago: 300, ...answered })) // nobody had answered before
  await calls(null, segment('wait', 'answered', { ago: 900, ...answered }))
  await calls(null, segment('wait', 'answered', { ago: 300, ...answered })) // withheld numbers
  const rows = await queue({})
  const sales = rows.find(one => one.queue === 'sales')!
  assert.deepEqual([sales.offered, sales.answered, sales.repeats, sales.calledAgain], [9, 7, 1, 1])
  assert.deepEqual([sales.repeatRate, sales.firstContactRate], [1 / 9, 6 / 7])
  const [recent] = await queue({ window: '15m', queue: 'sales' })
  assert.deepEqual([recent!.repeats, recent!.calledAgain], [1, 0])
})

test('the part of a break after its limit counts against the agent, by reason', async t => {
  const { sql, agent } = await desk(t)
  const lunch = { status: 'break', reason: 'lunch', breakUntil: NOW - 600 * SECOND }
  await saveAgentStates(sql, [
    state(3_600, 'idle'),
    state(1_200, 'wrap-up', lunch),
    state(1_000, 'idle', lunch),
    state(400, 'idle'),
    state(200, 'idle', { status: 'break', reason: 'meeting' }),
  ])
  const [alice] = await agent({ window: '30m' })
  const { breakMs, breakOverMs, breaksOver, breakAdherence } = alice!
  assert.deepEqual([breakMs, breakOverMs, breaksOver], [800_000, 200_000, { lunch: 200_000 }])
  assert.equal(breakAdherence, 600 / 800)
  const parts = await agent({ window: '30m', by: '15m' })
  assert.deepEqual(
    parts.map(one => one.breakOverMs),
    [0, 200_000],
  )
})

test('an agent who missed, refused and answered calls, was on a break and logged out: each is told apart', async t => {
  const { sql, call, agent } = await desk(t)
  await saveAgentStates(sql, [
    state(36_000, 'idle', { status: 'logged-out' }),
    state(800, 'idle'),
    state(600, 'idle', { status: 'break', reason: 'lunch' }),
    state(200, 'idle', { status: 'break', reason: null }),
    state(100, 'idle', { status: 'logged-out' }),
  ])
  for (const how of ['no-answer', 'busy', 'declined', 'caller-left', 'answered'])
    await call(segment('ring', how, { ago: 700, lasts: 10, agent: 'alice' }))
  await call(segment('ring', 'answered', { ago: 700, lasts: 10, agent: 'alice', queue: null })) // click-to-dial
  const [alice] = await agent({ agent: 'alice', window: '15m' })
  const { offered, answered, missed, refused, callerLeft, breakMs, outMs, readyMs, breaks, utilisation } = alice!
  assert.deepEqual([offered, answered, missed, refused, callerLeft], [5, 1, 2, 1, 1])
  assert.deepEqual([readyMs, breakMs, outMs], [200_000, 500_000, 200_000])
  assert.deepEqual(breaks, { lunch: 400_000, '': 100_000 })
  assert.equal(utilisation, 200 / 700)
  assert.equal(alice!.occupancy, 0, 'ready, and no call')
  assert.deepEqual(await agent({ agent: 'bob' }), [])
})

test('today begins at midnight, a day ends at the next one, and a window that is none is refused with those that are', async t => {
  const { call, queue } = await desk(t)
  await call(segment('wait', 'answered', { ago: (NOW - MIDNIGHT) / SECOND + 10, lasts: 9 }))
  await call(segment('wait', 'answered', { ago: (NOW - MIDNIGHT) / SECOND + 10, lasts: 10 }))
  assert.deepEqual(
    (await queue({})).map(one => [one.answered, one.from.getTime(), one.to.getTime()]),
    [[1, MIDNIGHT, NOW]],
  )
  assert.deepEqual(
    (await queue({ window: '2026-03-01' })).map(one => [one.answered, one.to.getTime()]),
    [[1, MIDNIGHT]],
  )
  await assert.rejects(queue({ window: 'yesterday' }), (error: Error) => {
    assert.ok(error instanceof FieldFaults, 'it is a fault of the input')
    return /15m, 30m .*today.*2026-03-02/.test(error.message)
  })
})
