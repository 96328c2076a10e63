/** Callers and leads while PostgreSQL is down, or silent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import campaignLeg from '../../scripts/campaign-leg.ts'
import welcome from '../../scripts/welcome.ts'
import { SORRY } from '../fault/people.ts'

for (const how of ['away', 'silent'] as const) {
  test(`callers who have hung up while the database is ${how} are no load, and their calls are written down when it is back`, async t => {
    const sim = simulate(t)
    const { flows } = await sim.until('node a opens', sim.ready)
    sim.database = how
    const callers = Array.from({ length: 20 }, () => sim.call(welcome))
    for (const caller of callers) await caller.hears('ivr/welcome')
    assert.equal(flows.live, 20)
    for (const caller of callers) await caller.hangsUp()
    await sim.advance('1s')
    assert.equal(flows.live, 0)
    await sim.advance('1m')
    assert.deepEqual([sim.records.length, flows.running], [0, 0])
    sim.database = 'here'
    await sim.advance('7s')
    assert.deepEqual(
      sim.records.map(({ outcome, end }) => [outcome, end.cause]),
      callers.map(() => ['hung-up', 'NORMAL_CLEARING']),
    )
  })

  test(`a lead who answers while the database is ${how} hears the apology within two seconds, and has not hung up`, async t => {
    const sim = simulate(t, { sounds: { [SORRY]: '3s' }, reconciles: true })
    const lead = sim.lead(campaignLeg, { answers: '1s' })
    sim.database = how
    await sim.advance('1s')
    await lead.hears(SORRY, '2s')
    sim.database = 'here'
    assert.equal(await lead.disposition(), 'error')
    await sim.advance('7s')
  })
}

test('a caller whose node dies while the database is away is written down as they left, by another node', async t => {
  const sim = simulate(t)
  await sim.until('node a opens', sim.ready)
  sim.database = 'away'
  const caller = sim.call(welcome)
  await caller.hears('ivr/welcome')
  await caller.hangsUp()
  await sim.advance('2s')
  sim.kill('a')
  const [[uuid, owner]] = [...(await sim.callStore.all())] as [[string, { node: string; epoch: number }]]
  const { recordFromJournal: remainsOf } = await import('../../src/record/record-from-journal.ts')
  const record = remainsOf(await sim.callStore.read(uuid), null, sim.clock.now() + 600_000)
  assert.deepEqual(
    [record?.outcome, record?.end.cause, sim.clock.now() - record!.endedAt < 10_000],
    ['hung-up', 'NORMAL_CLEARING', true],
  )
  await sim.callStore.end(uuid, owner) // reconciliation does that, after it has written the row
})
