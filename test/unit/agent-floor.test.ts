/** Breaks and their limits, the end of a wrap-up, unanswered calls, and the queues of a login. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  advanced,
  asOf,
  configured,
  loggedIn,
  newAgent,
  nextChange,
  released,
  reserved,
  settled,
  tiersOf,
  whyNotNow,
  withStatus,
  type Agent,
  type AgentSettings,
  type AgentState,
  type AgentStatus,
} from '../../src/agent/agent.ts'
import { limitOf } from '../../src/agent/break-reasons.ts'
import { OUTCOMES, type Outcome } from '../../src/agent/rest.ts'
import { occupied, vacated } from '../../src/agent/telephone-legs.ts'
import { callWithoutDisposition, disposed, wrapUpExtended, wrapUpFinished } from '../../src/agent/wrap-up.ts'
import { InputError } from '../../src/base/errors.ts'

const NOW = 1_000_000
const MINUTE = 60_000
const SALES = { queue: 'sales', level: 1, position: 1 }
const SUPPORT = { queue: 'support', level: 2, position: 5 }
const SETTINGS = { name: 'alice', endpoint: 'user/1001', wrapUpMs: 30_000, ringForMs: 20_000, queues: [SALES, SUPPORT] }

const ready = (settings: Partial<AgentSettings> = {}): Agent =>
  withStatus(newAgent({ ...SETTINGS, ...settings }, NOW), 'ready', null, NOW)
const onBreak = (limitMs?: number): Agent => withStatus(ready(), 'break', 'lunch', NOW, limitMs)

/** One offered call with this outcome; 'talked': the agent talked. */
function called(agent: Agent, outcome: Outcome, now: number): Agent {
  const taken = reserved(agent, { for: 'call-1', queue: 'sales', ttlMs: 10_000 }, now)!
  assert.ok(taken, `the agent is offered a call, ${whyNotNow(agent, now)}`)
  const { epoch } = taken.reservation!
  const rung = advanced(taken, epoch, outcome === 'talked' ? 'talking' : 'ringing', now)!
  return released(rung, epoch, outcome, now)!
}

test('a break that is longer than its limit is overdue, once, and still a break', () => {
  const lunch = onBreak(30 * MINUTE)
  assert.equal(nextChange(lunch, NOW), NOW + 30 * MINUTE)
  assert.equal(asOf(lunch, NOW + 30 * MINUTE - 1), lunch)
  const late = asOf(lunch, NOW + 30 * MINUTE)
  assert.deepEqual([late.status, late.overdue, whyNotNow(late, NOW + 31 * MINUTE)], ['break', true, 'break'])
  const written = settled(lunch, NOW + 31 * MINUTE)!
  assert.equal(settled(written, NOW + 32 * MINUTE), null)
  assert.equal(nextChange(written, NOW + 32 * MINUTE), null)
})

test('a break that ends is not overdue any more, and a break without a limit never is', () => {
  const back = withStatus(asOf(onBreak(MINUTE), NOW + MINUTE), 'ready', null, NOW + MINUTE)
  assert.deepEqual([back.overdue, back.breakUntil, whyNotNow(back, NOW + MINUTE)], [undefined, undefined, null])
  const endless = onBreak()
  assert.equal(asOf(endless, NOW + 86_400_000), endless)
})

test('a break that began during a talk is overdue by its own time, and the talk goes on', () => {
  const taken = reserved(ready(), { for: 'call-1', queue: 'sales', ttlMs: 10_000 }, NOW)!
  const talks = advanced(taken, taken.reservation!.epoch, 'talking', NOW)!
  const late = asOf(withStatus(talks, 'break', 'lunch', NOW, MINUTE), NOW + MINUTE)
  assert.deepEqual([late.state, late.overdue], ['talking', true])
})

test('a reason for a break must be in the catalogue, unless that is empty', () => {
  const catalogue = [
    { reason: 'lunch', limitMs: 30 * MINUTE },
    { reason: 'training', limitMs: null },
  ]
  assert.equal(limitOf(catalogue, 'lunch'), 30 * MINUTE)
  assert.equal(limitOf(catalogue, 'training'), undefined)
  assert.equal(limitOf([], 'anything'), undefined)
  assert.throws(
    () => limitOf(catalogue, 'golf'),
    new InputError("'golf' is no reason for a break; allowed: lunch, training"),
  )
  assert.throws(() => limitOf(catalogue, null), InputError)
})

