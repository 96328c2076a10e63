/** Callbacks in the queue, as pure rules: when one is matched, whose turn is near, and what follows from an end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newAgent, withStatus, type Agent } from '../../src/agent/agent.ts'
import { InputError } from '../../src/base/errors.ts'
import { opening } from '../../src/queue/callbacks/callbacks.ts'
import { afterAttempt, newCallback } from '../../src/queue/callbacks/callback.ts'
import { parseRetryAfter, sayRetryAfter, type CallbackEnd } from '../../src/queue/callbacks/callback-ends.ts'
import { nearCallbacks } from '../../src/queue/callbacks/near.ts'
import { FloorIndex } from '../../src/queue/floor-index.ts'
import { match } from '../../src/queue/match.ts'
import { awaited, joined, type CallbackPlace, type Member } from '../../src/queue/member.ts'
import { parseHours } from '../../src/base/hours.ts'

const NOW = 1_767_600_000_000
const queue = { name: 'sales', strategy: 'longest-idle-agent' } as const

const agent = (name: string, status: Agent['status'] = 'ready'): Agent => {
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  const settings = { name, endpoint: `user/${name}`, wrapUpMs: 0, ringForMs: 20_000, queues }
  return withStatus(newAgent(settings, NOW), status, null, NOW)
}
const caller = (call: string, ago: number): Member =>
  joined('sales', { call, from: '1', node: 'a', joinedAt: NOW - ago, headStartMs: 0 }, 1, NOW)
const callback = (call: string, ago: number, more: Partial<CallbackPlace> = {}, notBefore = 0): Member =>
  awaited(
    'sales',
    { call, from: '1', joinedAt: NOW - ago, headStartMs: 0, callback: { order: 'agent-first', ...more }, notBefore },
    1,
    NOW,
  )
function floorOf(members: readonly Member[], agents: readonly Agent[]): FloorIndex {
  const floor = new FloorIndex()
  floor.setQueue(queue)
  for (const member of members) floor.setMember(member.queue, member.call, member)
  for (const one of agents) floor.setAgent(one.name, one, NOW)
  return floor
}
const matched = (members: readonly Member[], agents: readonly Agent[]) => {
  const matching = match({ queues: [queue], members, agents, now: NOW })
  return matching.assignments.map(({ member, agent: { name } }) => `${member.call} ${name}`)
}

test('a callback is given an agent in its turn, like a caller', () => {
  const line = [caller('late', 1_000), callback('back', 5_000), caller('early', 9_000)]
  assert.deepEqual(matched(line, [agent('alice')]), ['early alice'])
  assert.deepEqual(matched(line.slice(0, 2), [agent('alice')]), ['back alice'])
})

test('a callback in a pause, or outside its hours, lets the callers behind go first', () => {
  const line = [callback('back', 5_000, {}, NOW + 60_000), caller('late', 1_000)]
  assert.deepEqual(matched(line, [agent('alice')]), ['late alice'])
  assert.equal(floorOf(line, []).nextLook, NOW + 60_000, 'and it is looked at then')
})

test('a customer who is called first has no agent before the answer, and the decision says why', () => {
  const line = [callback('back', 5_000, { order: 'customer-first' }), caller('late', 1_000)]
  const { assignments } = match({ queues: [queue], members: line, agents: [agent('alice')], now: NOW })
  assert.deepEqual(
    assignments.map(({ member, record }) => [member.call, record.ahead]),
    [['late', [{ call: 'back', why: 'callback' }]]],
  )
})

test('a callback whose attempt is not settled gets no second agent', () => {
  const line = [callback('back', 5_000, { called: true }), caller('late', 1_000)]
  assert.deepEqual(matched(line, [agent('alice')]), ['late alice'])
})

test('a callback that an agent promised waits for that agent, for some time', () => {
  const wants = { agent: 'alice', agentUntil: NOW + 60_000 }
  const line = [callback('back', 5_000, wants), caller('late', 1_000)]
  assert.deepEqual(matched(line, [agent('bob')]), ['late bob'])
  assert.deepEqual(matched(line, [agent('bob'), agent('alice')]).sort(), ['back alice', 'late bob'])
  const { later } = match({ queues: [queue], members: line.slice(0, 1), agents: [agent('bob')], now: NOW })
  assert.deepEqual(
    later.map(({ member, at }) => [member.call, at]),
    [['back', NOW + 60_000]],
  )
  assert.deepEqual(matched([callback('back', 5_000, { agent: 'alice', agentUntil: NOW })], [agent('bob')]), [
    'back bob',
  ])
})

test('the turn of a customer is near when as few callers are ahead as agents are free, or when it is the next', () => {
  const back = (call: string, ago: number, more = {}) => callback(call, ago, { order: 'customer-first', ...more })
  const near = (members: readonly Member[], agents: readonly Agent[]) =>
    nearCallbacks(floorOf(members, agents), NOW).map(({ call }) => call)
  const line = [caller('first', 9_000), back('b1', 8_000), back('b2', 7_000), caller('last', 1_000)]
  assert.deepEqual(near(line, [agent('alice')]), [])
  assert.deepEqual(near(line, [agent('alice'), agent('bob')]), ['b1'])
  assert.deepEqual(near(line.slice(1), [agent('alice')]), ['b1'])
  const busy = { ...agent('alice'), state: 'talking' as const }
  assert.deepEqual(near(line.slice(1), [busy]), ['b1'], 'the next one, before an agent is free')
  for (const gone of ['break', 'logged-out'] as const) assert.deepEqual(near(line.slice(1), [agent('alice', gone)]), [])
  assert.deepEqual(near([back('b1', 8_000, { called: true }), back('b2', 7_000)], [agent('alice')]), [], 'one for one')
  const pause = { ...back('b1', 8_000), passedUntil: NOW + 1 }
  assert.deepEqual(near([pause, back('b2', 7_000)], [agent('alice')]), ['b2'])
  assert.deepEqual(near([callback('agent-first', 8_000)], [agent('alice')]), [])
})

test('what follows from the end of an attempt: a try is used up when the customer may have been rung', () => {
  const settings = { ...queue, callbackTries: 2, callbackRetryAfter: { busy: 60_000, other: 600_000 } }
  const after = (end: CallbackEnd, tries = 0) => {
    const { state, tries: used, dueAt } = afterAttempt({ tries }, end, { queue: settings, now: NOW })
    return [state, used, dueAt - NOW]
  }
  assert.deepEqual(after('busy'), ['waiting', 1, 60_000])
  assert.deepEqual(after('no-answer'), ['waiting', 1, 600_000])
  assert.deepEqual(after('no-answer', 1), ['failed', 2, 0])
  assert.deepEqual(after('talked', 1), ['done', 2, 0])
  assert.deepEqual(after('invalid'), ['failed', 1, 0])
  assert.deepEqual(after('not-taken', 1), ['waiting', 1, 0])
  assert.deepEqual(after('refused', 1), ['waiting', 1, 10_000])
  assert.deepEqual(after('closed', 1), ['waiting', 1, 0])
})

test('each attempt has another uuid, and a scheduled callback expires after its time', () => {
  const given = { id: 'x', queue: 'sales', number: '+491', joinedAt: NOW + 3_600_000 }
  const one = newCallback(given, { ...queue, callbackExpiresMs: 60_000 }, NOW)
  assert.equal(one.expiresAt, NOW + 3_660_000)
  assert.notEqual(afterAttempt(one, 'busy', { queue, now: NOW }).attempt, one.attempt)
})

test('the first moment of a call is within the hours of the queue', () => {
  const callbackHours = parseHours('Mon-Sun 08:00-20:00 UTC')
  const at = (text: string) => new Date(opening({ ...queue, callbackHours }, Date.parse(text))).toISOString()
  assert.equal(at('2026-07-06T19:59:00Z'), '2026-07-06T19:59:00.000Z')
  assert.equal(at('2026-07-06T20:00:00Z'), '2026-07-07T08:00:00.000Z')
  assert.equal(opening(queue, NOW), NOW)
})

test('a supervisor writes the pauses by outcome, and reads the same again', () => {
  for (const text of ['busy:5m, no-answer:1h, 15m', '10m']) assert.equal(sayRetryAfter(parseRetryAfter(text)), text)
  for (const wrong of ['', 'busy:5m', 'talked:5m, 1m', 'busy:soon, 1m', 'nonsense:1m, 1m'])
    assert.throws(() => parseRetryAfter(wrong), InputError, wrong)
})
