/** What each mode of dialling wants, in the moments that people know. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallPhase, PacedAgent, PacedCall, PacingState } from '../../src/campaign/pacing/pacer.ts'
import { pacerOf } from '../../src/campaign/pacing/saved-pacer.ts'

const agent = (id: string, state: PacedAgent['state'] = 'free', leaving = false): PacedAgent => ({
  id,
  state,
  since: 0,
  leaving,
})
const call = (id: string, phase: CallPhase = 'ringing'): PacedCall => ({
  id,
  phase,
  dialledAt: 0,
  phaseAt: 0,
  deadline: null,
})
const floor = (seen: Partial<PacingState>): PacingState => ({
  now: 10_000,
  agents: [agent('alice'), agent('bob'), agent('carol', 'talk'), agent('dave', 'wrap')],
  calls: [],
  policy: { target: 0.03, connectWithinMs: 2_000, clock: 'answer', endsAt: null },
  budget: { live: 0, abandoned: 0 },
  ...seen,
})
const wants = (mode: Parameters<typeof pacerOf>[0], seen: Partial<PacingState> = {}) => {
  const { howMany, why } = pacerOf(mode).decide(floor(seen))
  return { howMany, why }
}

test('progressive: one lead is called for each free agent, and none for those who talk or wrap up', () => {
  assert.deepEqual(wants({ mode: 'progressive' }), { howMany: 2, why: 'agents' })
})

test('progressive: a call that is under way has one of the free agents', () => {
  assert.deepEqual(wants({ mode: 'progressive' }, { calls: [call('1')] }), { howMany: 1, why: 'agents' })
  assert.equal(wants({ mode: 'progressive' }, { calls: [call('1'), call('2'), call('3')] }).howMany, 0)
})

test('nobody is called for an agent who leaves, in any mode', () => {
  const agents = [agent('alice', 'free', true), agent('bob', 'talk', true)]
  for (const mode of ['progressive', 'predictive'] as const) assert.equal(wants({ mode }, { agents }).howMany, 0)
  assert.equal(wants({ mode: 'ratio', callsPerFreeAgent: 3 }, { agents }).howMany, 0)
})

test('without an agent no mode wants a call, and says so', () => {
  for (const mode of ['progressive', 'predictive'] as const)
    assert.deepEqual(wants({ mode }, { agents: [] }), { howMany: 0, why: 'no-agents' })
  assert.deepEqual(wants({ mode: 'ratio', callsPerFreeAgent: 3 }, { agents: [] }), { howMany: 0, why: 'no-agents' })
})

test('ratio: so many calls for each free agent, those under way included', () => {
  assert.deepEqual(wants({ mode: 'ratio', callsPerFreeAgent: 2.5 }), { howMany: 5, why: 'ratio' })
  assert.equal(wants({ mode: 'ratio', callsPerFreeAgent: 2.5 }, { calls: [call('1')] }).howMany, 4)
})

test('ratio: with too many abandoned people it calls one lead for each free agent', () => {
  const mode = { mode: 'ratio', callsPerFreeAgent: 3 } as const
  assert.deepEqual(wants(mode, { budget: { live: 100, abandoned: 4 } }), { howMany: 2, why: 'budget' })
  assert.deepEqual(wants(mode, { budget: { live: 200, abandoned: 4 } }), { howMany: 6, why: 'ratio' })
  assert.deepEqual(wants(mode, { budget: { live: 200, abandoned: 6 } }), { howMany: 2, why: 'budget' })
  assert.deepEqual(wants(mode, { budget: { live: 0, abandoned: 0 } }), { howMany: 6, why: 'ratio' })
})

test('every mode shows how much of the budget is used', () => {
  const seen = floor({ budget: { live: 200, abandoned: 3 } })
  for (const mode of ['progressive', 'predictive'] as const)
    assert.equal(pacerOf({ mode }).decide(seen).figures.budgetUsed, 0.5)
})
