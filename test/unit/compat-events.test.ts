/** Programs that know mod_callcenter or nwayacd hear what they know: each of our events, and what follows from it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventData, EventName } from '../../src/events/catalogue.ts'
import { FactsOfCalls } from '../../src/node/compat/call-facts.ts'
import { callcenter } from '../../src/node/compat/callcenter.ts'
import type { Dialect, ForeignEvent } from '../../src/node/compat/foreign-event.ts'
import { nwayacd } from '../../src/node/compat/nwayacd.ts'

const T = 1_772_442_000_000
const CALL = '0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90'
const LEG = '1d1f0a52-7f31-4c3e-9a55-0a4b8e1f2d91'
const BOBS = '2e2f0a52-7f31-4c3e-9a55-0a4b8e1f2d92'

type Told = { [N in EventName]: readonly [second: number, name: N, data: Omit<EventData<N>, 'uuid'>] }[EventName]

/** A caller waits, bob does not answer, alice talks with the caller and hangs up. */
const SERVED: readonly Told[] = [
  [0, 'call.initiated', { flow: 'queue-entry', from: '+4930123', to: '2000', direction: 'in' }],
  [1, 'queue.call.entered', { queue: 'support' }],
  [5, 'queue.call.offered', { queue: 'support', agent: 'bob' }],
  [6, 'call.party.dialled', { leg: BOBS, to: 'user/1002', agent: 'bob' }],
  [26, 'call.party.missed', { leg: BOBS, why: 'no-answer', cause: 'NO_ANSWER', agent: 'bob' }],
  [27, 'queue.call.offered', { queue: 'support', agent: 'alice' }],
  [28, 'call.party.dialled', { leg: LEG, to: 'user/1001', agent: 'alice' }],
  [31, 'call.party.answered', { leg: LEG, agent: 'alice' }],
  [32, 'call.bridged', { leg: LEG, agent: 'alice' }],
  [32, 'queue.call.answered', { queue: 'support', agent: 'alice', waitedMs: 31_000 }],
  [92, 'call.unbridged', { leg: LEG, agent: 'alice' }],
  [
    93,
    'call.completed',
    {
      ...{ flow: 'queue-entry', outcome: 'talked', cause: 'NORMAL_CLEARING', hungUpBy: 'agent', ms: 93_000 },
      ...{ agent: 'alice', queue: 'support' },
    },
  ],
]

function spoken(dialect: Dialect, told: readonly Told[]): ForeignEvent[] {
  const facts = new FactsOfCalls()
  return told.flatMap(([second, name, data]) => {
    const at = T + second * 1_000
    const whole = { uuid: CALL, ...data } as EventData<EventName>
    const call = facts.learn(name, whole, at)
    return call ? dialect.ofCall(name, whole, call, at) : []
  })
}

const actions = (events: readonly ForeignEvent[], fields: readonly string[]) =>
  events.map(({ headers }) => fields.map(name => headers[name] ?? '–').join(' '))

const s = (second: number) => String(T / 1_000 + second)

test('a program of mod_callcenter hears a caller who is served: the actions and their fields', () => {
  const events = spoken(callcenter, SERVED)
  assert.ok(events.every(({ subclass }) => subclass === 'callcenter::info'))
  assert.deepEqual(actions(events, ['CC-Action', 'CC-Queue', 'CC-Agent']), [
    'member-queue-start support –',
    'agent-offering support bob',
    'bridge-agent-fail support bob',
    'agent-offering support alice',
    'bridge-agent-start support alice',
    'bridge-agent-end support alice',
    'member-queue-end support alice',
  ])
  const MEMBER = {
    'CC-Member-UUID': CALL,
    'CC-Member-Session-UUID': CALL,
    'CC-Member-CID-Name': '+4930123',
    'CC-Member-CID-Number': '+4930123',
  }
  const ALICE = {
    'CC-Queue': 'support',
    'CC-Agent': 'alice',
    'CC-Agent-System': 'single_box',
    'CC-Agent-UUID': LEG,
    'CC-Agent-Called-Time': s(28),
    'CC-Agent-Answered-Time': s(32),
    'CC-Member-Joined-Time': s(1),
    ...MEMBER,
  }
  assert.deepEqual(events[0]!.headers, { 'CC-Action': 'member-queue-start', 'CC-Queue': 'support', ...MEMBER })
  assert.deepEqual(events[2]!.headers, {
    'CC-Action': 'bridge-agent-fail',
    'CC-Queue': 'support',
    'CC-Hangup-Cause': 'NO_ANSWER',
    'CC-Agent': 'bob',
    'CC-Agent-System': 'single_box',
    'CC-Agent-UUID': BOBS,
    'CC-Agent-Called-Time': s(6),
    'CC-Agent-Answered-Time': '',
    'CC-Agent-Aborted-Time': s(26),
    ...MEMBER,
  })
  assert.deepEqual(events[4]!.headers, { 'CC-Action': 'bridge-agent-start', ...ALICE })
  const ended = { ...ALICE, 'CC-Hangup-Cause': 'NORMAL_CLEARING' }
  assert.deepEqual(events[5]!.headers, {
    'CC-Action': 'bridge-agent-end',
    ...ended,
    'CC-Bridge-Terminated-Time': s(92),
  })
  assert.deepEqual(events[6]!.headers, {
    'CC-Action': 'member-queue-end',
    'CC-Cause': 'Terminated',
    ...ended,
    'CC-Member-Leaving-Time': s(92),
  })
})

