/** Callers who come to a node that has as many calls as it takes (MAX_CALLS). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'
import { SORRY } from '../fault/people.ts'

const waits = { params: { queue: 'sales' } } as const

test('a caller who comes to a full node is sent to the overflow, and those who are there wait on', async t => {
  const sim = simulate(t, { maxCalls: 2 })
  const first = [sim.call(queueEntry, waits), sim.call(queueEntry, waits)]
  for (const caller of first) await caller.hears('music moh/calm')
  const third = sim.call(queueEntry, waits)
  await third.hears(SORRY, '1s')
  assert.equal(await third.outcome(), 'overflow')
  await third.hangsUp()
  for (const caller of first) await caller.hangsUp()
  for (const caller of first) assert.equal(await caller.outcome(), 'abandoned')
  await sim.advance('2s')
  const fourth = sim.call(queueEntry, waits)
  await fourth.hears('music moh/calm')
  await fourth.hangsUp()
  assert.equal(await fourth.outcome(), 'abandoned')
})

test('callers whose node dies are taken by a full node too, and new callers go to a node with room', async t => {
  const sim = simulate(t, { maxCalls: 2 })
  const a = await sim.until('node a opens', sim.ready)
  await sim.until('node b opens', sim.open('b'))
  sim.switch.refuse(a.address)
  const theirs = [sim.call(queueEntry, waits), sim.call(queueEntry, waits)]
  for (const caller of theirs) await caller.hears('music moh/calm')
  sim.switch.allow(a.address)
  const ours = [sim.call(queueEntry, waits), sim.call(queueEntry, waits)]
  for (const caller of ours) await caller.hears('music moh/calm')
  sim.kill('b')
  for (const caller of theirs) await caller.hears('music moh/calm', '1s')
  assert.equal(a.flows.running, 4)
  const b = await sim.until('node b opens again', sim.open('b'), '5s')
  await sim.until('the port of the full node is closed', () => !sim.switch.listeners.has(a.address), '5s')
  const next = sim.call(queueEntry, waits)
  await next.hears('music moh/calm', '1s')
  assert.equal(b.flows.running, 1)
  for (const caller of [...theirs, ...ours]) await caller.hangsUp()
  await sim.until('the port is open again', () => sim.switch.listeners.has(a.address), '5s')
  await next.hangsUp()
})
