/** Which runs of FreeSWITCHes the nodes command: the same in memory and in Redis. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { memorySwitchRuns } from '../../src/cluster/memory-switch-runs.ts'
import { redisSwitchRuns } from '../../src/cluster/redis-switch-runs.ts'
import type { SwitchRunTable } from '../../src/cluster/switch-runs.ts'
import { openRedis } from '../open-services.ts'

const stores: [name: string, open: (t: TestContext) => Promise<SwitchRunTable>][] = [
  ['in memory', async () => memorySwitchRuns()],
  ['in Redis', async t => redisSwitchRuns((await openRedis(t)).client)],
]

for (const [where, open] of stores) {
  test(`${where}: what one node says of its switches every node reads, until nobody has heard them for long`, async t => {
    const table = await open(t)
    assert.deepEqual(await table.all(0), [])
    const [first, second] = [
      { core: 'core-1', at: '10.0.0.5:8021', heard: 1_000 },
      { core: 'core-2', at: 'fs2/127.0.0.1:8021', heard: 2_000 },
    ]
    await table.note([first, second])
    await table.note([{ ...first, heard: 3_000 }])
    const byCore = async (since: number) => [...(await table.all(since))].sort((a, b) => (a.core < b.core ? -1 : 1))
    assert.deepEqual(await byCore(0), [{ ...first, heard: 3_000 }, second])
    assert.deepEqual(await byCore(2_000), [{ ...first, heard: 3_000 }])
    assert.deepEqual(await byCore(0), [{ ...first, heard: 3_000 }], 'the other was forgotten')
  })
}

test('in Redis: a record of a later version of this program is left alone', async t => {
  const { client } = await openRedis(t)
  await client.hset('sh:runs', 'core-9', JSON.stringify({ v: 2, at: 'elsewhere', heard: 5_000, more: true }))
  await client.hset('sh:runs', 'core-8', 'not JSON')
  assert.deepEqual(await redisSwitchRuns(client).all(0), [])
  assert.equal(await client.hlen('sh:runs'), 2)
})
