import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { VirtualClock } from '#testing'
import { SwitchError, SwitchhookError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { silentEvents } from '../../src/events/events.ts'
import { readEntry, type Done, type Entry } from '../../src/journal/entries.ts'
import { Journal } from '../../src/journal/journal.ts'
import { Leg } from '../../src/call/leg.ts'
import { memoryCallStore } from '../../src/journal/memory-call-store.ts'
import type { CallStore } from '../../src/journal/call-store.ts'
import { step, Steps } from '../../src/journal/steps.ts'
import { arrivalOf } from '../arrival.ts'

const arrival = arrivalOf({ answered: true })

/** A call that a node has just taken: its steps, and its entries in the store. */
async function taken(t: TestContext, options: { calls?: CallStore; past?: readonly Entry[] } = {}) {
  const clock = new VirtualClock()
  const calls = options.calls ?? memoryCallStore()
  const begin = { k: 'begin', at: clock.now(), arrival } as const
  const { epoch } = await calls.take(arrival.uuid, 'a', JSON.stringify(begin))
  const leg = new Leg({ arrival, home: null, clock, log: silentLog })
  const log: string[] = []
  const tell = (_: object, text: string) => void log.push(text)
  const telling = { ...silentLog, debug: tell, warn: tell, error: tell } as typeof silentLog
  const journal = new Journal({
    uuid: arrival.uuid,
    store: calls,
    owner: { node: 'a', epoch },
    begin,
    clock,
    log: telling,
    events: silentEvents,
    lost: () => leg.giveAway('taken'),
  })
  const changes: string[] = []
  leg.steps = new Steps(journal, options.past, why => changes.push(why))
  t.after(() => leg.end('NORMAL_CLEARING'))
  const written = async () => (await calls.read(arrival.uuid)).slice(1).map(readEntry)
  return { clock, calls, leg, journal, written, log, changes }
}

/** The same store, except for the writing of entries. */
const writingBy = (calls: CallStore, append: CallStore['append']): CallStore =>
  new Proxy(calls, {
    get: (target, name) => (name === 'append' ? append : (Reflect.get(target, name) as () => unknown).bind(target)),
  })

const done = (n: string, verb: string, r: Done['r'], at = 1): Done => ({ k: 'done', n, verb, at, r })
const settled = (clock: VirtualClock) => clock.advance(1)

test('a result is in the store before the flow sees it, and an intent before the effect', async t => {
  const { leg, written } = await taken(t)
  const seen: string[] = []
  await step(leg, {
    verb: 'dial',
    intent: () => 'x',
    async run() {
      seen.push((await written()).map(entry => entry.k).join())
      return 1
    },
  })
  seen.push((await written()).map(entry => entry.k).join())
  assert.deepEqual(seen, ['intent', 'intent,done'])
})

test('a step that may be done twice waits for no write, and goes along with the next', async t => {
  const calls = memoryCallStore()
  let writes = 0
  const counting = writingBy(calls, (...args) => (writes++, calls.append(...args)))
  const { leg, written } = await taken(t, { calls: counting })
  await step(leg, { verb: 'answer', later: true, run: async () => {} })
  assert.equal(writes, 0)
  await step(leg, { verb: 'menu', run: async () => 'sales' })
  assert.equal(writes, 1)
  assert.deepEqual(
    (await written()).map(entry => entry.k === 'done' && entry.verb),
    ['answer', 'menu'],
  )
})

test('a store that is away costs one verb its wait, and what was missed is written when it is back', async t => {
  const calls = memoryCallStore()
  let away = true
  const shaky = writingBy(calls, (...args) =>
    away ? Promise.reject(new SwitchhookError('SERVICE', 'away')) : calls.append(...args),
  )
  const { leg, written, log } = await taken(t, { calls: shaky })
  assert.equal(await step(leg, { verb: 'one', run: async () => 1 }), 1)
  assert.equal(await step(leg, { verb: 'two', run: async () => 2 }), 2)
  away = false
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(await step(leg, { verb: 'three', run: async () => 3 }), 3)
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(
    (await written()).map(entry => entry.k === 'done' && entry.verb),
    ['one', 'two', 'three'],
  )
  assert.equal(log.length, 2)
})

test('a call that outlives the room for unwritten steps keeps a journal without a gap, and says so once', async t => {
  const calls = memoryCallStore()
  let away = true
  const shaky = writingBy(calls, (...args) =>
    away ? Promise.reject(new SwitchhookError('SERVICE', 'away')) : calls.append(...args),
  )
  const { leg, clock, written, log } = await taken(t, { calls: shaky })
  for (let n = 0; n < 1_100; n++) await step(leg, { verb: `v${n}`, run: async () => n })
  away = false
  await clock.advance(5_000)
  await step(leg, { verb: 'after', run: async () => 1 })
  await clock.advance(5_000)
  const verbs = (await written()).map(entry => entry.k === 'done' && entry.verb)
  assert.deepEqual(
    verbs,
    Array.from({ length: 1_000 }, (_, n) => `v${n}`),
  )
  assert.equal(log.filter(line => line.includes('is full of steps')).length, 1)
})

test('what could not be written is written when the store is back, however long the step lasts that runs meanwhile', async t => {
  const calls = memoryCallStore()
  let away = true
  const shaky = writingBy(calls, (...args) =>
    away ? Promise.reject(new SwitchhookError('SERVICE', 'away')) : calls.append(...args),
  )
  const { leg, clock, written } = await taken(t, { calls: shaky })
  // both are under way when the store fails
  await Promise.all(['one', 'two'].map(verb => step(leg, { verb, run: async () => verb })))
  void step(leg, { verb: 'talk', run: () => new Promise(() => {}) })
  await clock.advance(5_000)
  away = false
  await clock.advance(1_100)
  assert.deepEqual(
    (await written()).map(entry => entry.k === 'done' && entry.verb),
    ['one', 'two'],
  )
})

test('what a call could not write that is another node’s by now is not written late', async t => {
  const calls = memoryCallStore()
  const shaky = writingBy(calls, () => Promise.reject(new SwitchhookError('SERVICE', 'away')))
  const { leg, clock, journal } = await taken(t, { calls: shaky })
  void step(leg, { verb: 'one', run: async () => 1 })
  journal.stop() // while the write is under way
  await clock.advance(3_000)
  assert.equal(clock.pending().length, 0)
})

test('an effect is not begun by a node that hears, when it writes it down, that the call is another one’s', async t => {
  const { leg, calls, clock } = await taken(t)
  await calls.take(arrival.uuid, 'b', '')
  let dialled = false
  void step(leg, { verb: 'dial', intent: () => 'x', run: async () => void (dialled = true) })
  await settled(clock)
  assert.equal(leg.phase, 'moved')
  assert.equal(dialled, false, 'the other node dials')
})

test('a flow that fails over a key is told so, and its call goes on, also when the key is told again', async t => {
  const { leg, clock, log } = await taken(t, {
    past: [{ k: 'key', n: '1', at: 5, digit: '7' }, done('2', 'play', null)],
  })
  leg.steps.listen(leg, () => assert.fail('the author was wrong'))
  await clock.runUntil(step(leg, { verb: 'play', run: () => assert.fail('it was done before') }), 100)
  leg.emit('key', '8')
  assert.equal(await clock.runUntil(step(leg, { verb: 'menu', run: async () => 'sales' }), 100), 'sales')
  assert.deepEqual(log, [
    'the key listener of a flow failed; the call continues',
    'the key listener of a flow failed; the call continues',
  ])
})

test('a node whose call another node has taken sees no result any more, and writes nothing', async t => {
  const { leg, calls, clock, written } = await taken(t)
  await calls.take(arrival.uuid, 'b', '')
  let seen = false
  void step(leg, { verb: 'menu', run: async () => 'sales' }).then(() => (seen = true))
  await settled(clock)
  assert.equal(leg.phase, 'moved')
  assert.equal(seen, false)
  assert.deepEqual(await written(), [])
})

test('what was lived through is not done again, and a failure is the same failure', async t => {
  const past: Entry[] = [
    done('1', 'menu', 'sales'),
    {
      k: 'done',
      n: '2',
      verb: 'play',
      at: 2,
      x: { name: 'SwitchError', code: 'SOUND_MISSING', message: 'no such sound' },
    },
  ]
  const { leg, clock } = await taken(t, { past })
  const run = () => assert.fail('it was done before')
  assert.equal(await clock.runUntil(step(leg, { verb: 'menu', run }), 100), 'sales')
  const again = assert.rejects(
    step(leg, { verb: 'play', run }),
    (error: Error) =>
      error instanceof SwitchError && error.code === 'SOUND_MISSING' && error.message === 'no such sound',
  )
  await clock.runUntil(again, 100)
  assert.equal(await step(leg, { verb: 'menu', run: async () => 'support' }), 'support')
})

test('two things at once come out in the order in which they did the first time', async t => {
  const { leg, clock } = await taken(t, { past: [done('2', 'quick', 'q'), done('1', 'slow', 's')] })
  const order: unknown[] = []
  const run = () => assert.fail('it was done before')
  const all = Promise.all([
    step(leg, { verb: 'slow', run }).then(r => order.push(r)),
    step(leg, { verb: 'quick', run }).then(r => order.push(r)),
  ])
  await settled(clock)
  await all
  assert.deepEqual(order, ['q', 's'])
})

test('an effect that was intended and has no result is settled by its own rule, with what was intended', async t => {
  const { leg } = await taken(t, { past: [{ k: 'intent', n: '1', verb: 'dial', at: 1, d: { uuid: 'u-1' } }] })
  const result = await step<string, { uuid: string }>(leg, {
    verb: 'dial',
    intent: () => ({ uuid: 'u-2' }),
    run: async () => 'again',
    recover: async ({ uuid }) => `found ${uuid}`,
  })
  assert.equal(result, 'found u-1')
})

test('a step that is another one than it was is a changed script: nothing settles any more', async t => {
  const { leg, clock, changes } = await taken(t, { past: [done('1', 'menu ivr/old', 'sales')] })
  let seen = false
  void step(leg, { verb: 'menu ivr/new', run: async () => 'x' }).then(() => (seen = true))
  await settled(clock)
  assert.deepEqual(changes, ['step 1 was "menu ivr/old" and is now "menu ivr/new"'])
  assert.equal(seen, false)
})

test('a flow that does not come to a step any more is a changed script after a second', async t => {
  const { leg, clock, changes } = await taken(t, { past: [done('1', 'menu', 'sales'), done('3', 'play', null)] })
  const run = () => assert.fail('the journal is not through')
  await clock.runUntil(step(leg, { verb: 'menu', run }), 100)
  void step(leg, { verb: 'dial', run })
  await clock.advance(1_100)
  assert.deepEqual(changes, ['the flow no longer reaches step 3 "play"'])
})

test('keys that a flow was told are told again, and those that come now after them', async t => {
  const { leg, clock } = await taken(t, {
    past: [done('1', 'answer', null), { k: 'key', n: '2', at: 5, digit: '7' }, done('3', 'play', null)],
  })
  const keys: string[] = []
  const run = () => assert.fail('it was done before')
  const flow = async () => {
    await step(leg, { verb: 'answer', run })
    t.after(() => listening[Symbol.dispose]())
    const listening = leg.steps.listen(leg, key => keys.push(key))
    leg.emit('key', '9')
    await step(leg, { verb: 'play', run })
  }
  await clock.runUntil(flow(), 100)
  await settled(clock)
  assert.deepEqual(keys, ['7', '9'])
})
