/** The log messages about the death of a node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Emitter } from '../../src/base/emitter.ts'
import type { NodeLeaseEvents } from '../../src/cluster/node-lease-options.ts'
import { NodeDeaths } from '../../src/node/node-deaths.ts'

class Nodes extends Emitter<NodeLeaseEvents> {
  readonly seen = new Map<string, number>()
  lastSeen(node: string): number | null {
    return this.seen.get(node) ?? null
  }
}

test('the death of a node is one line: who, how many calls, taken by whom; a node that left on purpose is none', () => {
  const nodes = new Nodes()
  const warned: unknown[] = []
  using deaths = new NodeDeaths({
    node: 'b',
    lease: nodes,
    log: { warn: (fields: unknown) => void warned.push(fields) },
  })
  const from = (node: string) => ({ epoch: 2, before: { node, epoch: 1 }, entries: [] })
  for (const node of ['a', 'a', 'b', 'c']) deaths.came(from(node))
  deaths.came(null)
  deaths.came({ epoch: 1, before: null, entries: [] })
  nodes.seen.set('a', 1_000)
  nodes.emit('gone', 'a')
  nodes.emit('gone', 'c')
  nodes.emit('gone', 'a')
  assert.deepEqual(warned[0], { node: 'a', calls: 2, takenBy: 'b' })
  assert.deepEqual(warned[1], { node: 'a', calls: 0, takenBy: 'b' }, 'its next death is counted anew')
  assert.equal(warned.length, 2)
})
