/** A person for whom no agent is free in time: what becomes of the agent who is free a moment later. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaignFlow } from '#flow'
import { simulate } from '#testing'
import campaignLeg from '../../scripts/campaign-leg.ts'

test('an agent who becomes free while an abandoned person hears the message stays free, and the next person gets that agent', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  const abandoned = sim.lead(campaignLeg)
  await abandoned.hears('campaign/safe-harbour', '5s')
  await alice.ready()
  await sim.advance('300ms')
  assert.equal(await alice.state(), 'idle')
  assert.equal(
    (await sim.queueStore.waiting('sales')).length,
    0,
    'nobody waits: the person was told that nobody is free',
  )
  const next = sim.lead(campaignLeg, { answers: '100ms' })
  await next.talksWith('alice', '3s')
  assert.equal(await abandoned.disposition(), 'abandoned')
  await next.hangsUp()
  assert.equal(await next.disposition(), 'talked')
  await alice.hangsUp()
})

test('a person who was told that nobody is free may be given an agent later, when the flow asks again', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  const lead = sim.lead(
    campaignFlow(async (call, who) => {
      assert.equal(await who.agent(), null)
      await call.play('campaign/safe-harbour')
      const agent = await who.agent()
      return agent && (await call.join(agent.leg)) === 'talked' ? 'talked' : 'abandoned'
    }),
  )
  await lead.hears('campaign/safe-harbour', '5s')
  await alice.ready()
  await lead.talksWith('alice', '10s')
  await sim.advance('1s')
  await lead.hangsUp()
  await lead.disposition()
  await alice.hangsUp()
})
