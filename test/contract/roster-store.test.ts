/** One suite for both rosters, in memory and in Redis: both keep the same promises. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { AgentSettings } from '../../src/agent/agent.ts'
import type { AgentNotice, Roster } from '../../src/agent/roster.ts'
import { NotFoundError } from '../../src/base/errors.ts'
import { HOMES } from './shared-stores.ts'

const NOW = 1_767_600_000_000
const settings = (name: string): AgentSettings => ({
  name,
  endpoint: `user/${name}`,
  wrapUpMs: 30_000,
  ringForMs: 20_000,
  queues: [{ queue: 'sales', level: 1, position: 2 }],
})

async function add(roster: Roster, name: string): Promise<void> {
  await roster.put(settings(name), NOW)
  await roster.setStatus(name, 'ready', NOW)
}

/** Everything that a listener has received; `until` waits for the notice that satisfies its check. */
function listenTo(t: TestContext, roster: Roster) {
  const heard: AgentNotice[] = []
  const waiting = new Set<() => void>()
  const listening = roster.onChange(notice => {
    heard.push(notice)
    for (const look of [...waiting]) look()
  })
  t.after(() => listening[Symbol.dispose]())
  return {
    heard,
    until: (holds: (heard: AgentNotice[]) => boolean) =>
      new Promise<void>(resolve => {
        const look = () => {
          if (!holds(heard)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}

for (const [home, open] of Object.entries(HOMES)) {
  test(`${home}: an agent is kept as they were given, and seen from the other node`, async t => {
    const { first, second } = await open(t)
    assert.equal(await first.roster.get('alice', NOW), null)
    const made = await first.roster.put(settings('alice'), NOW)
    assert.deepEqual(await second.roster.get('alice', NOW), made)
    await first.roster.put(settings('bert'), NOW)
    assert.deepEqual(
      (await second.roster.list(NOW)).map(agent => agent.name),
      ['alice', 'bert'],
    )
  })

  test(`${home}: an agent who dials in is on the line for both nodes, until the leg has ended`, async t => {
    const { first, second } = await open(t)
    await add(first.roster, 'alice')
    const line = { leg: 'leg-1', flow: 'unpark', step: '3' }
    await first.roster.occupy('alice', 'leg-1', NOW)
    assert.equal((await first.roster.dialIn('alice', line, NOW))?.state, 'idle')
    assert.deepEqual((await second.roster.get('alice', NOW))?.dialledIn, line)
    assert.equal(await second.roster.reserve('alice', 'call-1', NOW, 10_000), null)
    assert.equal(await second.roster.dialOut('alice', 'leg-2', NOW), false)
    assert.equal(await second.roster.dialOut('alice', 'leg-1', NOW), true)
    assert.equal((await first.roster.get('alice', NOW))?.dialledIn, undefined)
    assert.notEqual(await first.roster.reserve('alice', 'call-1', NOW, 10_000), null)
    assert.equal(await first.roster.dialIn('nobody', line, NOW), null)
  })

  test(`${home}: new settings leave status, state and promise as they are`, async t => {
    const { first } = await open(t)
    await add(first.roster, 'alice')
    const epoch = await first.roster.reserve('alice', 'c1', NOW, 5_000)
    await first.roster.put({ ...settings('alice'), wrapUpMs: 1_000, queues: [] }, NOW)
    const agent = await first.roster.get('alice', NOW)
    assert.equal(agent?.wrapUpMs, 1_000)
    assert.deepEqual(agent?.queues, [])
    assert.equal(agent?.reservation?.epoch, epoch)
    assert.equal(agent?.status, 'ready')
  })

  test(`${home}: break reasons and their limits are kept, and seen from the other node`, async t => {
    const { first, second } = await open(t)
    await add(first.roster, 'alice')
    await first.roster.takeBreak('alice', 'golf', NOW) // any reason, while there is no catalogue
    await first.roster.putBreakReason({ reason: 'lunch', limitMs: 60_000 })
    await first.roster.putBreakReason({ reason: 'coffee', limitMs: null })
    await first.roster.putBreakReason({ reason: 'lunch', limitMs: 30_000 })
    assert.deepEqual(await second.roster.breakReasons(), [
      { reason: 'coffee', limitMs: null },
      { reason: 'lunch', limitMs: 30_000 },
    ])
    await assert.rejects(second.roster.takeBreak('alice', 'golf', NOW), /allowed: coffee, lunch/)
    assert.equal((await second.roster.takeBreak('alice', 'lunch', NOW)).breakUntil, NOW + 30_000)
    assert.equal((await second.roster.settle('alice', NOW + 30_000))?.overdue, true)
    assert.equal((await first.roster.get('alice', NOW + 30_000))?.overdue, true)
    assert.equal(await second.roster.removeBreakReason('lunch'), true)
    assert.equal(await first.roster.removeBreakReason('lunch'), false)
    await assert.rejects(first.roster.takeBreak('nobody', 'coffee', NOW), NotFoundError)
  })

  test(`${home}: an agent logs in to one queue, talks, and gives a disposition`, async t => {
    const { first, second } = await open(t)
    const queues = ['sales', 'support'].map(queue => ({ queue, level: 1, position: 1 }))
    await first.roster.put({ ...settings('alice'), queues, wrapUpEnds: 'disposition' }, NOW)
    const { away } = await first.roster.logIn('alice', ['support'], NOW)
    assert.deepEqual(away, [queues[0]])
    const epoch = await second.roster.reserve('alice', 'c1', NOW, 5_000)
    assert.equal((await second.roster.advance('alice', epoch!, 'talking', NOW))?.state, 'talking')
    await second.roster.release('alice', epoch!, 'talked', NOW)
    assert.equal(await first.roster.finishWrapUp('alice', NOW), false)
    const { state, lastTalk } = (await first.roster.dispose('alice', 'sale', NOW))!
    assert.deepEqual({ state, lastTalk }, { state: 'idle', lastTalk: { call: 'c1', queue: null, disposition: 'sale' } })
    assert.deepEqual((await second.roster.get('alice', NOW))?.away, [queues[0]])
  })

  test(`${home}: an agent who was removed is gone, and nobody can talk under their promise`, async t => {
    const { first } = await open(t)
    await add(first.roster, 'alice')
    const epoch = await first.roster.reserve('alice', 'c1', NOW, 5_000)
    assert.equal(await first.roster.remove('alice', NOW), true)
    assert.equal(await first.roster.remove('alice', NOW), false)
    assert.equal(await first.roster.advance('alice', epoch!, 'talking', NOW), null)
    assert.equal(await first.roster.reserve('alice', 'c1', NOW, 5_000), null)
    assert.equal(await first.roster.settle('alice', NOW), null)
    await assert.rejects(first.roster.setStatus('alice', 'ready', NOW), NotFoundError)
    await assert.rejects(first.roster.nail('alice', null, NOW), NotFoundError)
    await first.roster.put(settings('alice'), NOW + 1_000)
    await first.roster.setStatus('alice', 'ready', NOW + 1_000)
    assert.ok((await first.roster.reserve('alice', 'c1', NOW + 1_000, 5_000))! > epoch!)
  })

  test(`${home}: a whole call, from the promise to the end of the wrap-up`, async t => {
    const { first, second } = await open(t)
    await add(first.roster, 'alice')
    const epoch = (await first.roster.reserve('alice', 'c1', NOW, 5_000))!
    assert.equal(await second.roster.reserve('alice', 'c2', NOW, 5_000), null)
    assert.equal((await second.roster.hold('alice', epoch, NOW, 9_000))?.reservation?.deadline, NOW + 9_000)
    assert.ok(await first.roster.advance('alice', epoch, 'ringing', NOW))
    assert.ok(await second.roster.advance('alice', epoch, 'talking', NOW + 4_000))
    assert.ok(await second.roster.release('alice', epoch, 'talked', NOW + 60_000))
    assert.equal(await first.roster.release('alice', epoch, 'talked', NOW + 60_000), null)
    assert.ok(await first.roster.extendWrapUp('alice', 5_000, NOW + 61_000))
    assert.equal((await second.roster.get('alice', NOW + 94_999))?.state, 'wrap-up')
    assert.equal((await second.roster.get('alice', NOW + 95_000))?.state, 'idle')
    assert.equal((await first.roster.settle('alice', NOW + 95_000))?.state, 'idle')
    assert.equal(await first.roster.finishWrapUp('alice', NOW + 95_000), false)
  })

  test(`${home}: who advances an agent by an old record is told what is stored, and overwrites nothing`, async t => {
    const { first, second } = await open(t)
    await add(first.roster, 'alice')
    const epoch = (await first.roster.reserve('alice', 'c1', NOW, 5_000))!
    const reserved = await first.roster.get('alice', NOW)
    const ringing = await first.roster.advance('alice', epoch, 'ringing', NOW, reserved)
    assert.equal(ringing?.state, 'ringing')
    await second.roster.setStatus('alice', 'break', NOW, 'lunch')
    const talking = await first.roster.advance('alice', epoch, 'talking', NOW, ringing)
    assert.deepEqual([talking?.state, talking?.reason], ['talking', 'lunch'])
    await second.roster.release('alice', epoch, 'talked', NOW)
    for (const old of [reserved, ringing, talking])
      assert.equal(await first.roster.advance('alice', epoch, 'talking', NOW, old), null)
  })

  test(`${home}: a promise that lapsed is over for its caller, and the agent is free for the next`, async t => {
    const { first, second } = await open(t)
    await add(first.roster, 'alice')
    const old = (await first.roster.reserve('alice', 'c1', NOW, 5_000))!
    assert.equal(await second.roster.reserve('alice', 'c2', NOW + 4_999, 5_000), null)
    const epoch = (await second.roster.reserve('alice', 'c2', NOW + 5_000, 5_000))!
    assert.ok(epoch > old)
    assert.equal(await first.roster.advance('alice', old, 'ringing', NOW + 5_000), null)
    assert.equal(await first.roster.hold('alice', old, NOW + 5_000, 5_000), null)
  })

  test(`${home}: a busy phone elsewhere, a leg that is nailed up, and their ends`, async t => {
    const { first, second } = await open(t)
    await add(first.roster, 'alice')
    assert.ok(await first.roster.occupy('alice', 'leg-0', NOW))
    assert.equal(await second.roster.reserve('alice', 'c1', NOW, 5_000), null)
    assert.ok(await second.roster.vacate('alice', 'leg-0', NOW))
    assert.equal(await second.roster.vacate('alice', 'leg-0', NOW), false)
    await first.roster.nail('alice', { leg: 'leg-1', node: 'a' }, NOW)
    assert.deepEqual((await second.roster.get('alice', NOW))?.nailed, { leg: 'leg-1', node: 'a', since: NOW })
    assert.equal((await first.roster.nail('alice', null, NOW)).nailed, null)
  })

  test(`${home}: every node hears every change, whole and in order`, async t => {
    const { first, second } = await open(t)
    const ear = listenTo(t, second.roster)
    await ear.until(heard => heard.length === 1)
    assert.deepEqual(ear.heard[0], { what: 'resync' })
    await add(first.roster, 'alice')
    const epoch = (await first.roster.reserve('alice', 'c1', NOW, 5_000))!
    await first.roster.release('alice', epoch, 'busy', NOW)
    const agent = await first.roster.get('alice', NOW)
    await first.roster.remove('alice', NOW)
    await ear.until(heard => heard.length === 6)
    const notices = ear.heard.slice(1).map(notice => notice.what === 'agent' && notice.agent)
    assert.deepEqual(
      notices.map(known => known && `${known.status} ${known.state}`),
      ['logged-out idle', 'ready idle', 'ready reserved', 'ready idle', null],
    )
    assert.deepEqual(notices[3], agent)
    const late = listenTo(t, second.roster)
    await late.until(heard => heard.length === 1)
    assert.deepEqual(late.heard, [{ what: 'resync' }])
  })

  test(`${home}: of two nodes that want the same agents each agent is given to one`, async t => {
    const { first, second } = await open(t)
    const names = Array.from({ length: 1_000 }, (_, i) => `agent-${i}`)
    await Promise.all(names.map(name => add(first.roster, name)))
    const mine: (number | null)[] = []
    const theirs: (number | null)[] = []
    for (const [i, name] of names.entries()) {
      const a = () => first.roster.reserve(name, `a-${name}`, NOW, 5_000).then(epoch => mine.push(epoch))
      const b = () => second.roster.reserve(name, `b-${name}`, NOW, 5_000).then(epoch => theirs.push(epoch))
      await Promise.all((i % 2 ? [a, b] : [b, a]).map(ask => ask()))
    }
    const agents = new Map((await first.roster.list(NOW)).map(agent => [agent.name, agent]))
    names.forEach((name, i) => {
      assert.equal(Number(mine[i] !== null) + Number(theirs[i] !== null), 1, name)
      assert.deepEqual(agents.get(name)?.reservation, {
        epoch: mine[i] ?? theirs[i],
        for: `${mine[i] === null ? 'b' : 'a'}-${name}`,
        queue: null,
        deadline: NOW + 5_000,
      })
    })
    assert.ok(theirs.some(epoch => epoch !== null) && mine.some(epoch => epoch !== null), 'it was a race')
  })

  test(`${home}: a thousand late words under old epochs change nothing`, async t => {
    const { first, second } = await open(t)
    await add(first.roster, 'alice')
    const stale: number[] = []
    for (let i = 0; i < 50; i++) {
      const epoch = (await first.roster.reserve('alice', `c${i}`, NOW + i, 5_000))!
      await first.roster.release('alice', epoch, 'caller-left', NOW + i)
      stale.push(epoch)
    }
    assert.equal(new Set(stale).size, 50)
    const epoch = (await first.roster.reserve('alice', 'c-now', NOW + 60, 5_000))!
    const before = await first.roster.get('alice', NOW + 60)
    const words = stale.flatMap(old =>
      Array.from({ length: 5 }, () => [
        second.roster.advance('alice', old, 'ringing', NOW + 60).then(agent => agent !== null),
        first.roster.advance('alice', old, 'talking', NOW + 60).then(agent => agent !== null),
        second.roster.release('alice', old, 'talked', NOW + 60).then(agent => agent !== null),
        first.roster.hold('alice', old, NOW + 60, 60_000).then(agent => agent !== null),
      ]).flat(),
    )
    assert.equal(words.length, 1_000)
    assert.deepEqual([...new Set(await Promise.all(words))], [false])
    assert.deepEqual(await second.roster.get('alice', NOW + 60), before)
    assert.ok(await first.roster.advance('alice', epoch, 'talking', NOW + 60))
  })

  test(`${home}: changes from everywhere at once are all there in the end`, async t => {
    const { first, second } = await open(t)
    await add(first.roster, 'alice')
    const epoch = (await first.roster.reserve('alice', 'c1', NOW, 5_000))!
    await first.roster.advance('alice', epoch, 'talking', NOW)
    await first.roster.release('alice', epoch, 'talked', NOW)
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => [first, second][i % 2]!.roster.extendWrapUp('alice', 1_000, NOW)),
    )
    assert.equal((await first.roster.get('alice', NOW))?.wrapUpUntil, NOW + 30_000 + 40_000)
  })
}

test('Redis: a listener whose link broke hears resync when it is back, and the changes after it', async t => {
  const { first, second, subscriber } = await HOMES['Redis']!(t)
  const ear = listenTo(t, second.roster)
  await ear.until(heard => heard.length === 1)
  subscriber!.disconnect(true)
  await ear.until(heard => heard.filter(notice => notice.what === 'resync').length === 2)
  await first.roster.put(settings('alice'), NOW)
  await ear.until(heard => heard.at(-1)?.what === 'agent')
})
