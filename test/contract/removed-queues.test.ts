/** A queue is removed and its name leads to another queue, in memory and in Redis, and from the command line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { NotFoundError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { waitsOn, type Member } from '../../src/queue/member.ts'
import { match } from '../../src/queue/match.ts'
import type { Place } from '../../src/queue/place.ts'
import { openNodeQueues } from '../node-queues.ts'
import { waitingCall } from '../waiting-call.ts'
import { Installation } from './cli-process.ts'
import { addReady, HOMES, joining, NOW } from './shared-stores.ts'

const strategy = 'longest-idle-agent'
const SALES = { name: 'sales', strategy }
const SUPPORT = { name: 'support', strategy }
for (const [home, open] of Object.entries(HOMES)) {
  const openBoth = async (t: Parameters<typeof open>[0]) => {
    const homes = await open(t)
    for (const queue of [SALES, SUPPORT]) await homes.first.store.put(queue)
    return homes
  }

  test(`${home}: callers of a removed queue wait in another one, with their time and order, and are counted once`, async t => {
    const { first, second } = await openBoth(t)
    const MOVED = { ...SUPPORT, movedTo: 'sales' }
    await first.store.enter('sales', joining('own', NOW - 2_000), NOW)
    for (const call of ['twin-1', 'twin-2'])
      await first.store.enter('support', { ...joining(call, NOW - 5_000), headStartMs: 1_000 }, NOW)
    await first.store.enter('support', joining('talks'), NOW)
    await first.store.keepForCallback({ queue: 'support', call: 'c9', number: '+499' }, NOW)
    const offer = { agent: 'alice', epoch: 1 }
    const talks = (member: Member): Member => ({
      ...member,
      state: 'talking',
      offer,
      answeredAt: NOW,
      rev: member.rev + 1,
    })
    await first.store.change('support', 'talks', talks)

    await second.store.put(MOVED)
    assert.deepEqual(await first.store.queues(), [SALES])
    assert.deepEqual(
      (await first.store.everyQueue()).sort((a, b) => (a.name < b.name ? -1 : 1)),
      [SALES, MOVED],
    )
    const heard: string[] = []
    const complete = new Promise<void>(resolve => {
      const listening = second.store.onChange(notice => {
        if (notice.what === 'resync') void act()
        if (notice.what === 'member') heard.push(`${notice.call} ${notice.queue} ${notice.member ? 'is' : 'is not'}`)
        if (heard.length === 4) resolve()
      })
      t.after(() => listening[Symbol.dispose]())
    })
    const act = async () => {
      for (const member of (await first.store.waiting('support')).toReversed()) {
        assert.equal(await first.store.move(member, 'nowhere', NOW), false)
        assert.equal(await first.store.move(member, 'sales', NOW), true)
        assert.equal(await second.store.move(member, 'sales', NOW), false, 'by another node meanwhile')
      }
    }
    await complete
    assert.deepEqual(heard, ['twin-2 sales is', 'twin-2 support is not', 'twin-1 sales is', 'twin-1 support is not'])
    assert.deepEqual(
      (await second.store.waiting('sales')).map(({ call, queue, joinedAt, headStartMs }) => [
        call,
        queue,
        NOW - joinedAt,
        headStartMs,
      ]),
      [
        ['twin-1', 'sales', 5_000, 1_000],
        ['twin-2', 'sales', 5_000, 1_000],
        ['own', 'sales', 2_000, 0],
      ],
    )
    assert.deepEqual(
      (await second.store.members('support')).map(({ call }) => call),
      ['talks'],
      'a caller who talks finishes the talk',
    )
    assert.equal((await first.store.stats('sales')).entered, 3)
    assert.deepEqual(
      (await first.store.callbackRequests('sales')).map(({ call, queue }) => [call, queue]),
      [['c9', 'sales']],
    )
    assert.deepEqual(await first.store.callbackRequests('support'), [])
  })

  test(`${home}: the name of a removed queue leads callers to the other one until it is a queue again`, async t => {
    const { first, second } = await openBoth(t)
    await first.store.enter('support', joining('early', NOW - 9_000), NOW)
    await first.store.put({ name: 'help', strategy, movedTo: 'support' })
    await first.store.put({ ...SUPPORT, movedTo: 'sales' })

    const early = await second.store.enter('help', { ...joining('early', NOW), node: 'b' }, NOW)
    assert.deepEqual([early.queue, early.joinedAt, early.node], ['sales', NOW - 9_000, 'b'], 'the place went along')
    assert.deepEqual(await first.store.members('support'), [])
    assert.equal((await second.store.enter('help', joining('late'), NOW)).queue, 'sales')
    await second.store.keepForCallback({ queue: 'support', call: 'late', number: '+491' }, NOW)
    assert.deepEqual(
      (await first.store.callbackRequests('sales')).map(({ call }) => call),
      ['late'],
    )
    assert.equal((await second.store.leave('help', 'late', 'abandoned'))?.queue, 'sales')
    assert.equal(await second.store.leave('help', 'late', 'abandoned'), null)
    assert.deepEqual(await first.store.stats('sales'), { entered: 2, answered: 0, abandoned: 1, callback: 0, left: 0 })

    await first.store.put(SUPPORT)
    assert.equal((await second.store.enter('help', joining('c3'), NOW)).queue, 'support')
    assert.equal((await second.store.stats('support')).entered, 1, 'a new queue counts from the beginning')
    await first.store.put({ ...SUPPORT, movedTo: 'help' })
    await assert.rejects(first.store.enter('support', joining('c4'), NOW), NotFoundError, 'a circle leads nowhere')
    await assert.rejects(first.store.enter('help', joining('c4'), NOW), NotFoundError)
  })

  test(`${home}: a caller of a removed queue keeps the place there while an agent is offered`, async t => {
    const { first, second } = await openBoth(t)
    await addReady(first.roster, 'alice', NOW)
    await first.store.enter('sales', joining('c1'), NOW)
    const members = await first.store.members('sales')
    const [assignment] = match({ queues: [SALES], members, agents: await first.roster.list(NOW), now: NOW }).assignments
    const { member } = (await first.store.assign(assignment!, 'a', 5_000, NOW))!
    await second.store.put({ ...SALES, movedTo: 'support' })
    const again = await second.store.enter('sales', { ...joining('c1'), node: 'b' }, NOW)
    assert.deepEqual(again, { ...member, node: 'b', rev: again.rev })
    await first.store.change('sales', 'c1', stored => waitsOn(stored, member.offer!, 0, NOW))
    assert.equal((await second.store.enter('sales', joining('c1'), NOW)).queue, 'support')
  })

  test(`${home}: callers of two nodes whose queue is removed while they come get the agents of the other queue`, async t => {
    const { first, second } = await openBoth(t)
    const nodes = [first, second].map((parts, i) =>
      openNodeQueues({ ...parts, clock: systemClock, log: silentLog, node: `node-${i}` }),
    )
    t.after(() => Promise.all(nodes.map(node => node[Symbol.asyncDispose]())))
    const talks = async (place: Place) => {
      await using held = place
      await using agent = await held.agent({ within: '1m' })
      assert.ok(await agent?.ringing(), 'an agent')
      assert.ok(await agent!.talking())
      assert.equal(held.queue, 'sales')
    }
    const served: Promise<void>[] = []
    for (let i = 0; i < 40; i++) {
      if (i === 30) await second.store.put({ ...SUPPORT, movedTo: 'sales' })
      served.push(talks(await nodes[i % 2]!.enter(waitingCall(`c${i}`), 'support')))
    }
    for (const name of ['alice', 'bert']) await addReady(first.roster, name, systemClock.now())
    await Promise.all(served)
    assert.deepEqual(await nodes[0]!.check(), [])
    assert.deepEqual([await first.store.members('support'), await first.store.members('sales')], [[], []])
    const { entered, answered } = await first.store.stats('sales')
    assert.deepEqual([entered, answered], [40, 40])
  })
}

const rig = await Installation.open()

test('a supervisor removes a queue in which a caller waits, and is told where the caller goes', async () => {
  const { queueStore } = rig
  const errors = async (words: string) => (await rig.types(words)).err
  for (const name of ['night', 'day']) await rig.types(`queue add ${name}`)
  await queueStore.enter('night', joining('n1', NOW - 5_000), NOW)
  assert.match(
    await errors('queue remove night'),
    /callers wait or talk in the queue 'night'; remove it with --move-to/,
  )
  await rig.types('agent add carl user/1007 --queues night')
  assert.match(await errors('queue remove night --move-to day'), /the queue 'night' has agents: carl/)
  await rig.types('agent set carl --queues day')
  const same = await rig.types('queue remove night --move-to night')
  assert.equal(same.code, 2)
  assert.equal(same.err, "switchhook: --move-to: 'night' is the queue that is removed; give another queue\n")
  assert.equal((await rig.types('queue remove night --move-to dawn')).code, 3)
  const moved = await rig.types('queue remove night --move-to day')
  assert.equal(moved.out, 'queue night was removed; moved to day: 1 waiting callers, 0 callbacks\n')

  assert.doesNotMatch((await rig.types('queue list')).out, /night/)
  assert.equal((await rig.types('queue set night --strategy random')).code, 3)
  assert.equal((await queueStore.enter('night', joining('n1'), NOW)).joinedAt, NOW - 5_000)
  await queueStore.leave('day', 'n1', 'left')
  await rig.types('agent remove carl')
  assert.equal((await rig.types('queue remove day --move-to night')).code, 3, 'no circle')
  assert.match(await errors('queue remove day'), /the callers of removed queues go to the queue 'day': night/)
  assert.equal((await rig.types('queue remove night')).out, 'queue night was removed\n')
  assert.equal((await rig.types('queue remove day')).out, 'queue day was removed\n')
  assert.deepEqual(await queueStore.everyQueue(), [])
})
