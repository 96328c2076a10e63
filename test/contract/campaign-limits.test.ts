/** Limits on real stores: lines, starts, agents and the lease hold for all nodes together. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { memoryCallStarts } from '../../src/campaign/memory-call-starts.ts'
import { takeLease, Lease } from '../../src/campaign/lease.ts'
import { keepGrants, openCampaignRig, until } from './campaign-rig.ts'

test('lines are shared by all nodes and campaigns: together they never hold more than there are', async t => {
  const { carrier, dial, agents, campaign } = await openCampaignRig(t, { lines: 7, cps: 1_000 })
  await agents(20)
  carrier.behaviour = () => 'rings'
  const [spring, autumn] = [await campaign({ name: 'spring' }, 20), await campaign({ name: 'autumn', maxLines: 4 }, 20)]
  const dialers = [await dial('a', spring), await dial('b', autumn)]
  await until(() => carrier.legs.size === 7 && dialers.every(dialer => dialer.last?.decision.why === 'lines'))
  for (const leg of [...carrier.legs].slice(0, 3)) carrier.hangUp(leg, 'USER_BUSY')
  await until(() => carrier.dialled.length === 10)
  await Promise.all(dialers.map(dialer => dialer.stop()))
  assert.equal(carrier.legs.size, 7)
})

test('two dialers together start no more calls per second than the switch may, in any second', async t => {
  const { carrier, node, dial, agents, campaign } = await openCampaignRig(t, { lines: 1_000, cps: 10 })
  await agents(60)
  const granted: number[] = []
  const dialers = []
  for (const name of ['spring', 'autumn']) {
    const rig = await node(name)
    keepGrants(rig, granted)
    dialers.push(await dial(name, await campaign({ name }, 15), rig))
  }
  await until(() => carrier.dialled.length === 30)
  await Promise.all(dialers.map(dialer => dialer.stop()))
  granted.sort((a, b) => a - b)
  const inASecond = granted.map(at => granted.filter(other => other >= at && other < at + 1_000).length)
  assert.equal(Math.max(...inASecond), 10, 'as many as may be, and no more')
})

test('callbacks and campaigns share the calls per second of a FreeSWITCH, and a callback is told when it may start', async t => {
  const { node } = await openCampaignRig(t, { lines: 1, cps: 3 })
  const { capacity } = await node('a')
  const { capacity: other } = await node('b')
  const now = systemClock.now()
  const ask = { campaign: 'spring', ofCampaign: { lines: 9, cps: 100 }, at: 'fs', holdMs: 60_000 }
  const { ids } = await capacity.take({ ...ask, now, ids: [randomUUID()] })
  assert.equal(ids.length, 1, 'the campaign has the only line')
  assert.deepEqual([await capacity.start('fs', now), await other.start('fs', now + 10)], [0, 0])
  assert.equal(await other.start('fs', now + 400), 601, 'the first start counts for a second')
  assert.equal(await other.start('elsewhere', now + 400), 0)
  const { starts, nextStartMs } = await other.take({ ...ask, now: now + 500, ids: [] })
  assert.deepEqual([starts, nextStartMs], [0, 501])
  assert.equal(await capacity.start('fs', now + 1_001), 0)
})

test('the starts in memory are granted as those in Redis', async t => {
  const { node } = await openCampaignRig(t, { lines: 1, cps: 3 })
  const { capacity } = await node('a')
  const began = systemClock.now()
  let now = began
  const memory = memoryCallStarts(3, () => now)
  for (const at of [0, 1, 400, 700, 900, 1_000, 1_001, 1_002, 1_300, 1_402, 1_403]) {
    now = began + at
    assert.equal(await memory.start('fs'), await capacity.start('fs', now), `${at} ms`)
  }
})

test('of all who ask at the same moment only as many are granted as there are lines and starts', async t => {
  const { node } = await openCampaignRig(t, { lines: 9, cps: 12 })
  const nodes = [await node('a'), await node('b')]
  const now = systemClock.now()
  const ask = (campaign: string, at: number, lines = 100) =>
    Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        nodes[n % 2]!.capacity.take({
          campaign,
          ofCampaign: { lines, cps: 100 },
          at: 'fs',
          now: now + at,
          holdMs: 60_000,
          ids: [randomUUID(), randomUUID()],
        }),
      ),
    )
  const granted = (grants: Awaited<ReturnType<typeof ask>>) => grants.flatMap(grant => grant.ids)
  const first = granted(await ask('spring', 0, 4))
  assert.equal(first.length, 4) // lines of the campaign
  const second = granted(await ask('autumn', 1))
  assert.equal(second.length, 5) // lines of the installation
  assert.equal(await nodes[1]!.capacity.giveBack('spring', first[0]!), true)
  assert.equal(await nodes[0]!.capacity.giveBack('spring', first[0]!), false)
  for (const id of [...first, ...second])
    await nodes[0]!.capacity.giveBack(first.includes(id) ? 'spring' : 'autumn', id)
  assert.equal(granted(await ask('spring', 2)).length, 3) // starts: 12 in this second
  const [look] = await ask('spring', 500)
  assert.deepEqual([look!.starts, look!.lines, look!.nextStartMs], [0, 6, 501])
  assert.equal(granted(await ask('spring', 61_000)).length, 9) // a line of which nothing more was heard is free
})

test('a node that was frozen finds its lease passed before it does anything', async t => {
  const { node, campaign } = await openCampaignRig(t)
  const spring = await campaign()
  const rig = await node('a')
  let frozenFor = 0
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + frozenFor }
  const asked = systemClock.monotonic()
  const lease = await takeLease({ home: rig.home, campaign: spring, node: 'a', clock, log: rig.log })
  assert.ok(lease instanceof Lease && lease.holds, 'it was free')
  const other = await takeLease({ home: rig.home, campaign: spring, node: 'b', clock: systemClock, log: rig.log })
  const since = Math.ceil(systemClock.monotonic() - asked) + 1 // Redis counts whole milliseconds
  assert.ok(
    typeof other === 'number' && other >= 6_000 - since && other <= 6_000,
    `it is held for its 6 s: ${String(other)} ms are left ${since} ms later`,
  )
  frozenFor = 5_600
  assert.equal(lease.holds, false)
  await lease.giveBack()
  const next = await takeLease({ home: rig.home, campaign: spring, node: 'b', clock: systemClock, log: rig.log })
  assert.ok(next instanceof Lease && next.epoch > lease.epoch, 'every holder has an epoch of its own')
  await next.giveBack()
})
