/** A node asks the node that drives a call, over a real Redis. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { NotFoundError } from '../../src/base/errors.ts'
import { NodeRequests } from '../../src/node/node-requests.ts'
import type { CallAct } from '../../src/operations/call-act.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { openRedis } from '../open-services.ts'

const REQUEST = { what: 'transfer', call: 'c-1', extension: '7000' } as const

async function rig(t: TestContext) {
  const { client, address } = await openRedis(t)
  const clock = new VirtualClock()
  const asked: string[] = []
  const open = async (node: string, act: (request: CallAct) => Promise<void> = async () => {}) => {
    const subscriber = await openRedisClient(address, { kind: 'subscriber' })
    const requests = new NodeRequests({
      home: { commands: client, subscriber },
      node,
      clock,
      act: async request => {
        asked.push(`${node} ${request.what} ${request.call} ${request.what === 'transfer' ? request.extension : ''}`)
        await act(request)
      },
    })
    t.after(() => {
      requests[Symbol.dispose]()
      subscriber.disconnect()
    })
    return requests
  }
  return { clock, asked, open, client }
}

/** Nodes subscribe when they open; Redis drops what is published before. */
async function subscribed(client: Awaited<ReturnType<typeof rig>>['client'], count: number): Promise<void> {
  for (;;) {
    const channels = (await client.pubsub('CHANNELS', 'sh:node-requests*')) as string[]
    const [, listeners = 0] = channels.length === 0 ? [] : ((await client.pubsub('NUMSUB', channels[0]!)) as number[])
    if (Number(listeners) >= count) return
  }
}

test('the node that is asked does it, the others do nothing, and the node that asks is told that it is done', async t => {
  const { open, asked, client } = await rig(t)
  const [a] = [await open('a'), await open('b'), await open('c')]
  await subscribed(client, 3)
  await a.ask('b', REQUEST)
  assert.deepEqual(asked, ['b transfer c-1 7000'])
})

test('the node that asks is told the reason of a refusal', async t => {
  const { open, client } = await rig(t)
  const a = await open('a')
  await open('b', () => Promise.reject(new NotFoundError('live call', 'c-1', null)))
  await subscribed(client, 2)
  await assert.rejects(a.ask('b', REQUEST), { code: 'NOT_FOUND', message: "no live call is called 'c-1'" })
})

test('a node that is gone is waited for a moment and no longer, and a node that closes ends its own requests', async t => {
  const { open, clock, client } = await rig(t)
  const a = await open('a')
  await subscribed(client, 1)
  const asked = assert.rejects(a.ask('b', REQUEST), {
    code: 'SERVICE',
    message: /the node b did not answer within 8 s/,
  })
  await clock.advance(8_000)
  await asked
  const second = assert.rejects(a.ask('b', REQUEST), { code: 'SERVICE', message: /this node is shutting down/ })
  a[Symbol.dispose]()
  await second
})
