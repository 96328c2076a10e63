/** Keys that come early: in the sounds of a question, in sounds before it, and where nobody asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

const CHOICES = { 1: 'sales', 2: 'support' } as const
const support = { params: { queue: 'support' } }

test('an agent who knows the whisper and presses 1 in it has accepted at once', async t => {
  const sim = simulate(t, { sounds: { 'whisper/support': '3s' } })
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, support)
  await alice.ready()
  await alice.hears('whisper/support')
  await alice.presses('1')
  await caller.talksWith('alice', '1s')
  assert.ok(!sim.transcript().includes('whisper/press-1'), 'the whisper has ended')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('an agent who presses 1 in the whisper has accepted, wherever the node dies', async t => {
  const runs = await simulate(t, { sounds: { 'whisper/support': '3s' } }).takeoverEverywhere(
    queueEntry,
    async (caller, sim) => {
      const [alice] = sim.agents
      await alice!.hears('whisper/support', '60s')
      await alice!.presses('1')
      await caller.talksWith('alice')
      await sim.advance('2s')
      await caller.hangsUp()
      await caller.outcome()
    },
    { ...support, before: sim => sim.agent('alice').ready() },
  )
  assert.ok(runs > 10, `${runs} takeovers`)
})

const greeting = flow(async call => {
  await call.answer()
  await call.play('ivr/greeting', { typeAhead: true })
  await call.play('ivr/news', { typeAhead: true })
  const department = await call.menu('ivr/welcome', CHOICES)
  const number = await call.gather({ digits: 3, prompt: 'ivr/number', tries: 1 })
  return `${department} ${number}`
})

test('a caller who knows the menu answers it in the greeting, and only the question behind it', async t => {
  const sim = simulate(t)
  const caller = sim.call(greeting)
  await caller.hears('ivr/greeting')
  await caller.presses('2')
  await caller.hears('ivr/number')
  await caller.presses('471')
  assert.equal(await caller.outcome(), 'support 471')
  assert.ok(!sim.transcript().includes('ivr/welcome'), 'the menu is not played')
})

test('a key that is no choice of the menu is forgotten, and the caller hears the menu', async t => {
  const sim = simulate(t)
  const caller = sim.call(greeting)
  await caller.hears('ivr/news')
  await caller.presses('7')
  await caller.hears('ivr/welcome')
  await caller.presses('1')
  await caller.hears('ivr/number')
  await caller.presses('471')
  assert.equal(await caller.outcome(), 'sales 471')
})

test('what was typed ahead is remembered by the next node, wherever the node dies', async t => {
  await simulate(t).takeoverEverywhere(greeting, async caller => {
    await caller.hears('ivr/greeting')
    await caller.presses('2')
    await caller.hears('ivr/number')
    await caller.presses('471')
    await caller.outcome()
  })
})

test('digits that begin a number ahead and are not gone on with are forgotten', async t => {
  const sim = simulate(t)
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('ivr/greeting', { typeAhead: true })
      return call.gather({ digits: [3, 5], prompt: 'ivr/number' })
    }),
  )
  await caller.hears('ivr/greeting')
  await caller.presses('47')
  await caller.hears('ivr/number')
  await caller.presses('12345')
  assert.equal(await caller.outcome(), '12345')
})

test('digits that are ended ahead are the answer', async t => {
  const sim = simulate(t)
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('ivr/greeting', { typeAhead: true })
      return call.gather({ digits: [3, 5], prompt: 'ivr/number' })
    }),
  )
  await caller.hears('ivr/greeting')
  await caller.presses('4711#9')
  assert.equal(await caller.outcome(), '4711')
})

const ASKED = 'ivr/welcome'
const EARLIER: readonly (readonly [string, string, (call: Parameters<typeof queueEntry>[0]) => Promise<unknown>])[] = [
  [
    'in the music of a queue',
    'music moh/calm',
    async call => {
      await using place = await call.enqueue('support')
      await using _music = await call.music('moh/calm')
      await place.agent({ within: '10s' })
    },
  ],
  [
    'to end a recorded message',
    'ivr/leave-a-message',
    async call => {
      await call.play('ivr/leave-a-message')
      await call.record()
    },
  ],
  [
    'for keys() of the flow',
    'ivr/one',
    async call => {
      await call.play('ivr/one')
      for await (const key of call.keys()) if (key === '1') break
    },
  ],
  [
    'in a sound with type-ahead, when something else comes before the question',
    'ivr/one',
    async call => {
      await call.play('ivr/one', { typeAhead: true })
      await call.play('ivr/two')
    },
  ],
]
for (const [when, sound, earlier] of EARLIER)
  test(`a key that is pressed ${when} does not answer the next question`, async t => {
    const sim = simulate(t)
    const caller = sim.call(
      flow(async call => {
        await call.answer()
        await earlier(call)
        return (await call.menu(ASKED, CHOICES, { tries: 1, timeout: '2s' })) ?? 'nothing'
      }),
    )
    await caller.hears(sound)
    if (sound !== 'music moh/calm' && !when.startsWith('in a sound')) await sim.advance('3s')
    await caller.presses('1')
    await caller.hears(ASKED)
    assert.equal(await caller.outcome(), 'nothing')
  })
