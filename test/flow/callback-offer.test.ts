/** A caller who has waited for long is offered a callback: which number is called, and who is not offered one. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow, InputError } from '#flow'
import { simulate, type Simulation } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

const support = { params: { queue: 'support' } }

/** The numbers of the promised callbacks. */
const kept = async (sim: Simulation) => (await sim.callbacks.list({ limit: 10 })).map(({ number }) => number)

async function wantsCallback(t: TestContext, from: string) {
  const sim = simulate(t)
  const caller = sim.call(queueEntry, { ...support, from })
  await caller.hears('queue/callback-offer', '4m')
  await caller.presses('1')
  return { sim, caller }
}

test('a caller who has waited two minutes is offered a callback, hears the number and confirms it', async t => {
  const { sim, caller } = await wantsCallback(t, '004930555123')
  await caller.hears('queue/callback-number')
  for (const digit of '4930555123') await caller.hears(`digits/${digit}`)
  await caller.hears('queue/callback-confirm')
  await caller.presses('1')
  await caller.hears('queue/we-call-you')
  assert.equal(await caller.outcome(), 'callback')
  assert.deepEqual(await kept(sim), ['+4930555123'])
})

test('a caller who wants to be called at another number types it, hears it and confirms it', async t => {
  const { sim, caller } = await wantsCallback(t, '+4930555123')
  await caller.hears('queue/callback-confirm')
  await caller.presses('2')
  await caller.hears('queue/callback-type-number')
  await caller.presses('030777#')
  await caller.hears('queue/callback-number')
  for (const digit of '030777') await caller.hears(`digits/${digit}`)
  await caller.presses('1')
  assert.equal(await caller.outcome(), 'callback')
  assert.deepEqual(await kept(sim), ['030777'])
})

for (const from of ['withheld', 'Coverage Unavailable', 'anonymous.invalid', 'asterisk', '000', '0', '+', 'alice'])
  test(`a caller whose number is shown as '${from}' is asked for one, and typing none keeps the place`, async t => {
    const { sim, caller } = await wantsCallback(t, from)
    await caller.hears('queue/callback-type-number')
    await caller.presses('000#')
    await caller.hears('queue/callback-type-number')
    await caller.hears('queue/callback-type-number')
    await caller.hears('music moh/calm', '30s')
    assert.deepEqual(await kept(sim), [])
    assert.equal((await sim.queueStore.waiting('support')).length, 1)
    await caller.hangsUp()
    await caller.outcome()
  })

test('a caller who says neither yes nor another keeps the place', async t => {
  const { sim, caller } = await wantsCallback(t, '+4930555123')
  await caller.hears('queue/callback-confirm')
  await caller.hears('queue/callback-confirm')
  await caller.hears('music moh/calm', '30s')
  assert.deepEqual(await kept(sim), [])
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
})

test('a flow that keeps a text that cannot be dialled is refused, and its caller still has the place', async t => {
  const sim = simulate(t)
  const refused: string[] = []
  const texts = ['alice', '"x" <y>', '+4930555123;phone-context=x', 'sip:anonymous@anonymous.invalid']
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await using place = await call.enqueue('support')
      for (const text of texts) {
        const keep = async () => place.keepForCallback(text)
        await assert.rejects(keep, InputError)
        refused.push(text)
      }
      await place.agent({ within: '10s' })
    }),
  )
  await sim.until('the caller waits', () => refused.length === texts.length)
  await sim.advance('1s')
  assert.equal((await sim.queueStore.waiting('support')).length, 1)
  await caller.hangsUp()
  await caller.outcome()
})