/** After each outcome: the rest in seconds, by default and with settings of 1, 2 and 3 s. */
const RESTS: Readonly<Record<Outcome, readonly [number, number]>> = {
  'no-answer': [10, 1],
  busy: [60, 2],
  declined: [10, 3],
  failed: [5, 5],
  unreachable: [5, 5],
  'caller-left': [0, 0],
  talked: [0, 0],
}
const SHORT = { restAfterNoAnswerMs: 1_000, restAfterBusyMs: 2_000, restAfterDeclinedMs: 3_000 }

for (const outcome of OUTCOMES)
  test(`after the outcome ${outcome} the agent rests as long as the settings say`, () => {
    const [standard, short] = RESTS[outcome]
    for (const [settings, seconds] of [
      [{ wrapUpMs: 0 }, standard],
      [{ wrapUpMs: 0, ...SHORT }, short],
    ] as const) {
      const agent = called(ready(settings), outcome, NOW)
      if (seconds > 0) assert.ok(whyNotNow(agent, NOW + seconds * 1_000 - 1), `${seconds} s`)
      assert.equal(whyNotNow(agent, NOW + seconds * 1_000), null)
    }
  })

test('an agent who answers three calls in a row not is on a break, and comes back with none of them counted', () => {
  let agent = called(called(ready(), 'no-answer', NOW), 'no-answer', NOW + MINUTE)
  assert.equal(agent.status, 'ready')
  agent = called(agent, 'no-answer', NOW + 2 * MINUTE)
  assert.deepEqual([agent.status, agent.reason, agent.noAnswers], ['break', 'no answer', 3])
  const back = withStatus(agent, 'ready', null, NOW + 3 * MINUTE)
  assert.deepEqual([back.status, back.noAnswers, whyNotNow(back, NOW + 3 * MINUTE)], ['ready', 0, null])
})

/** The settings, and the status after so many unanswered calls. */
const UNANSWERED: readonly (readonly [Partial<AgentSettings>, number, AgentStatus])[] = [
  [{}, 2, 'ready'],
  [{}, 3, 'break'],
  [{ maxNoAnswers: 1 }, 1, 'break'],
  [{ maxNoAnswers: 1, afterMaxNoAnswers: 'logged-out' }, 1, 'logged-out'],
  [{ maxNoAnswers: 0 }, 20, 'ready'],
]
for (const [settings, times, status] of UNANSWERED)
  test(`after ${times} unanswered calls, with ${JSON.stringify(settings)}, the agent is ${status}`, () => {
    let agent = ready(settings)
    for (let i = 0; i < times; i++) agent = called(agent, 'no-answer', NOW + i * MINUTE)
    assert.equal(agent.status, status)
  })

test('an agent who goes on a break while the telephone rings keeps that break, with its reason', () => {
  const taken = reserved(ready({ maxNoAnswers: 1 }), { for: 'call-1', queue: 'sales', ttlMs: 10_000 }, NOW)!
  const { epoch } = taken.reservation!
  const leaving = withStatus(advanced(taken, epoch, 'ringing', NOW)!, 'break', 'lunch', NOW)
  const after = released(leaving, epoch, 'no-answer', NOW)!
  assert.deepEqual([after.status, after.reason], ['break', 'lunch'])
})

