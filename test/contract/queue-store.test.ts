/** One suite for both queue stores, in memory and in Redis: both keep the same promises. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallEnded, NotFoundError } from '../../src/base/errors.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { match } from '../../src/queue/match.ts'
import { talking, waitsOn } from '../../src/queue/member.ts'
import type { Assignment, QueueNotice } from '../../src/queue/queue-table.ts'
import { openNodeQueues } from '../node-queues.ts'
import { waitingCall } from '../waiting-call.ts'
import { addReady, HOMES, joining, NOW, type Home } from './shared-stores.ts'

const SALES = { name: 'sales', strategy: 'longest-idle-agent' } as const
/** The decision of a node that matches now. */
async function decide({ roster, store }: Home, now = NOW): Promise<readonly Assignment[]> {
  const [queues, members, agents] = await Promise.all([store.queues(), store.members('sales'), roster.list(now)])
  return match({ queues, members, agents, now }).assignments
}

for (const [home, open] of Object.entries(HOMES)) {
  const openSales = async (t: Parameters<typeof open>[0]) => {
    const homes = await open(t)
    await homes.first.store.put(SALES)
    return homes
  }

  test(`${home}: a queue is removed with all that was in it, but not while a caller has a place`, async t => {
    const { first, second } = await openSales(t)
    await first.store.enter('sales', joining('c1'), NOW)
    await first.store.keepForCallback({ queue: 'sales', call: 'c1', number: '+49301234567' }, NOW)
    assert.equal(await second.store.remove('sales'), false)
    assert.deepEqual(await first.store.queues(), [SALES])
    await first.store.leave('sales', 'c1', 'left')
    let hear: (what: QueueNotice['what']) => void = () => {}
    const next = () => new Promise<QueueNotice['what']>(resolve => (hear = resolve))
    const begun = next()
    using _listening = first.store.onChange(notice => hear(notice.what))
    await begun
    const removed = next()
    assert.equal(await second.store.remove('sales'), true)
    assert.equal(await removed, 'resync')
    assert.deepEqual(await first.store.queues(), [])
    await assert.rejects(first.store.enter('sales', joining('c2'), NOW), NotFoundError)
    await second.store.put(SALES)
    assert.deepEqual(await first.store.callbackRequests('sales'), [])
    assert.equal((await first.store.stats('sales')).entered, 0)
    assert.equal(await second.store.remove('support'), true, 'there was none')
  })

  test(`${home}: a callback has its place in the order without a live call, until the call enters`, async t => {
    const { first, second } = await openSales(t)
    await first.store.enter('sales', joining('early', NOW - 20_000), NOW)
    await first.store.enter('sales', joining('late', NOW - 5_000), NOW)
    const callback = { order: 'agent-first' } as const
    const place = { call: 'back', from: '+49301234567', joinedAt: NOW - 10_000, headStartMs: 0 }
    const awaits = (more = {}) => first.store.awaitCallback('sales', { ...place, callback, notBefore: 0, ...more }, NOW)
    assert.equal(await awaits(), true)
    const line = async () => (await second.store.waiting('sales')).map(({ call }) => call)
    assert.deepEqual(await line(), ['early', 'back', 'late'])
    assert.equal((await second.store.stats('sales')).entered, 2, 'nobody has entered for it yet')
    const { rev } = (await second.store.member('sales', 'back'))!
    await awaits()
    assert.equal((await second.store.member('sales', 'back'))!.rev, rev, 'nothing has changed')
    await awaits({ notBefore: NOW + 60_000 })
    assert.equal((await second.store.member('sales', 'back'))!.passedUntil, NOW + 60_000)

    const entered = await second.store.enter('sales', joining('back', NOW), NOW)
    assert.deepEqual([entered.joinedAt, entered.callback, entered.passedUntil], [NOW - 10_000, undefined, 0])
    assert.equal((await first.store.stats('sales')).entered, 3)
    await awaits({ notBefore: NOW + 60_000 })
    assert.equal((await first.store.member('sales', 'back'))!.passedUntil, 0, 'its call is there')
    assert.equal(await first.store.forgetCallback('sales', 'back'), null, 'its call is there')
    assert.deepEqual(await line(), ['early', 'back', 'late'])
  })

  test(`${home}: the place of a callback is taken away, and follows its queue to another one`, async t => {
    const { first, second } = await openSales(t)
    await first.store.put({ ...SALES, name: 'support' })
    const place = { call: 'back', from: '+49301234567', joinedAt: NOW, headStartMs: 0 }
    const awaits = { ...place, callback: { order: 'customer-first' }, notBefore: 0 } as const
    assert.equal(await first.store.awaitCallback('nowhere', awaits, NOW), false)
    await first.store.awaitCallback('sales', awaits, NOW)
    assert.equal((await second.store.forgetCallback('sales', 'back'))?.call, 'back')
    assert.equal(await second.store.forgetCallback('sales', 'back'), null)
    await first.store.awaitCallback('sales', awaits, NOW)
    await second.store.put({ ...SALES, movedTo: 'support' })
    assert.equal(await second.store.move((await first.store.member('sales', 'back'))!, 'support', NOW), true)
    assert.equal((await first.store.stats('support')).entered, 0)
    assert.equal((await first.store.forgetCallback('sales', 'back'))?.queue, 'support')
    await first.store.awaitCallback('sales', awaits, NOW)
    assert.equal((await second.store.members('support')).length, 1)
  })

  test(`${home}: queues are kept, and only those that exist can be entered`, async t => {
    const { first, second } = await openSales(t)
    assert.deepEqual(await second.store.queues(), [SALES])
    await assert.rejects(second.store.enter('slaes', joining('c1'), NOW), NotFoundError)
    assert.deepEqual(await first.store.members('slaes'), [])
  })

  test(`${home}: callers stand in the order of their score, then of their coming`, async t => {
    const { first, second } = await openSales(t)
    for (const [call, waited] of [
      ['late', 0],
      ['early', 9_000],
      ['twin-1', 5_000],
      ['twin-2', 5_000],
    ] as const) {
      await (call === 'twin-1' ? second : first).store.enter('sales', joining(call, NOW - waited), NOW)
    }
    await first.store.enter('sales', { ...joining('important'), headStartMs: 7_000 }, NOW)
    const line = await second.store.waiting('sales')
    assert.deepEqual(
      line.map(member => member.call),
      ['early', 'important', 'twin-1', 'twin-2', 'late'],
    )
  })

  test(`${home}: who comes again through another node keeps place, time and offer, and is counted once`, async t => {
    const { first, second } = await openSales(t)
    await addReady(first.roster, 'alice')
    await first.store.enter('sales', joining('c1'), NOW)
    await first.store.enter('sales', joining('c2'), NOW)
    const [assignment] = await decide(first)
    const done = await first.store.assign(assignment!, 'a', 5_000, NOW)
    const again = await second.store.enter('sales', { ...joining('c1', NOW + 30_000), node: 'b' }, NOW + 30_000)
    assert.deepEqual(again, { ...done!.member, node: 'b', rev: again.rev })
    assert.equal((await first.store.stats('sales')).entered, 2)
    assert.deepEqual(
      (await first.store.waiting('sales')).map(member => member.call),
      ['c1', 'c2'],
    )
  })

  test(`${home}: an assignment writes the agent, the caller and its record, or nothing`, async t => {
    const { first, second } = await openSales(t)
    await addReady(first.roster, 'alice')
    await first.store.enter('sales', joining('c1', NOW - 5_000), NOW)
    const [assignment] = await decide(first)
    const done = await first.store.assign(assignment!, 'a', 5_000, NOW)
    const epoch = done!.agent.reservation!.epoch
    const agent = await second.roster.get('alice', NOW)
    assert.deepEqual(agent, done!.agent)
    assert.deepEqual(agent?.reservation, { epoch, for: 'c1', queue: 'sales', deadline: NOW + 5_000 })
    assert.deepEqual(await second.store.member('sales', 'c1'), done!.member)
    assert.deepEqual(done!.member.offer, { agent: 'alice', epoch })
    assert.deepEqual(await second.store.offers('sales'), [{ ...assignment!.record, epoch, node: 'a' }])
    assert.equal(await second.store.assign(assignment!, 'b', 5_000, NOW), null)
    assert.equal((await first.store.offers('sales')).length, 1)
  })

  test(`${home}: an assignment is refused when the agent or the caller is not as they were`, async t => {
    const { first, second } = await openSales(t)
    await addReady(first.roster, 'alice')
    await first.store.enter('sales', joining('c1'), NOW)
    const [before] = await decide(first)
    await second.roster.setStatus('alice', 'break', NOW)
    assert.equal(await first.store.assign(before!, 'a', 5_000, NOW), null)
    await second.roster.setStatus('alice', 'ready', NOW)
    const [after] = await decide(first)
    await second.store.leave('sales', 'c1', 'abandoned')
    assert.equal(await first.store.assign(after!, 'a', 5_000, NOW), null)
    assert.equal((await first.roster.get('alice', NOW))?.state, 'idle')
    assert.deepEqual(await first.store.members('sales'), [])
    assert.deepEqual(await first.store.offers('sales'), [])
  })

  test(`${home}: agents take turns whichever node assigns them, and a node that is late assigns nobody twice`, async t => {
    const { first, second } = await openSales(t)
    await first.store.put({ ...SALES, strategy: 'round-robin' })
    for (const name of ['alice', 'bert', 'carl']) await addReady(first.roster, name)
    /** A caller comes to this node, is offered an agent and hangs up. */
    const offered = async ({ store, roster }: Home, call: string) => {
      await store.enter('sales', joining(call, NOW - 60_000), NOW)
      const [assignment] = await decide({ store, roster })
      const done = await store.assign(assignment!, 'a', 5_000, NOW)
      await store.leave('sales', call, 'abandoned')
      await roster.release(done!.agent.name, done!.agent.reservation!.epoch, 'caller-left', NOW)
      return done!.agent.name
    }
    assert.deepEqual(
      [
        await offered(first, 'c1'),
        await offered(second, 'c2'),
        await offered(first, 'c3'),
        await offered(second, 'c4'),
      ],
      ['alice', 'bert', 'carl', 'alice'],
    )
    await first.store.enter('sales', joining('late'), NOW)
    const [late] = await decide(first)
    assert.equal(await offered(second, 'c5'), 'bert', 'this caller hangs up before the late node writes')
    assert.equal(await first.store.assign(late!, 'a', 5_000, NOW), null)
    const [again] = await decide(first)
    assert.equal((await first.store.assign(again!, 'a', 5_000, NOW))?.agent.name, 'carl')
  })

  test(`${home}: another node knows who was offered last to a caller`, async t => {
    const { first, second } = await openSales(t)
    await first.store.put({ ...SALES, strategy: 'top-down' })
    for (const name of ['alice', 'bert', 'carl']) await addReady(first.roster, name)
    await first.store.enter('sales', joining('c1'), NOW)
    const asked: string[] = []
    for (const { store, roster } of [first, second, first, second]) {
      const [assignment] = await decide({ store, roster })
      const { agent, member } = (await store.assign(assignment!, 'a', 5_000, NOW))!
      asked.push(agent.name)
      await roster.release(agent.name, agent.reservation!.epoch, 'caller-left', NOW)
      await store.change('sales', 'c1', known => waitsOn(known, member.offer!, 0, NOW))
    }
    assert.deepEqual(asked, ['alice', 'bert', 'carl', 'alice'])
  })

  test(`${home}: an agent whose promise lapsed can be assigned again`, async t => {
    const { first, second } = await openSales(t)
    await addReady(first.roster, 'alice')
    await first.roster.reserve('alice', 'lead-1', NOW, 5_000)
    await first.store.enter('sales', joining('c1'), NOW)
    assert.deepEqual(await decide(second, NOW + 4_999), [])
    const [assignment] = await decide(second, NOW + 5_000)
    assert.ok(await second.store.assign(assignment!, 'b', 5_000, NOW + 5_000))
  })

  test(`${home}: an offer that came to nothing, a talk, and the ways to leave are written and counted`, async t => {
    const { first, second } = await openSales(t)
    await addReady(first.roster, 'alice')
    for (const call of ['c1', 'c2', 'c3', 'c4']) await first.store.enter('sales', joining(call), NOW)
    const [one] = await decide(first)
    const { epoch } = (await first.store.assign(one!, 'a', 5_000, NOW))!.agent.reservation!
    assert.equal(
      await second.store.change('sales', 'c1', member => waitsOn(member, { agent: 'bert', epoch }, 0, NOW)),
      null,
      'another agent of the same number',
    )
    assert.equal(
      await second.store.change('sales', 'c1', member => waitsOn(member, { agent: 'alice', epoch: epoch - 1 }, 0, NOW)),
      null,
    )
    assert.equal(
      (await second.store.change('sales', 'c1', member => waitsOn(member, { agent: 'alice', epoch }, 0, NOW)))?.state,
      'waiting',
    )
    await first.roster.release('alice', epoch, 'caller-left', NOW)
    const [two] = await decide(second)
    const later = (await second.store.assign(two!, 'b', 5_000, NOW))!.agent.reservation!.epoch
    assert.ok(await first.store.change('sales', 'c1', member => talking(member, { agent: 'alice', epoch: later }, NOW)))
    assert.deepEqual(
      (await second.store.waiting('sales')).map(member => member.call),
      ['c2', 'c3', 'c4'],
    )
    assert.equal((await second.store.leave('sales', 'c1', 'talked'))?.offer?.epoch, later)
    await second.store.leave('sales', 'c2', 'abandoned')
    await second.store.leave('sales', 'c3', 'callback')
    await second.store.leave('sales', 'c4', 'left')
    assert.equal(await second.store.leave('sales', 'c4', 'left'), null)
    assert.equal(await second.store.change('sales', 'c4', member => member), null)
    assert.deepEqual(await first.store.stats('sales'), { entered: 4, answered: 1, abandoned: 1, callback: 1, left: 1 })
  })

  test(`${home}: a callback is kept once for each call, oldest first`, async t => {
    const { first, second } = await openSales(t)
    await first.store.keepForCallback({ queue: 'sales', call: 'c2', number: '+492' }, NOW + 1_000)
    await second.store.keepForCallback({ queue: 'sales', call: 'c1', number: '+491' }, NOW)
    await second.store.keepForCallback({ queue: 'sales', call: 'c2', number: '+493' }, NOW + 2_000)
    const kept = (await first.store.callbackRequests('sales')).map(({ number, keptAt }) => [number, keptAt - NOW])
    assert.deepEqual(kept, [
      ['+491', 0],
      ['+492', 1_000],
    ])
  })

  test(`${home}: every node hears of the reservation before the offer that stands on it`, async t => {
    const { first, second } = await openSales(t)
    await addReady(first.roster, 'alice')
    const heard: string[] = []
    const complete = new Promise<void>(resolve => {
      let ready = 0
      const hear = (what: string) => {
        heard.push(what)
        if (what === 'offered') resolve()
      }
      const started = () => ++ready === 2 && void act()
      const act = async () => {
        await first.store.enter('sales', joining('c1'), NOW)
        await first.store.assign((await decide(first))[0]!, 'a', 5_000, NOW)
      }
      const agents = second.roster.onChange(notice => (notice.what === 'agent' ? hear(notice.agent!.state) : started()))
      const queues = second.store.onChange((notice: QueueNotice) => {
        if (notice.what === 'resync') started()
        if (notice.what === 'member') hear(notice.member!.state)
      })
      t.after(() => [agents, queues].forEach(listening => listening[Symbol.dispose]()))
    })
    await complete
    assert.deepEqual(heard, ['waiting', 'reserved', 'offered'])
  })

  test(`${home}: two nodes that decide the same give every agent once and every caller once`, async t => {
    const { first, second } = await openSales(t)
    const N = 300
    await Promise.all(Array.from({ length: N }, (_, i) => addReady(first.roster, `agent-${i}`)))
    await Promise.all(Array.from({ length: N }, (_, i) => first.store.enter('sales', joining(`c${i}`, NOW + i), NOW)))
    const given = new Map<string, string>()
    for (let round = 0; given.size < N; round++) {
      // One of them decides on a reversed view, so that they want the same agents for other callers.
      const [mine, theirs] = await Promise.all([decide(first), decide(second)])
      const crossed = theirs.map((assignment, i) => ({ ...assignment, member: theirs[theirs.length - 1 - i]!.member }))
      const asks = [...mine.map(one => [first, one, 'a'] as const), ...crossed.map(one => [second, one, 'b'] as const)]
      const order = asks.map((ask, i) => ({ ask, at: (i * 7_919) % asks.length })).sort((x, y) => x.at - y.at)
      await Promise.all(
        order.map(async ({ ask: [{ store }, assignment, node] }) => {
          const done = await store.assign(assignment, node, 60_000, NOW)
          if (!done) return
          assert.equal(given.get(done.agent.name), undefined)
          given.set(done.agent.name, done.member.call)
        }),
      )
      assert.ok(round < 50, 'it comes to an end')
    }
    assert.equal(new Set(given.values()).size, N)
    for (const agent of await second.roster.list(NOW)) assert.equal(agent.reservation?.for, given.get(agent.name))
    for (const member of await second.store.members('sales')) assert.equal(given.get(member.offer!.agent), member.call)
  })

  test(`${home}: two nodes with callers of their own serve them all, first come first served`, async t => {
    const { first, second } = await openSales(t)
    const nodes = [first, second].map((parts, i) =>
      openNodeQueues({ ...parts, clock: systemClock, log: silentLog, node: `node-${i}` }),
    )
    t.after(() => Promise.all(nodes.map(node => node[Symbol.asyncDispose]())))
    for (const name of ['alice', 'bert', 'carl']) await addReady(first.roster, name, systemClock.now())
    const talks = new Map<string, string>()
    const serve = async (i: number, place: Awaited<ReturnType<(typeof nodes)[number]['enter']>>) => {
      await using held = place
      await using agent = await held.agent({ within: '1m' })
      assert.ok(agent, `caller ${i} has an agent`)
      assert.equal(talks.get(agent.name), undefined, `${agent.name} has two callers`)
      talks.set(agent.name, `c${i}`)
      assert.ok(await agent.ringing())
      assert.ok(await agent.talking())
      talks.delete(agent.name)
    }
    const served: Promise<void>[] = []
    for (let i = 0; i < 60; i++) {
      const place = await nodes[i % 2]!.enter(waitingCall(`c${i}`), 'sales')
      served.push(serve(i, place))
    }
    await Promise.all(served)
    assert.deepEqual(await nodes[1]!.check(), [])
    const stats = await first.store.stats('sales')
    assert.deepEqual([stats.entered, stats.answered], [60, 60])
    // The order of offers is exact where one node sees everything. Between nodes it is exact except for the time of a
    // notice.
    const calls = (await first.store.offers('sales')).map(offer => Number(offer.call.slice(1))).toReversed()
    calls.forEach((call, i) => assert.ok(Math.abs(call - i) <= 10, `c${call} was number ${i}`))
  })

  test(`${home}: a caller who hangs up on one node frees the agent for a caller on the other`, async t => {
    const { first, second } = await openSales(t)
    const [a, b] = [first, second].map((parts, i) =>
      openNodeQueues({ ...parts, clock: systemClock, log: silentLog, node: `node-${i}` }),
    )
    t.after(() => Promise.all([a!, b!].map(node => node[Symbol.asyncDispose]())))
    await addReady(first.roster, 'alice', systemClock.now())
    const life = new AbortController()
    const place = await a!.enter(waitingCall('c1', life.signal), 'sales')
    assert.ok(await place.agent({ within: '1m' }))
    await using next = await b!.enter(waitingCall('c2'), 'sales')
    const waiting = next.agent({ within: '1m' })
    life.abort(new CallEnded('ORIGINATOR_CANCEL'))
    await using agent = await waiting
    assert.equal(agent?.name, 'alice')
    assert.equal((await first.store.stats('sales')).abandoned, 1)
  })
}
