/** Nodes on machines whose clocks are wrong, or are set while people wait: callers and agents notice nothing. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { sleep } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { SharedClock } from '../../src/base/shared-clock.ts'
import { memoryNodeTable } from '../../src/cluster/memory-node-table.ts'
import { LocalNodeLease } from '../../src/cluster/local-node-lease.ts'
import { SharedTime } from '../../src/node/shared-time.ts'
import type { Place } from '../../src/queue/place.ts'
import { MachineClock } from '../../src/testing/index.ts'
import { Caller, openRig } from './queue-rig.ts'

const HOUR_MS = 3_600_000

/** Two nodes over one store; the clocks of their machines are ahead by these values. */
async function openNodes(t: TestContext, aheadMs: { a: number; b: number }) {
  const rig = await openRig(t)
  const redis = new MachineClock(rig.clock)
  const table = memoryNodeTable(() => redis.now())
  const open = async (node: string, ahead = 0) => {
    const machine = new MachineClock(rig.clock, ahead)
    const clock = new SharedClock(machine)
    const time = new SharedTime(clock, silentLog)
    const lease = new LocalNodeLease({
      table,
      node,
      address: null,
      roles: [],
      clock,
      log: silentLog,
      expects: () => clock.expected(),
    })
    const heard: string[] = []
    for (const what of ['lapsed', 'gone'] as const) lease.on(what, () => heard.push(what))
    lease.on('answered', sample => time.hear(sample))
    await lease.start()
    return { machine, clock, lease, heard, queues: rig.node(node, clock) }
  }
  const nodes = [await open('node-a', aheadMs.a), await open('node-b', aheadMs.b)] as const
  await rig.queues[Symbol.asyncDispose]() // a node that uses the clock of the test
  rig.queues = nodes[0].queues
  const close = async () => void (await Promise.all(nodes.map(node => node.lease.close())))
  return { rig, redis, open, a: nodes[0], b: nodes[1], [Symbol.asyncDispose]: close }
}

/** What a flow does: asks for an agent, rings for this time, and talks. An offer that was withdrawn counts too. */
async function rings(
  place: Place,
  ringMs: number,
  passes: (ms: number) => Promise<void>,
): Promise<{ offers: number; talks: boolean }> {
  for (let offers = 1; offers <= 100; offers++) {
    const agent = await place.agent({ within: '2m' })
    if (!agent) return { offers: offers - 1, talks: false }
    await passes(5) // the round trip to Redis: the other node matches meanwhile
    if (!(await agent.ringing())) continue
    await passes(ringMs)
    if (await agent.talking()) return { offers, talks: true }
  }
  return { offers: 100, talks: false }
}

for (const skewed of ['a', 'b'] as const) {
  test(`one agent, one caller, two nodes whose clocks are 15 s apart: the phone rings (${skewed === 'a' ? "the caller's" : 'the other'} node is ahead)`, async t => {
    await using nodes = await openNodes(t, { a: 0, b: 0, [skewed]: 15_000 })
    const { rig, a, b } = nodes
    await rig.agent('alice')
    await using place = await a.queues.enter(new Caller('c1'), 'sales')
    const { offers, talks } = await rig.within(
      rings(place, 15_000, ms => sleep(rig.clock, ms)),
      120_000,
    )
    assert.deepEqual({ offers, talks, state: await rig.state('alice') }, { offers: 1, talks: true, state: 'talking' })
    assert.ok(Math.abs(a.clock.now() - b.clock.now()) <= 1)
  })
}

test('a telephone that rings at one node is not given away by another whose clock is 45 s ahead', async t => {
  await using nodes = await openNodes(t, { a: 0, b: 45_000 })
  const { rig, a, b } = nodes
  await rig.agent('alice')
  await using first = await a.queues.enter(new Caller('c1'), 'sales')
  const agent = (await rig.within(first.agent({ within: '2m' })))!
  await agent.ringing()
  await using second = await b.queues.enter(new Caller('c2'), 'sales')
  const waits = second.agent({ within: '15s' })
  await rig.clock.advance(14_000)
  assert.equal(await agent.talking(), true)
  assert.equal(await rig.within(waits), null)
})

