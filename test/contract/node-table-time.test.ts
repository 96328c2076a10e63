/** The time of the node table when the clock behind it is set: memory and Redis keep the same promises. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { memoryNodeTable } from '../../src/cluster/memory-node-table.ts'
import type { Claim, NodeTable } from '../../src/cluster/node-table.ts'
import { nodeTableKeys, redisNodeTable } from '../../src/cluster/redis-node-table.ts'
import { SHARED_TIME_KEY, askTime } from '../../src/store/redis-time.ts'
import { openRedisLinks } from '../../src/store/redis.ts'
import { openRedis } from '../open-services.ts'

const HOUR_MS = 3_600_000
/** Real time passes between two queries; on any machine it is less than this, which separates an hour from none. */
const MINUTE_MS = 60_000

interface Home {
  readonly table: NodeTable
  /** Sets the table's clock forward by `ms`. Returns what must be added to the times that were read before. */
  set(ms: number): Promise<number>
}

async function openTable(t: TestContext) {
  const { client, address } = await openRedis(t)
  const home = await openRedisLinks(address)
  t.after(() => Object.values(home).forEach(one => one.disconnect()))
  return { client, table: redisNodeTable(home, systemClock) }
}

const HOMES: Record<string, (t: TestContext) => Promise<Home>> = {
  async memory() {
    let now = 1_767_600_000_000
    return { table: memoryNodeTable(() => now), set: async ms => ((now += ms), 0) }
  },
  /** Redis's clock cannot be set, so everything that is stored is made older. */
  async Redis(t) {
    const { client, table } = await openTable(t)
    const { nodes } = nodeTableKeys(client)
    const set = async (ms: number) => {
      for (const [name, record] of Object.entries(await client.hgetall(nodes))) {
        const [until, ...rest] = record.split(' ')
        await client.hset(nodes, name, [Number(until) - ms, ...rest].join(' '))
      }
      await client.hincrby(SHARED_TIME_KEY, 'raw', -ms)
      return -ms
    }
    return { table, set }
  },
}

const claim = (node: string, mode: Claim['mode'] = 'come'): Claim => ({
  record: { node, incarnation: `${node}1`, address: null, roles: ['listener'], host: 'host', pid: 7 },
  lastsMs: 6_000,
  mode,
})

for (const [home, open] of Object.entries(HOMES)) {
  for (const step of [HOUR_MS, -HOUR_MS]) {
    test(`${home}: the clock of the table is set ${step > 0 ? 'forward' : 'back'} by an hour: the nodes keep their time, and nobody's lease lapses`, async t => {
      const { table, set } = await open(t)
      await table.hold(claim('a'))
      const before = await table.hold(claim('b'))
      const expects = before.now + (await set(step))
      const after = await table.hold({ ...claim('a', 'stay'), expects })
      assert.ok(Math.abs(after.now - expects) < MINUTE_MS, `${after.now - expects} ms more than was expected`)
      assert.ok(Math.abs(after.aheadMs + step) < MINUTE_MS, `${after.aheadMs} ms ahead`)
      assert.ok(after.leases.get('b')!.until > after.now, 'b has its lease')
      const late = await table.hold(claim('c'))
      assert.ok(Math.abs(late.now - after.now) < MINUTE_MS, 'who comes now has the same time')
    })
  }

  test(`${home}: a node that expects an hour less, while another has just renewed, is wrong itself`, async t => {
    const { table } = await open(t)
    const { now } = await table.hold(claim('a'))
    const told = await table.hold({ ...claim('b'), expects: now - HOUR_MS })
    assert.ok(told.now >= now && told.now < now + MINUTE_MS)
    assert.equal(told.aheadMs, 0)
  })

  test(`${home}: a table whose clock is set by more than two hours, or which nobody has asked for a minute, is followed`, async t => {
    const { table, set } = await open(t)
    const one = await table.hold(claim('a'))
    const day = await set(24 * HOUR_MS)
    const next = await table.hold({ ...claim('a', 'stay'), expects: one.now + day })
    assert.equal(next.aheadMs, 0)
    const hour = await set(HOUR_MS)
    const kept = await table.hold({ ...claim('a', 'stay'), expects: next.now + hour })
    assert.ok(kept.aheadMs < 0)
    await set(61_000)
    assert.equal((await table.hold(claim('b'))).aheadMs, 0)
  })

  test(`${home}: the shared time goes back to the clock of the table by a tenth of the time that passes`, async t => {
    const { table, set } = await open(t)
    const one = await table.hold(claim('a'))
    const kept = await table.hold({ ...claim('a', 'stay'), expects: one.now + (await set(HOUR_MS)) })
    const shift = await set(5_000) // this much passes, and with Redis the time that the test takes
    const later = await table.hold(claim('a', 'stay'))
    const byTheTable = ({ now, aheadMs }: typeof kept) => now - aheadMs
    const passed = byTheTable(later) - (byTheTable(kept) + shift)
    assert.ok(passed >= 5_000, `${passed} ms`)
    assert.ok(
      Math.abs(later.aheadMs - kept.aheadMs - Math.min(passed, 10_000) / 10) <= 2,
      `${later.aheadMs - kept.aheadMs} ms of ${passed}`,
    )
  })
}

test('Redis: who only asks the time is told the one that the nodes keep, and that of Redis when there are none', async t => {
  const { client, table } = await openTable(t)
  const alone = await askTime(client, systemClock)
  assert.ok(Math.abs(alone.now - Date.now()) < MINUTE_MS && alone.aheadMs === 0)
  const { now } = await table.hold(claim('a'))
  await table.hold({ ...claim('a', 'stay'), expects: now + HOUR_MS })
  const told = await askTime(client, systemClock)
  assert.ok(Math.abs(told.now - now - HOUR_MS) < MINUTE_MS && told.asked <= told.answered)
  assert.ok(Math.abs(told.aheadMs - HOUR_MS) < MINUTE_MS)
  await client.hincrby(SHARED_TIME_KEY, 'raw', -61_000)
  assert.equal((await askTime(client, systemClock)).aheadMs, 0)
})