/** How each setting of the wrap-up ends: by time, by the agent, by a disposition. */
const WRAP_UPS: readonly (readonly [Partial<AgentSettings>, AgentStatus, Readonly<Record<string, AgentState>>])[] = [
  [{}, 'ready', { time: 'idle', agent: 'idle', disposition: 'wrap-up', anyway: 'idle' }],
  [{ wrapUpEnds: 'agent' }, 'ready', { time: 'wrap-up', agent: 'idle', disposition: 'wrap-up', anyway: 'idle' }],
  [{ wrapUpEnds: 'disposition' }, 'ready', { time: 'wrap-up', agent: 'wrap-up', disposition: 'idle', anyway: 'idle' }],
  [{}, 'on-demand', { time: 'wrap-up', agent: 'idle', disposition: 'wrap-up', anyway: 'idle' }],
  [
    { wrapUpMs: 0, wrapUpEnds: 'agent' },
    'ready',
    { time: 'wrap-up', agent: 'idle', disposition: 'wrap-up', anyway: 'idle' },
  ],
]
for (const [settings, status, ends] of WRAP_UPS)
  test(`the wrap-up of an agent who is ${status} with ${JSON.stringify(settings)}: ${JSON.stringify(ends)}`, () => {
    const wrapping = called(withStatus(ready(settings), status, null, NOW), 'talked', NOW)
    assert.equal(wrapping.state, 'wrap-up')
    const how: Readonly<Record<string, Agent>> = {
      time: asOf(wrapping, NOW + 10 * MINUTE),
      agent: wrapUpFinished(wrapping, NOW + 1) ?? wrapping,
      disposition: disposed(wrapping, 'sale', NOW + 1)!,
      anyway: wrapUpFinished(wrapping, NOW + 1, true)!,
    }
    assert.deepEqual(Object.fromEntries(Object.entries(how).map(([by, { state }]) => [by, state])), ends)
  })

test('a disposition is that of the last call, may be corrected, and needs a call', () => {
  assert.equal(disposed(ready(), 'sale', NOW), null)
  const wrapping = called(ready({ wrapUpEnds: 'disposition' }), 'talked', NOW)
  assert.equal(callWithoutDisposition(wrapping), 'call-1')
  const done = disposed(wrapping, 'sale', NOW)!
  assert.deepEqual(done.lastTalk, { call: 'call-1', queue: 'sales', disposition: 'sale' })
  assert.equal(disposed(done, 'no-sale', NOW)!.lastTalk?.disposition, 'no-sale')
})

test('a wrap-up that waits for a disposition is not made longer: it has no end', () => {
  const wrapping = called(ready({ wrapUpEnds: 'disposition' }), 'talked', NOW)
  assert.equal(wrapUpExtended(wrapping, MINUTE, NOW)!.wrapUpUntil, 'finished')
})

test('a wrap-up ends also by a feature code: the agent is on the telephone for it, and free after it', () => {
  const wrapping = called(withStatus(ready(), 'on-demand', null, NOW), 'talked', NOW)
  const calling = occupied(wrapping, 'code', NOW + 1_000)!
  assert.equal(vacated(calling, 'code', NOW + 5_000)!.state, 'wrap-up')
  const over = wrapUpFinished(calling, NOW + 3_000)!
  assert.equal(over.state, 'busy-elsewhere')
  assert.equal(vacated(over, 'code', NOW + 5_000)!.state, 'idle')
  const disposing = occupied(called(ready({ wrapUpEnds: 'disposition' }), 'talked', NOW), 'code', NOW)!
  assert.equal(wrapUpFinished(disposing, NOW), null)
  assert.equal(vacated(disposed(disposing, 'sale', NOW)!, 'code', NOW)!.state, 'idle')
})

test('an agent who logs in to one queue serves that one, and the place in the other one is kept', () => {
  const some = loggedIn(ready(), ['support'], NOW)
  assert.deepEqual([some.status, some.queues, some.away], ['ready', [SUPPORT], [SALES]])
  assert.deepEqual(tiersOf(some).length, 2)
  const out = withStatus(some, 'logged-out', null, NOW)
  assert.deepEqual(withStatus(out, 'ready', null, NOW).queues, [SUPPORT])
  const all = loggedIn(out, null, NOW)
  assert.deepEqual([all.queues, all.away], [[SUPPORT, SALES], undefined])
})

test('a supervisor who changes the queues of an agent does not log the agent in to more', () => {
  const some = loggedIn(ready(), ['support'], NOW)
  const billing = { queue: 'billing', level: 1, position: 1 }
  const changed = configured(some, { ...SETTINGS, queues: [{ ...SALES, level: 3 }, billing] }, NOW)
  assert.deepEqual([changed.queues, changed.away], [[billing], [{ ...SALES, level: 3 }]])
})
