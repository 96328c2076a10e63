/**
 * An agent whose telephone has a leg of Switchhook that no queue promised: click-to-dial, a dial of a flow. Pure
 * records.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advanced, asOf, newAgent, released, reserved, whyNotNow, withStatus } from '../../src/agent/agent.ts'
import { occupied, vacated } from '../../src/agent/telephone-legs.ts'

const NOW = 1_000_000
const SETTINGS = {
  name: 'alice',
  endpoint: 'user/1001',
  wrapUpMs: 30_000,
  ringForMs: 20_000,
  queues: [{ queue: 'sales', level: 1, position: 1 }],
}
const ready = () => withStatus(newAgent(SETTINGS, NOW), 'ready', null, NOW)
const promised = () => {
  const agent = reserved(ready(), { for: 'call-1', queue: 'sales', ttlMs: 10_000 }, NOW)!
  return { agent, epoch: agent.reservation!.epoch }
}
const talkingAgent = () => {
  const { agent, epoch } = promised()
  return { agent: advanced(agent, epoch, 'talking', NOW)!, epoch }
}

test('an agent at whose telephone a leg of ours is, which no queue promised, is not offered until it has ended', () => {
  const busy = occupied(ready(), 'leg-1', NOW)!
  assert.equal(whyNotNow(busy, NOW + 86_400_000), 'busy-elsewhere')
  assert.equal(occupied(busy, 'leg-1', NOW), null, 'told twice')
  assert.equal(vacated(busy, 'leg-2', NOW), null)
  assert.equal(whyNotNow(vacated(busy, 'leg-1', NOW)!, NOW), null)
  const two = occupied(busy, 'leg-2', NOW)!
  assert.equal(vacated(two, 'leg-1', NOW)!.state, 'busy-elsewhere')
})

test('what an agent does for a queue when such a leg begins comes to its end, and then they are busy with the leg', () => {
  const { agent, epoch } = promised()
  const both = occupied(agent, 'leg-1', NOW)!
  assert.equal(both.state, 'reserved')
  assert.equal(released(both, epoch, 'no-answer', NOW)!.state, 'busy-elsewhere')
  assert.equal(asOf(both, NOW + 10_000).state, 'busy-elsewhere', 'a promise that lapses')
  const talk = talkingAgent()
  const after = released(occupied(talk.agent, 'leg-1', NOW)!, talk.epoch, 'talked', NOW)!
  assert.equal(after.state, 'busy-elsewhere')
  assert.equal(vacated(after, 'leg-1', NOW + 10_000)!.state, 'wrap-up', 'what is left of the wrap-up stays')
  assert.equal(vacated(after, 'leg-1', NOW + 30_000)!.state, 'idle')
})
