import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Emitter } from '../../src/base/emitter.ts'
import type { NodeLeaseEvents } from '../../src/cluster/node-lease-options.ts'
import type { Peer } from '../../src/cluster/node-table.ts'
import { knock, listenTcp, type Knock } from '../../src/esl/tcp.ts'
import { endedNodes } from '../../src/node/ended-nodes.ts'

class Presence extends Emitter<NodeLeaseEvents> {
  readonly #peers: readonly Peer[]
  constructor(...peers: Peer[]) {
    super()
    this.#peers = peers
  }
  peers = () => this.#peers
}

const peer = (node: string, address: string | null): Peer => ({ node, address, roles: ['listener'] })

test('a node has ended when its host refuses connections to its door, and may stand still when nobody answers or its kernel accepts', async () => {
  const lease = new Presence(peer('a', '10.0.0.1:8084'))
  const doors: Record<string, Knock> = {
    '10.0.0.1:8084': 'refuses',
    '10.0.0.2:8084': 'silent',
    '10.0.0.3:8084': 'accepts',
  }
  const hasEnded = endedNodes(lease, async address => doors[address]!)
  lease.emit('came', peer('b', '10.0.0.2:8084'))
  lease.emit('came', peer('c', '10.0.0.3:8084'))
  lease.emit('came', peer('without a door', null))
  const nodes = ['a', 'b', 'c', 'without a door', 'never seen']
  assert.deepEqual(await Promise.all(nodes.map(hasEnded)), [true, false, false, false, false])
})

test('a node that came again somewhere else is asked for there', async () => {
  const lease = new Presence(peer('a', '10.0.0.1:8084'))
  const asked: string[] = []
  const hasEnded = endedNodes(lease, async address => (asked.push(address), 'refuses'))
  lease.emit('came', peer('a', '10.0.0.1:9999'))
  assert.equal(await hasEnded('a'), true)
  assert.deepEqual(asked, ['10.0.0.1:9999'])
})

test('a port accepts while somebody listens there, and refuses when nobody does', async () => {
  const listener = await listenTcp({ host: '127.0.0.1', port: 0, onWire: wire => wire.destroy() })
  assert.equal(await knock(`127.0.0.1:${listener.port}`), 'accepts')
  await listener.close()
  assert.equal(await knock(`127.0.0.1:${listener.port}`), 'refuses')
})
