/** What follows for a lead at which an agent looks, at a moment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { previewStep, type Looking } from '../../src/campaign/preview.ts'

const NOW = Date.UTC(2026, 10, 30, 15)
const NEXTS = ['break', 'call', 'skip'] as const
const AGENTS: readonly Looking[] = ['looks', 'away', 'gone']

interface Seen {
  readonly said?: 'call' | 'skip'
  readonly agent?: Looking
  readonly next?: (typeof NEXTS)[number]
  /** Milliseconds after the begin; the agent may look for a minute, and the lead is kept for another one. */
  readonly after?: number
  readonly isHeld?: boolean
}
const step = ({ said, agent = 'looks', next = 'break', after = 0, isHeld = true }: Seen) =>
  previewStep(
    { said: said ?? null, until: new Date(NOW + 60_000), heldUntil: new Date(NOW + 120_000), isHeld },
    agent,
    next,
    NOW + after,
  )

test('an agent looks for as long as the campaign allows, and then happens what it says', () => {
  for (const next of NEXTS) {
    assert.equal(step({ next, after: 59_999 }), 'look')
    assert.equal(step({ next, after: 60_000 }), next)
  }
})

test('the word of the agent counts, also when the time is over and whatever follows it', () => {
  for (const said of ['call', 'skip'] as const)
    for (const next of NEXTS) {
      assert.equal(step({ said, next }), said)
      assert.equal(step({ said, next, after: 60_000 }), said)
    }
})

test('a lead whose agent hung up is not called, whatever the agent has said before', () => {
  for (const next of NEXTS)
    for (const after of [0, 60_000]) {
      assert.equal(step({ agent: 'gone', next, after }), 'leave')
      assert.equal(step({ agent: 'gone', said: 'call', next, after }), 'leave')
    }
  assert.equal(step({ agent: 'gone', said: 'skip' }), 'skip')
})

test('an agent who goes on a break gives the lead back, and talks with the lead whose call was asked for before', () => {
  for (const next of NEXTS) assert.equal(step({ agent: 'away', next, after: 60_000 }), 'leave')
  assert.equal(step({ agent: 'away', said: 'call' }), 'call')
})

test('a lead that somebody has taken away, or for which no line came in time, is not called', () => {
  for (const agent of AGENTS)
    for (const said of [undefined, 'call', 'skip'] as const)
      assert.equal(step({ agent, ...(said && { said }), isHeld: false }), 'withdraw')
  assert.equal(step({ said: 'call', after: 119_999 }), 'call')
  assert.equal(step({ said: 'call', after: 120_000 }), 'withdraw')
  assert.equal(step({ said: 'skip', after: 120_000 }), 'skip')
})
