/** Agents of several campaigns that dial ahead of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countsFor } from '../../src/campaign/agent-shares.ts'

const agentOf = (name: string, ...queues: string[]) => ({
  name,
  queues: queues.map(queue => ({ queue, level: 1, position: 1 })),
})
const [spring, autumn] = [
  { name: 'spring', queue: 'sales' },
  { name: 'autumn', queue: 'support' },
]
const names = Array.from({ length: 400 }, (_, n) => `agent-${n}`)

test('an agent of two campaigns counts for exactly one of them, also when the campaigns have different queues', () => {
  const both = names.map(name => agentOf(name, 'sales', 'support'))
  for (const agent of both) {
    const counting = [spring, autumn].filter(one => countsFor(agent, one, [spring, autumn]))
    assert.equal(counting.length, 1, agent.name)
  }
  const ofSpring = both.filter(agent => countsFor(agent, spring, [autumn, spring])).length
  assert.ok(ofSpring > 150 && ofSpring < 250, `${ofSpring} of 400 count for one of two campaigns`)
})

test('an agent whom only one campaign needs counts for it', () => {
  for (const name of names) assert.equal(countsFor(agentOf(name, 'sales'), spring, [spring, autumn]), true)
})
