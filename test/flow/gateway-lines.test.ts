/** Calls of flows over a gateway that has a number of lines. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow, text } from '#flow'
import { simulate } from '#testing'
import { SharedGatewayLines } from '../../src/campaign/gateway-lines.ts'

/** A gateway of one line; its calls start one second apart. */
async function rig(t: TestContext) {
  const sim = simulate(t)
  const held = new Set<string>()
  const prolonged: number[] = []
  let startable = 0
  const capacity = {
    takeOver: async (_: unknown, call: string, now: number) => {
      if (held.size > 0) return { gateway: null, nextStartMs: null }
      if (now < startable) return { gateway: null, nextStartMs: startable - now }
      startable = now + 1_000
      held.add(call)
      return { gateway: 'carrier', nextStartMs: null }
    },
    leave: async (_: string, call: string) => held.delete(call),
    prolongOver: async (_: string, call: string, until: number) => (prolonged.push(until), held.has(call)),
  }
  const row = { name: 'carrier', lines: 1, cps: 1, enabled: true }
  const { switchboard, calls } = await sim.until('node a opens', sim.ready)
  const table = { get: (name: string) => (name === 'carrier' ? row : undefined) }
  const lines = new SharedGatewayLines({ table, capacity, clock: sim.clock, log: calls.log })
  t.after(() => lines[Symbol.dispose]())
  switchboard.lines = lines
  const dials = flow({ number: text() }, async (call, { number }) => {
    await call.answer()
    await using party = await call.dial(number)
    if (!party.leg) {
      await call.play(`dial/${party.outcome}`)
      return party.outcome
    }
    return await call.join(party.leg)
  })
  const calling = (number: string) => sim.call(dials, { params: { number } })
  return { sim, held, prolonged, row, calling }
}

test('a caller whose gateway has no free line hears that the number was not dialled, and the next one is connected', async t => {
  const { sim, held, prolonged, calling } = await rig(t)
  const customer = sim.switch.world.at('sofia/gateway/carrier/+4940555777', { answers: '3s' })
  const first = calling('+4940555777')
  await first.talksWith('+4940555777')
  assert.deepEqual([held.size, customer.rang], [1, 1])
  const second = calling('+4940555778')
  await second.hears('dial/refused')
  assert.equal(await second.outcome(), 'refused')
  await sim.advance('10m')
  assert.ok(prolonged.length >= 4, 'the line is held as long as they talk')
  await first.hangsUp()
  await first.outcome()
  assert.equal(held.size, 0)
  const third = calling('+4940555777')
  await third.talksWith('+4940555777')
  await third.hangsUp()
  await third.outcome()
  assert.deepEqual([held.size, customer.rang], [0, 2])
})

test('a caller waits a moment for the calls per second, and a number that does not answer keeps no line', async t => {
  const { sim, held, calling } = await rig(t)
  sim.switch.world.at('sofia/gateway/carrier/+4940555778', { answers: 'busy' })
  for (const _ of [1, 2]) {
    const caller = calling('+4940555778')
    await caller.hears('dial/busy')
    assert.equal(await caller.outcome(), 'busy')
    assert.equal(held.size, 0)
  }
})

test('over a gateway that is switched off nobody is called, and an extension needs no line', async t => {
  const { sim, held, row, calling } = await rig(t)
  row.enabled = false
  const caller = calling('+4940555777')
  await caller.hears('dial/refused')
  await caller.outcome()
  sim.switch.world.at('user/1001', { answers: '1s' })
  const other = calling('user/1001')
  await other.talksWith('1001')
  assert.equal(held.size, 0)
  await other.hangsUp()
  await other.outcome()
})
