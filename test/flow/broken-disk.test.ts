/**
 * FreeSWITCH's disk cannot take recordings: the flow gets a clear error at once, and the call continues as the flow
 * decides.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'

const NAMES = /^FreeSWITCH cannot write the recording \/.*\.wav \(.*\): check the disk and the folder on its machine$/

for (const disk of ['missing', 'full'] as const) {
  test(`a recording that cannot begin (the disk is ${disk}) fails, and the flow that expects it goes on without`, async t => {
    const sim = simulate(t)
    sim.switch.disk.becomes(disk)
    let failure: unknown
    const caller = sim.call(
      flow(async call => {
        await call.answer()
        await call.recording().catch(error => (failure = error))
        await call.play('ivr/welcome')
      }),
    )
    await caller.hears('ivr/welcome')
    await caller.ended()
    assert.equal((failure as { code?: string }).code, 'SWITCH_REFUSED')
    assert.match((failure as Error).message, NAMES)
    assert.equal(sim.switch.recordings.length, 0)
  })

  test(`a message that cannot be taken (the disk is ${disk}) fails at once, and nobody speaks into nothing`, async t => {
    const sim = simulate(t)
    sim.switch.disk.becomes(disk)
    let failure: unknown
    const caller = sim.call(
      flow(async call => {
        await call.answer()
        await call.record({ limit: '1m' }).catch(error => (failure = error))
        await call.play('ivr/sorry')
      }),
    )
    await caller.hears('ivr/sorry', '1s')
    await caller.ended()
    assert.equal((failure as { code?: string }).code, 'SWITCH_REFUSED')
    assert.match((failure as Error).message, NAMES)
  })
}

test('a flow that does not expect it ends with an error, and the call is not left in silence', async t => {
  const sim = simulate(t)
  sim.switch.disk.becomes('missing')
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await using _tape = await call.recording()
      await call.play('ivr/welcome')
    }),
  )
  assert.equal(await caller.outcome(), 'error')
  await caller.ended()
})

test('a recording that failed once may begin when the disk is mended, and lasts as long as its scope', async t => {
  const sim = simulate(t)
  sim.switch.disk.becomes('missing')
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.recording().catch(() => {})
      await call.play('ivr/first')
      {
        await using _tape = await call.recording()
        await call.play('ivr/second')
      }
      await call.play('ivr/third')
    }),
  )
  await caller.hears('ivr/first')
  sim.switch.disk.becomes('fine')
  await caller.hears('ivr/third')
  assert.deepEqual(
    sim.switch.recordings.map(({ stoppedAt }) => stoppedAt !== undefined),
    [true],
    'it goes on after its scope',
  )
  await caller.ended()
})

test('a message during which the disk fills is no message: the flow is told, with what is missing', async t => {
  const sim = simulate(t)
  let failure: unknown
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.record({ limit: '10s', silence: '9s' }).catch(error => (failure = error))
      await call.play('ivr/sorry')
    }),
    { speaks: 'machine' },
  )
  await sim.advance('3s')
  sim.switch.disk.becomes('full')
  await caller.hears('ivr/sorry', '60s')
  await caller.ended()
  assert.equal((failure as { code?: string }).code, 'SWITCH_REFUSED')
  assert.match((failure as Error).message, NAMES)
})