const MACHINES = {
  'of the nodes': { nodes: true, redis: false, wrongBy: 0 },
  'of Redis': { nodes: false, redis: true, wrongBy: 0.1 },
  'of all': { nodes: true, redis: true, wrongBy: 0.1 },
}

for (const [whose, { nodes: setsNodes, redis: setsRedis, wrongBy }] of Object.entries(MACHINES)) {
  for (const step of [HOUR_MS, -HOUR_MS]) {
    for (const when of ['while a telephone rings', 'in a wrap-up'])
      test(`the clock ${whose} is set ${step > 0 ? 'forward' : 'back'} by an hour ${when}: no wrap-up, no wait, no promise and no lease changes`, async t => {
        await using nodes = await openNodes(t, { a: 0, b: 0 })
        const { rig, redis, a, b } = nodes
        await rig.agent('alice', { wrapUpMs: 30_000 })
        await rig.clock.advance(2_500)
        const first = await a.queues.enter(new Caller('c1'), 'sales')
        const agent = (await rig.within(first.agent({ within: '2m' })))!
        await agent.ringing()
        const happens = (now: string) =>
          [...(setsNodes ? [a.machine, b.machine] : []), ...(setsRedis ? [redis] : [])].forEach(
            clock => now === when && clock.setWallClock(step),
          )
        happens('while a telephone rings')
        await rig.clock.advance(19_000)
        assert.equal(await agent.talking(), true, 'the promise holds')
        await rig.clock.advance(60_000)
        await agent.finished('talked')
        const rests = rig.clock.monotonic()
        happens('in a wrap-up')
        await first[Symbol.asyncDispose]()
        await using second = await b.queues.enter(new Caller('c2'), 'sales')
        const next = await rig.within(second.agent({ within: '2m' }))
        const error = rig.clock.monotonic() - rests - 30_000
        const most = 30_000 * wrongBy * 1.2 + 50
        assert.ok(next && Math.abs(error) < most, `the wrap-up of 30 s was wrong by ${error} ms`)
        assert.ok(Math.abs(second.waited - 30_000) < most, `the caller has waited for 30 s: ${second.waited} ms`)
        assert.ok(Math.abs(a.clock.now() - b.clock.now()) <= 100, `${a.clock.now() - b.clock.now()} ms apart`)
        assert.deepEqual([a.lease.holds(), b.lease.holds(), ...a.heard, ...b.heard], [true, true])
        assert.deepEqual(
          [a, b].map(one => one.lease.peers().length),
          [1, 1],
        )
      })
  }
}

test('a node that comes after the clock of Redis was set has the time of the others, and goes back to that of Redis with them', async t => {
  await using nodes = await openNodes(t, { a: 0, b: 0 })
  const { rig, redis, a, open } = nodes
  await rig.clock.advance(2_500)
  redis.setWallClock(-HOUR_MS / 10)
  await rig.clock.advance(2_500)
  const late = await open('node-c')
  assert.ok(Math.abs(late.clock.now() - a.clock.now()) <= 100)
  assert.ok(a.clock.aheadOfRedisMs > HOUR_MS / 10 - 1_000)
  await late.lease.close()
  await rig.clock.advance(HOUR_MS) // a tenth of it
  assert.equal(a.clock.aheadOfRedisMs, 0)
  assert.ok(Math.abs(a.clock.now() - redis.now()) <= 100)
})

test('a node that was cut off, or stood still with its machine, takes no time from the others', async t => {
  await using nodes = await openNodes(t, { a: 0, b: 0 })
  const { rig, redis, a, b } = nodes
  await rig.clock.advance(2_500)
  // an hour less has passed for it
  a.clock.learn({ asked: a.clock.monotonic(), answered: a.clock.monotonic(), now: redis.now() - HOUR_MS, aheadMs: 0 })
  await rig.clock.advance(2_500)
  for (const { clock } of [a, b]) assert.ok(Math.abs(clock.now() - redis.now()) <= 1, `${clock.now() - redis.now()} ms`)
})
