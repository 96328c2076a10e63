/** Callers who wait in a queue, by its settings: who is let in, when they leave, where they go, who is first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow, silence } from '#flow'
import { simulate } from '#testing'
import { action } from '../../src/testing/switch/dialplan.ts'
import { parseHours } from '../../src/base/hours.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import { settings, support } from './queue-settings.ts'

test('an exit key in the music leads to the extension of the setting, and the call is not abandoned', async t => {
  const sim = simulate(t)
  await settings(sim, {
    exitKeys: '0#',
    whenExitKey: { to: 'extension', extension: '7000' },
    overflowSound: 'support/bye',
  })
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await caller.presses('5')
  await caller.doesNotHear('support/bye', '5s')
  await caller.presses('0')
  await caller.hears('support/bye', '2s')
  await caller.outcome()
  const [record] = sim.records
  assert.equal(record!.timeline.at(-1)?.event, 'call.transferred')
  assert.deepEqual(
    sim.told('queue.call.left').map(one => one.why),
    ['exit-key'],
  )
  assert.deepEqual(sim.told('queue.call.abandoned'), [])
  assert.equal((await sim.queueStore.stats('support')).left, 1)
})

test('a caller who has waited for the longest time goes to another queue, and is served there by the time waited', async t => {
  const sim = simulate(t)
  const bob = sim.agent('bob', { queues: ['sales'] })
  await settings(sim, { maxWaitMs: 60_000, whenMaxWait: { to: 'queue', queue: 'sales' } })
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await sim.advance('50s')
  const later = sim.call(queueEntry, { params: { queue: 'sales' } })
  await later.hears('music moh/calm')
  await sim.advance('15s')
  const line = await sim.queueStore.waiting('sales')
  assert.deepEqual(
    line.map(({ call }) => call),
    [await caller.uuid(), await later.uuid()],
    'the caller who came from support waits longer',
  )
  await bob.ready()
  await bob.accepts()
  await caller.talksWith('bob')
  for (const one of [caller, later]) await one.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  await later.outcome()
})

test('queues that send their callers to each other send nobody in circles', async t => {
  const sim = simulate(t)
  await settings(sim, { maxWaitMs: 20_000, whenMaxWait: { to: 'queue', queue: 'sales' } })
  await settings(sim, { maxWaitMs: 20_000, whenMaxWait: { to: 'queue', queue: 'support' } }, 'sales')
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await sim.advance('5m')
  assert.equal((await sim.queueStore.waiting('sales')).length, 1, 'the caller waits on in the last one')
  assert.equal(sim.told('queue.call.entered').length, 2)
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')

  await settings(sim, { maxLength: 1, whenFull: { to: 'queue', queue: 'sales' } })
  await settings(sim, { maxLength: 1, whenFull: { to: 'queue', queue: 'support' }, busySound: 'sales/busy' }, 'sales')
  const full = [sim.call(queueEntry, support), sim.call(queueEntry, { params: { queue: 'sales' } })]
  for (const one of full) await one.hears('music moh/calm')
  const late = sim.call(queueEntry, support)
  await late.hears('sales/busy')
  assert.equal(await late.outcome(), 'full')
  for (const one of full) await one.hangsUp()
  for (const one of full) await one.outcome()
})

test('a queue that is full hears busy and lets nobody else in; who is served makes room', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await settings(sim, { maxLength: 2, busySound: 'support/busy' })
  const callers = [1, 2].map(() => sim.call(queueEntry, support))
  for (const caller of callers) await caller.hears('music moh/calm')
  const third = sim.call(queueEntry, support)
  await third.hears('support/busy')
  assert.equal(await third.outcome(), 'full')
  await alice.ready()
  await alice.accepts()
  await callers[0]!.talksWith('alice')
  const fourth = sim.call(queueEntry, support)
  await fourth.hears('music moh/calm')
  for (const caller of [...callers, fourth]) await caller.hangsUp()
  for (const caller of [...callers, fourth]) await caller.outcome()
  assert.deepEqual(
    sim.told('queue.call.refused').map(({ queue, why }) => [queue, why]),
    [['support', 'full']],
  )
  assert.equal((await sim.queueStore.stats('support')).entered, 3)
})

test('outside the opening hours callers hear so; who waits at closing time leaves when the queue says it', async t => {
  const sim = simulate(t)
  await sim.until('node a opens', sim.ready)
  const minutes = (at: number) => new Date(at).toISOString().slice(11, 16)
  const now = sim.clock.now()
  const openHours = parseHours(`Mon-Sun ${minutes(now - 3_600_000)}-${minutes(now + 120_000)} UTC`)
  await settings(sim, { openHours, leaveWhenClosed: true, closedSound: 'support/closed' })
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await caller.hears('support/closed', '3m')
  assert.equal(await caller.outcome(), 'closed')
  const late = sim.call(queueEntry, support)
  await late.hears('support/closed', '1s')
  assert.equal(await late.outcome(), 'closed')
  assert.deepEqual(
    [sim.told('queue.call.left').map(one => one.why), sim.told('queue.call.refused').map(one => one.why)],
    [['closed'], ['closed']],
  )
})

test('while nobody is logged in, or all are on a break, callers are not let in where the queue says it', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await settings(sim, { enterWithoutAgents: false, enterOnBreak: false, busySound: 'support/nobody' })
  for (const [act, outcome] of [
    [() => alice.logsOut(), 'no-agents'],
    [() => alice.takesBreak(), 'all-on-break'],
  ] as const) {
    await act()
    const caller = sim.call(queueEntry, support)
    await caller.hears('support/nobody')
    assert.equal(await caller.outcome(), outcome)
  }
  await alice.ready()
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await caller.hangsUp()
  await caller.outcome()
})

test('a caller leaves when no agent has been logged in for the time of the setting; an agent who logs in ends that', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await settings(sim, { maxWaitWithoutAgentsMs: 30_000 })
  await alice.ready()
  const began = sim.clock.now()
  const caller = sim.call(queueEntry, support)
  await alice.hears('whisper/press-1')
  await alice.logsOut() // the talk that is offered goes on
  await alice.hangsUp()
  await sim.advance('20s')
  await alice.takesBreak() // an agent on a break is logged in
  await sim.advance('60s')
  await alice.logsOut()
  await sim.advance('25s')
  assert.equal((await sim.queueStore.waiting('support')).length, 1)
  assert.equal(await caller.outcome('10s'), 'no-agents')
  assert.ok(sim.clock.now() - began > 110_000)
})

test('a caller who hung up and calls again within the time gets the place back, once, and a withheld number never', async t => {
  const sim = simulate(t)
  await settings(sim, { resumeWithinMs: 60_000 })
  const enters = async (from: string) => {
    const caller = sim.call(queueEntry, { ...support, from })
    await caller.hears('music moh/calm')
    return caller
  }
  const first = await enters('+4930555001')
  const hidden = await enters('anonymous')
  await sim.advance('30s')
  const others = await Promise.all(['+4930555002', '+4930555003'].map(enters))
  await first.hangsUp()
  await hidden.hangsUp()
  await sim.advance('20s')
  const again = await enters('004930555001')
  const hiddenAgain = await enters('anonymous')
  const twice = await enters('+4930555001')
  const order = [again, ...others, hiddenAgain, twice]
  assert.deepEqual(
    (await sim.queueStore.waiting('support')).map(({ call }) => call),
    await Promise.all(order.map(one => one.uuid())),
  )
  await again.hangsUp()
  await sim.advance('61s')
  const late = await enters('+4930555001')
  assert.equal((await sim.queueStore.waiting('support')).at(-1)!.call, await late.uuid(), 'too late')
  for (const one of [...others, hiddenAgain, twice, late]) await one.hangsUp()
  for (const one of [...others, hiddenAgain, twice, late]) await one.outcome()
})

test('callers of the number list go first or are not let in, by the whole number before its first digits', async t => {
  const sim = simulate(t)
  await settings(sim, { blockedSound: 'support/blocked' })
  const rule = { queue: '', priority: 0, blocked: false, note: '' }
  await sim.queueStore.putNumberRule({ ...rule, number: '+4930777*', priority: 5 })
  await sim.queueStore.putNumberRule({ ...rule, number: '+4930777666', queue: 'support', blocked: true })
  const plain = sim.call(queueEntry, support)
  await plain.hears('music moh/calm')
  const vip = sim.call(queueEntry, { ...support, from: '+4930777111' })
  await vip.hears('music moh/calm')
  const blocked = sim.call(queueEntry, { ...support, from: '004930777666' })
  await blocked.hears('support/blocked')
  assert.equal(await blocked.outcome(), 'blocked')
  assert.deepEqual(
    (await sim.queueStore.waiting('support')).map(({ call }) => call),
    await Promise.all([vip, plain].map(one => one.uuid())),
  )
  for (const one of [plain, vip]) await one.hangsUp()
  for (const one of [plain, vip]) await one.outcome()
})

test('a caller who is not let in is offered a callback, or goes to the mailbox or the extension of the setting', async t => {
  const sim = simulate(t)
  const lets = { enterWithoutAgents: false } as const
  await settings(sim, { ...lets, whenNoAgents: { to: 'callback' } })
  const caller = sim.call(queueEntry, { ...support, from: '+4930555777' })
  await caller.hears('queue/callback-offer')
  await caller.presses('1')
  await caller.hears('queue/callback-confirm')
  await caller.presses('1')
  await caller.hears('queue/we-call-you')
  assert.equal(await caller.outcome(), 'callback')
  assert.deepEqual(
    (await sim.callbacks.list({ limit: 5 })).map(({ number }) => number),
    ['+4930555777'],
  )
  const unwilling = sim.call(queueEntry, support)
  await unwilling.hears('queue/callback-offer')
  assert.equal(await unwilling.outcome(), 'no-agents')

  for (const [to, extension] of [
    ['voicemail', 'switchhook-mailbox-1001'],
    ['extension', '1001'],
  ] as const) {
    const context = to === 'voicemail' ? 'switchhook' : 'default'
    sim.switch.dialplan.extension(extension, [action('answer'), action('playback', `${to}/hello`)], { context })
    await settings(sim, { ...lets, whenNoAgents: { to, extension: '1001' } })
    const one = sim.call(queueEntry, support)
    await one.hears(`${to}/hello`)
    assert.equal(await one.outcome(), 'no-agents')
    assert.equal(sim.records.at(-1)!.timeline.at(-1)!.event, 'call.transferred')
  }
})

test('a flow of its own decides for one caller, and lets a caller wait on who should have left', async t => {
  const sim = simulate(t)
  await settings(sim, { maxWaitMs: 10_000, exitKeys: '1' })
  const own = flow(async call => {
    await call.answer()
    await using place = await call.enqueue('support', { maxWait: '30s', exitKeys: '9', musicOnHold: '', priority: 3 })
    const reasons: string[] = []
    while (reasons.length < 3) {
      await using agent = await place.agent({ within: '20s' })
      if (!agent) reasons.push(place.exit ? `${place.exit.why} ${place.exit.key ?? ''}`.trim() : 'nothing')
    }
    call.tag('reasons', reasons.join(', '))
  })
  const caller = sim.call(own)
  await sim.advance('35s')
  await caller.presses('1')
  await caller.presses('9')
  await caller.outcome()
  const [record] = sim.records
  assert.equal(record!.tags.get('reasons'), 'nothing, max-wait, exit-key 9')
  assert.ok(!sim.transcript().includes('music'), 'the flow wants silence')
})

test('a flow that asks again for an agent whom its caller cannot get is at fault, and the caller hears the apology', async t => {
  const sim = simulate(t)
  await settings(sim, { enterWithoutAgents: false })
  const blind = flow(async call => {
    await call.answer()
    await using place = await call.enqueue('support')
    while (true) await place.agent({ within: '45s' })
  })
  const caller = sim.call(blind)
  await caller.hears('switchhook/sorry')
  assert.equal(await caller.outcome(), 'error')
  const wrong = sim.call(
    flow(async call => {
      await call.enqueue('support', { maxWait: 'soon' as never })
    }),
  )
  assert.equal(await wrong.outcome(), 'error')
})

test('a supervisor who changes the settings sends away who waits too long by them', async t => {
  const sim = simulate(t)
  await settings(sim, {})
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await sim.advance('30s')
  await settings(sim, { maxWaitMs: 40_000, overflowSound: 'support/bye' })
  await caller.hears('support/bye', '11s')
  assert.equal(await caller.outcome(), 'max-wait')
})

test('where the time counts from the begin of the call, a caller who was long in a menu comes first', async t => {
  const sim = simulate(t)
  await settings(sim, { timeBaseScore: 'system' })
  const patient = sim.call(
    flow(async call => {
      await call.answer()
      await call.play(silence('30s'))
      await using place = await call.enqueue('support')
      await place.agent()
    }),
  )
  await sim.advance('10s')
  const quick = sim.call(queueEntry, support)
  await quick.hears('music moh/calm')
  await patient.hears('music moh/calm')
  assert.deepEqual(
    (await sim.queueStore.waiting('support')).map(({ call }) => call),
    await Promise.all([patient, quick].map(one => one.uuid())),
  )
  for (const one of [patient, quick]) await one.hangsUp()
  for (const one of [patient, quick]) await one.outcome()
})

test('a caller whose agent rings at the end of the longest wait keeps this chance, and leaves when it fails', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { answers: '10s', ringFor: '12s', wrapUp: '1s' })
  await settings(sim, { maxWaitMs: 20_000, overflowSound: 'support/bye' })
  for (const isAnswered of [true, false]) {
    const caller = sim.call(queueEntry, support)
    await caller.hears('music moh/calm')
    await sim.advance('15s')
    alice.place.behaviour = { answers: isAnswered ? '10s' : 'never' }
    await alice.ready()
    if (isAnswered) {
      await alice.accepts('20s')
      await caller.talksWith('alice')
      await sim.advance('5s')
      await caller.hangsUp()
      assert.equal(await caller.outcome(), 'talked')
      await alice.logsOut()
      continue
    }
    await caller.hears('support/bye', '15s')
    assert.equal(await caller.outcome(), 'max-wait')
  }
})
