/** The time that all nodes share: Redis's, whatever the clocks of machines show. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log } from '../../src/base/log.ts'
import { silentLog } from '../../src/base/log.ts'
import { SharedClock } from '../../src/base/shared-clock.ts'
import { SharedTime } from '../../src/node/shared-time.ts'
import { MachineClock, VirtualClock } from '../../src/testing/index.ts'

const HOUR_MS = 3_600_000

/** A node on a machine whose clock is ahead by this, and Redis, whose clock is right. */
function openNode(aheadMs: number) {
  const time = new VirtualClock()
  const machine = new MachineClock(time, aheadMs)
  const redis = new MachineClock(time)
  const clock = new SharedClock(machine)
  const said: { level: string; fields: Record<string, number>; message: string }[] = []
  const note = (level: string) => (fields: Record<string, number>, message: string) =>
    void said.push({ level, fields, message })
  const keeps = new SharedTime(clock, { ...silentLog, info: note('info'), warn: note('warn') } as unknown as Log)
  /** The lease is renewed: the question takes this long, and the answer this long. */
  const renews = async (there = 0, back = 0, kept = 0) => {
    const asked = clock.monotonic()
    await time.advance(there)
    const now = redis.now()
    await time.advance(back)
    keeps.hear({ asked, answered: clock.monotonic(), now: now + kept, aheadMs: kept })
  }
  return { time, machine, redis, clock, said, renews, errorMs: () => clock.now() - redis.now() }
}

test('a node whose clock is 15 s ahead has the time of Redis from its first lease on', async () => {
  const node = openNode(15_000)
  assert.equal(node.errorMs(), 15_000, 'before it has heard of Redis it knows no better')
  await node.renews()
  assert.ok(Math.abs(node.errorMs()) <= 1, `${node.errorMs()} ms`)
  await node.time.advance(30_000)
  assert.ok(Math.abs(node.errorMs()) <= 1, 'and while Redis is away its time goes on')
})

test('whoever sets the clock of a machine by an hour moves neither the time nor a timer', async () => {
  for (const step of [HOUR_MS, -HOUR_MS]) {
    const node = openNode(0)
    await node.renews()
    const before = node.clock.now()
    let rang: number | undefined
    node.clock.after(30_000, () => (rang = node.clock.now()))
    node.machine.setWallClock(step)
    assert.equal(node.clock.now(), before)
    await node.time.advance(15_000)
    await node.renews()
    await node.time.advance(15_000)
    assert.equal(rang, before + 30_000)
  }
})

test('a slow answer moves nothing that it does not contradict, and time that was a little ahead stands still and never goes back', async () => {
  const node = openNode(0)
  await node.renews()
  for (const [there, back] of [
    [0, 900],
    [900, 0],
    [450, 450],
  ] as const) {
    await node.renews(there, back)
    assert.ok(Math.abs(node.errorMs()) <= 1, `${there} ms there, ${back} ms back: ${node.errorMs()} ms`)
  }
  node.redis.setWallClock(-40) // the crystals of the two machines differ
  const before = node.clock.now()
  await node.renews()
  assert.equal(node.clock.now(), before)
  await node.time.advance(39)
  assert.equal(node.clock.now(), before)
  await node.time.advance(2)
  assert.ok(Math.abs(node.errorMs()) <= 1, `${node.errorMs()} ms`)
  assert.deepEqual(node.said, [])
})

test('a clock that is wrong is told of once, again when it is wrong by much more, and when it is right again', async () => {
  const node = openNode(900)
  for (let renewal = 0; renewal < 5; renewal++) await node.renews()
  assert.deepEqual(node.said, [], 'less than a second is nobody’s business')
  const told = () =>
    node.said
      .splice(0)
      .map(({ level, fields, message }) => [level, Math.round(fields['aheadMs']! / 100) / 10 + 0, message.slice(0, 36)])
  // 15 s ahead, then 15.3 and 15; an hour and 15 s; 0.8 s; 1.2 s behind; right
  for (const step of [14_100, 300, -300, HOUR_MS, -HOUR_MS - 14_200, -2_000, 1_200]) {
    node.machine.setWallClock(step)
    for (let renewal = 0; renewal < 5; renewal++) await node.renews()
  }
  assert.deepEqual(told(), [
    ['warn', 15, 'the clock of this machine differs fr'],
    ['warn', 3_615, 'the clock of this machine differs fr'],
    ['warn', -1.2, 'the clock of this machine differs fr'],
    ['info', 0, 'the clock of this machine agrees wit'],
  ])
})

test('that the clock of Redis was set is told of once, and not that the nodes go back to it', async () => {
  const node = openNode(0)
  await node.renews()
  node.redis.setWallClock(HOUR_MS) // the nodes keep their time, which is an hour behind Redis's clock now
  node.machine.setWallClock(HOUR_MS)
  for (let back = 0; back < 30_000; back += 100) await node.renews(0, 0, back - HOUR_MS)
  assert.deepEqual(
    node.said.map(({ level, fields, message }) => [level, fields['aheadMs'], message.slice(0, 26)]),
    [['warn', -HOUR_MS, 'the clock of Redis was set']],
  )
  assert.ok(Math.abs(node.clock.machineAheadMs) <= 1, 'this machine has the same clock as Redis')
})

test('a jump that all follow is told of, for every deadline moves by it', async () => {
  const node = openNode(0)
  await node.renews()
  node.redis.setWallClock(24 * HOUR_MS)
  node.machine.setWallClock(24 * HOUR_MS)
  for (let renewal = 0; renewal < 5; renewal++) await node.renews()
  assert.deepEqual(
    node.said.map(({ level, fields, message }) => [
      level,
      Math.round(fields['movedMs']! / HOUR_MS),
      message.slice(0, 22),
    ]),
    [['warn', 24, 'the shared time jumped']],
  )
  node.redis.setWallClock(-24 * HOUR_MS)
  node.clock.now()
  await node.renews()
  assert.ok(Math.abs(node.errorMs()) <= 1, 'time that was wrong by much goes back at once')
})
