/**
 * An agent whose telephone is unreachable: it is tried twice, reported once, and offered calls again when it registers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  advanced,
  newAgent,
  released,
  reserved,
  whyNotNow,
  withStatus,
  type Agent,
  type Outcome,
} from '../../src/agent/agent.ts'
import { registeredAt } from '../../src/agent/telephone-legs.ts'
import { restMs } from '../../src/agent/rest.ts'
import { UNREACHABLE_MS, warnOnceUnreachable } from '../../src/agent/rest.ts'
import type { Log } from '../../src/base/log.ts'
import { wordOf } from '../../src/agent/words.ts'

const HOUR = 3_600_000
const ready = () =>
  withStatus(
    newAgent({ name: 'alice', endpoint: 'user/1001', wrapUpMs: 0, ringForMs: 20_000, queues: [] }, 0),
    'ready',
    null,
    0,
  )

/** A call to the agent that ends in this way, an hour after the last one. */
function called(agent: Agent, outcome: Outcome, now: number): Agent {
  const taken = reserved(agent, { for: 'caller', queue: 'sales', ttlMs: 5_000 }, now)!
  const { epoch } = taken.reservation!
  return released(advanced(taken, epoch, 'ringing', now)!, epoch, outcome, now)!
}
const after = (...outcomes: Outcome[]) =>
  outcomes.reduce((agent, outcome, at) => called(agent, outcome, (at + 1) * HOUR), ready())

test('a telephone that is not there is tried again after 5 s, and then not for five minutes', () => {
  const once = after('unreachable')
  assert.deepEqual([whyNotNow(once, HOUR), whyNotNow(once, HOUR + restMs({}, 'unreachable'))], ['resting', null])
  const twice = after('unreachable', 'unreachable')
  assert.deepEqual(
    [
      whyNotNow(twice, 2 * HOUR),
      whyNotNow(twice, 2 * HOUR + UNREACHABLE_MS - 1),
      whyNotNow(twice, 2 * HOUR + UNREACHABLE_MS),
    ],
    ['unreachable', 'unreachable', null],
  )
  assert.equal(wordOf(twice, 2 * HOUR), 'unreachable')
})

test('a telephone that died during a talk is not tried again before it registers, or for five minutes', () => {
  const taken = reserved(ready(), { for: 'caller', queue: 'sales', ttlMs: 5_000 }, HOUR)!
  const { epoch } = taken.reservation!
  const over = released(advanced(taken, epoch, 'talking', HOUR)!, epoch, 'unreachable', HOUR)!
  assert.deepEqual(
    [whyNotNow(over, HOUR), whyNotNow(over, HOUR + UNREACHABLE_MS - 1), whyNotNow(over, HOUR + UNREACHABLE_MS)],
    ['unreachable', 'unreachable', null],
  )
  assert.equal(whyNotNow(registeredAt(over, 'core-1', true, HOUR + 1)!, HOUR + 1), null)
})

test('a telephone that rang in between is there, one that the network could not call may be', () => {
  for (const outcome of ['busy', 'no-answer', 'declined'] as const)
    assert.equal(after('unreachable', outcome, 'unreachable').unreached, 1, outcome)
  for (const outcome of ['failed', 'caller-left'] as const)
    assert.equal(after('unreachable', outcome, 'unreachable').unreached, 2, outcome)
})

test('an agent is offered calls again when the telephone registers, and when they say that they are ready', () => {
  const agent = after('unreachable', 'unreachable')
  const now = 2 * HOUR + 1_000
  assert.equal(whyNotNow(registeredAt(agent, 'core-1', true, now)!, now), null)
  assert.equal(whyNotNow(withStatus(withStatus(agent, 'break', null, now), 'ready', null, now), now), null)
  assert.equal(
    registeredAt(registeredAt(ready(), 'core-1', true, now)!, 'core-1', true, now),
    null,
    'nothing is written of a telephone that was there',
  )
})

test('who registers while they rest for another reason rests on', () => {
  const agent =
    registeredAt(after('unreachable', 'unreachable', 'busy'), 'core-1', true, 3 * HOUR) ??
    after('unreachable', 'unreachable', 'busy')
  assert.equal(whyNotNow(agent, 3 * HOUR), 'resting')
})

test('whoever is on duty reads it once, with the agent and the telephone', () => {
  const lines: unknown[] = []
  const log = { warn: (fields: object, text: string) => lines.push([fields, text]) } as unknown as Log
  for (const agent of [
    after('unreachable'),
    after('unreachable', 'unreachable'),
    after('unreachable', 'unreachable', 'unreachable'),
  ])
    warnOnceUnreachable(log, agent)
  assert.deepEqual(lines, [
    [
      { agent: 'alice', endpoint: 'user/1001', tries: 2, minutes: 5 },
      'agent telephone unreachable; no calls are offered until it registers or `minutes` have passed',
    ],
  ])
})