const ENTERED = SERVED.slice(0, 2)
for (const [who, told, reason, queue] of [
  ['hangs up', [[9, 'queue.call.abandoned', { queue: 'support', waitedMs: 8_000 }]], 'BREAK_OUT', 'support'],
  ['is called back', [[9, 'queue.call.callback_requested', { queue: 'support' }]], 'EXIT_WITH_KEY', 'support'],
  ['is led elsewhere by the flow', [[9, 'queue.call.left', { queue: 'support' }]], 'BREAK_OUT', 'support'],
  ['is moved', [[9, 'queue.call.entered', { queue: 'sales', movedFrom: 'support' }]], 'BREAK_OUT', 'support'],
] as const) {
  test(`a program of mod_callcenter hears that a caller who ${who} has left the queue, and why`, () => {
    const events = spoken(callcenter, [...ENTERED, ...(told as unknown as Told[])])
    const { headers } = events[1]!
    assert.deepEqual(
      ['CC-Action', 'CC-Queue', 'CC-Cause', 'CC-Cancel-Reason', 'CC-Member-Joined-Time', 'CC-Member-Leaving-Time'].map(
        name => headers[name],
      ),
      ['member-queue-end', queue, 'Cancel', reason, s(1), s(9)],
    )
    assert.equal(events.length, who === 'is moved' ? 3 : 2)
  })
}

test('a program of nwayacd hears the same call by its groups and extensions', () => {
  const fields = ['action', 'caller', 'group', 'agent', 'extension', 'transfer_times']
  assert.deepEqual(
    spoken(nwayacd, SERVED).map(
      ({ subclass, headers }) => `${subclass} ${fields.map(name => headers[name] ?? '–').join(' ')}`,
    ),
    [
      'nwayacd::queue add +4930123 support – 2000 –',
      'nwayacd::info callout +4930123 support bob – 0',
      'nwayacd::info noanswer +4930123 support bob – 0',
      'nwayacd::info callout +4930123 support alice – 0',
      'nwayacd::queue remove +4930123 support – 2000 –',
      'nwayacd::info answered +4930123 support alice – 0',
      'nwayacd::info hangup +4930123 support alice – 0',
      'nwayacd::info callin_hangup +4930123 support alice – 0',
    ],
  )
  const transferred = spoken(nwayacd, [...ENTERED, [8, 'call.transferred', { to: '2001' }]])
  assert.deepEqual(actions(transferred, ['action', 'transfer_times']), ['add –', 'transfered 1'])
})

test('what is told of a call that no queue had, or that this node does not know, is not sent', () => {
  const direct: Told[] = [
    [0, 'call.initiated', { flow: 'click-to-dial', from: '1001', to: '+4940', direction: 'out' }],
    [1, 'call.party.dialled', { leg: LEG, to: 'user/1001', agent: 'alice' }],
    [2, 'call.bridged', { leg: LEG, agent: 'alice' }],
    [9, 'call.unbridged', { leg: LEG, agent: 'alice' }],
  ]
  for (const dialect of [callcenter, nwayacd]) {
    assert.deepEqual(spoken(dialect, direct), [])
    assert.deepEqual(spoken(dialect, SERVED.slice(1)), [], 'another node has told its beginning')
  }
})

test('the status and the state of an agent have the words of each system, and what is the same there is not told', () => {
  const change = (before: [string, string], after: [string, string]) =>
    ({
      ...{ agent: 'alice', extension: '1001' },
      before: { status: before[0], state: before[1] },
      after: { status: after[0], state: after[1] },
    }) as Parameters<Dialect['ofAgent']>[0]
  const cases = [
    [['logged-out', 'idle'], ['ready', 'idle'], ['agent-status-change Available'], ['login', 'ready']],
    [['ready', 'idle'], ['on-demand', 'idle'], ['agent-status-change Available (On Demand)'], []],
    [['ready', 'idle'], ['break', 'idle'], ['agent-status-change On Break'], ['busy']],
    [['break', 'idle'], ['logged-out', 'idle'], ['agent-status-change Logged Out'], ['logout']],
    [['ready', 'idle'], ['ready', 'reserved'], ['agent-state-change Receiving'], []],
    [['ready', 'reserved'], ['ready', 'ringing'], [], []],
    [['ready', 'ringing'], ['ready', 'talking'], ['agent-state-change In a queue call'], []],
    [['ready', 'talking'], ['ready', 'wrap-up'], ['agent-state-change Idle'], []],
    [['ready', 'wrap-up'], ['ready', 'idle'], ['agent-state-change Waiting'], []],
  ] as const
  for (const [before, after, cc, nway] of cases) {
    const one = change([...before], [...after])
    assert.deepEqual(
      callcenter.ofAgent(one).map(({ headers }) => {
        assert.equal(headers['CC-Agent'], 'alice')
        return `${headers['CC-Action']} ${headers['CC-Agent-Status'] ?? headers['CC-Agent-State']}`
      }),
      cc,
      `${before.join(' ')} → ${after.join(' ')}`,
    )
    assert.deepEqual(
      nwayacd.ofAgent(one).map(({ subclass, headers }) => {
        assert.deepEqual([subclass, headers['extension']], ['nwayacd::agent', '1001'])
        return headers['action']
      }),
      nway,
      `${before.join(' ')} → ${after.join(' ')}`,
    )
  }
})
