/** An agent who has dialled in takes callers on that very leg. Pure records. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advanced, newAgent, released, reserved, whyNotNow, withStatus, type Agent } from '../../src/agent/agent.ts'
import { dialledIn, dialledOut } from '../../src/agent/dialled-in.ts'
import { occupied } from '../../src/agent/telephone-legs.ts'

const NOW = 1_000_000
const LINE = { leg: 'leg-1', flow: 'unpark', step: '3' }
const agent = (settings = {}) =>
  newAgent({ name: 'alice', endpoint: 'user/1001', wrapUpMs: 30_000, ringForMs: 20_000, queues: [], ...settings }, NOW)
const take = (who: Agent, call = 'call-1', onLeg = LINE.leg) =>
  reserved(who, { for: call, queue: 'park', ttlMs: 10_000, onLeg }, NOW)

test('an agent who is logged out and calls takes a caller on that leg, and on no other', () => {
  const busy = occupied(agent(), LINE.leg, NOW)!
  const here = dialledIn(busy, LINE, NOW)!
  assert.deepEqual([here.state, here.status, here.legs], ['idle', 'logged-out', []])
  assert.equal(occupied(here, LINE.leg, NOW), null, 'the leg does not keep the agent busy')
  assert.equal(take(here)?.state, 'reserved')
  assert.equal(take(here, 'call-1', 'leg-2'), null)
  assert.equal(reserved(here, { for: 'call-1', queue: 'park', ttlMs: 10_000 }, NOW), null)
})

test('the matcher offers nothing to an agent who is on the line for callers', () => {
  const ready = withStatus(agent(), 'ready', null, NOW)
  const here = dialledIn(ready, LINE, NOW)!
  assert.equal(whyNotNow(here, NOW), 'dialled-in')
  const gone = dialledOut(here, LINE.leg, NOW)!
  assert.equal(whyNotNow(gone, NOW), null)
  assert.equal(dialledOut(here, 'leg-2', NOW), null)
})

test('a step that runs again on another node finds whom the agent has served, and the next step a free agent', () => {
  const taken = take(dialledIn(agent(), LINE, NOW)!)!
  const talks = advanced(taken, taken.reservation!.epoch, 'talking', NOW)!
  const after = released(talks, taken.reservation!.epoch, 'talked', NOW)!
  assert.equal(after.dialledIn?.served, 'call-1')
  assert.equal(dialledIn(after, LINE, NOW), after)
  const next = dialledIn(after, { ...LINE, step: '4' }, NOW)!
  assert.deepEqual([next.state, next.dialledIn?.served], ['idle', undefined])
  const again = dialledIn(after, LINE, NOW, 'call-1')!
  assert.deepEqual([again.state, again.dialledIn?.served], ['idle', undefined], 'the caller had left')
})

test('an agent who talks, has another call or owes a disposition takes nobody', () => {
  const taken = reserved(withStatus(agent(), 'ready', null, NOW), { for: 'c', queue: 'sales', ttlMs: 10_000 }, NOW)!
  const talks = advanced(taken, taken.reservation!.epoch, 'talking', NOW)!
  assert.equal(dialledIn(talks, LINE, NOW), null)
  assert.equal(dialledIn(occupied(agent(), 'leg-2', NOW)!, LINE, NOW), null)
  const owing = { ...talks, wrapUpEnds: 'disposition' } as Agent
  assert.equal(dialledIn(released(owing, taken.reservation!.epoch, 'talked', NOW)!, LINE, NOW), null)
})
