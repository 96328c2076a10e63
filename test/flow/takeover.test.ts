/** Every shipped flow continues wherever its node dies: before and after each entry of its journal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate, type SimulatedLead, type Simulation } from '#testing'
import campaignLeg from '../../scripts/campaign-leg.ts'
import clickToDial from '../../scripts/click-to-dial.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import welcome from '../../scripts/welcome.ts'

const alice = async (sim: Simulation) => {
  await sim.agent('alice').ready()
}

test('a caller chooses, waits, is told the position, talks with an agent, and the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    welcome,
    async (caller, sim) => {
      const agent = sim.agents[0]!
      await caller.hears('ivr/welcome')
      await caller.presses('2')
      await agent.accepts()
      await caller.talksWith('alice')
      await sim.advance('10s')
      await agent.hangsUp()
      await caller.ended()
      await caller.outcome()
    },
    { before: alice },
  )
  assert.ok(places >= 20, `${places} places`)
})

test('a caller waits two minutes and asks to be called back, and the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    queueEntry,
    async caller => {
      await caller.hears('queue/position', '60s')
      await caller.hears('queue/callback-offer', '3m')
      await caller.presses('1')
      await caller.hears('queue/callback-confirm')
      await caller.presses('1')
      await caller.hears('queue/we-call-you')
      await caller.outcome()
    },
    { params: { queue: 'sales' } },
  )
  assert.ok(places > 15, `${places} places`)
})

test('a lead answers, talks with an agent who is on the line, and the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    campaignLeg,
    async (lead, sim) => {
      await lead.talksWith('alice')
      await sim.advance('10s')
      await sim.agents[0]!.hangsUp()
      await (lead as SimulatedLead).disposition()
    },
    {
      async before(sim) {
        const agent = sim.agent('alice', { queues: ['sales'] })
        await agent.isNailedUp()
        await agent.ready()
      },
    },
  )
  assert.ok(places > 5, `${places} places`)
})

test('a caller waits and talks with an agent who is on the line for a campaign, and the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    queueEntry,
    async (caller, sim) => {
      const agent = sim.agents[0]!
      await caller.hears('music moh/calm')
      await agent.ready()
      await caller.talksWith('alice')
      await sim.advance('10s')
      await agent.hangsUp()
      await caller.outcome()
      assert.equal(agent.place.rang, 1)
      assert.equal(await agent.state(), 'wrap-up')
    },
    {
      params: { queue: 'sales' },
      async before(sim) {
        await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', whisper: false, accept: 'none' })
        await sim.agent('alice').isNailedUp()
      },
    },
  )
  assert.ok(places > 10, `${places} places`)
})

test('a lead for whom nobody is free hears so and asks never to be called again, and the node dies anywhere', async t => {
  await simulate(t).takeoverEverywhere(campaignLeg, async lead => {
    await lead.hears('campaign/safe-harbour')
    await lead.presses('9')
    await (lead as SimulatedLead).disposition()
    assert.equal((lead as SimulatedLead).optedOut, true)
  })
})

test('click-to-dial: the agent waits for the customer, they talk, and the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    clickToDial,
    async (agent, sim) => {
      await agent.talksWith('1002', '40s')
      await sim.advance('5s')
      await agent.hangsUp()
      await agent.outcome()
    },
    {
      params: { customer: 'user/1002', crmuuid: 'deal-7', product_code: undefined, call_type: undefined },
      before: async sim => void sim.switch.world.at('user/1002', { answers: '2s' }),
    },
  )
  assert.ok(places > 5, `${places} places`)
})

test("nobody presses a key: three tries, then the operator's queue, and the node dies anywhere", async t => {
  await simulate(t).takeoverEverywhere(welcome, async caller => {
    await caller.hears('ivr/operator', '60s')
    await caller.hears('queue/position', '90s')
    await caller.hangsUp()
    await caller.outcome()
  })
})

for (const kills of [2, 7]) {
  test(`a caller chooses, waits and talks with an agent, and ${kills} nodes in a row die anywhere`, async t => {
    await simulate(t).takeoverEverywhere(
      welcome,
      async (caller, sim) => {
        const agent = sim.agents[0]!
        await caller.hears('ivr/welcome')
        await caller.presses('1')
        await agent.accepts()
        await caller.talksWith('alice')
        await sim.advance('5s')
        await agent.hangsUp()
        await caller.outcome()
      },
      { before: alice, kills },
    )
  })
}

test('what a flow remembers, asks the time and leaves to chance comes out the same, and the node dies anywhere', async t => {
  let looked = 0
  const curious = flow(async call => {
    const name = await call.once('name', async () => ({ name: 'Ada', looks: Math.min(1, ++looked) }))
    call.tag('name', name.name)
    const began = call.now()
    await call.play('ivr/hello')
    call.tag('lucky', call.random() < 0.5 ? 'yes' : 'no')
    call.tag('chance', String(call.random()))
    await Promise.all([call.setVariable('greeted', 'yes'), call.play('ivr/second')])
    call.tag('waited', call.now() - began >= 4_000 ? 'long' : 'not long')
    const key = await call.gather({ digits: 1, prompt: 'ivr/rate' })
    if (key === null) throw new Error('nobody rates')
    return `rated-${key}`
  })
  const places = await simulate(t).takeoverEverywhere(curious, async caller => {
    await caller.hears('ivr/rate')
    await caller.presses('4')
    await caller.outcome()
  })
  assert.ok(places >= 10, `${places} places`)
})

test('a script that has changed begins again on the live call, and the caller keeps the place in the queue', async t => {
  const sim = simulate(t)
  const [old, young] = [['queue/position'], ['queue/new-words', 'queue/position']].map(sounds =>
    flow(async call => {
      await call.answer()
      await using place = await call.enqueue('sales')
      for (const sound of sounds) await call.play(sound)
      await place.agent({ within: '1m' })
      await call.play('queue/goodbye')
      call.tag('waited', place.hasWaited('30s') ? 'long' : 'not long')
    }),
  )
  const caller = sim.call(old!)
  await caller.hears('queue/position')
  await sim.advance('20s')
  await sim.until('the second node opens', sim.open('b'))
  sim.install('flow-1', young!)
  sim.kill('a')
  await caller.hears('queue/new-words')
  await caller.hears('queue/goodbye', '2m')
  await caller.outcome()
  assert.equal(sim.nodes.get('b')!.flows.restarts, 1)
  assert.deepEqual([...sim.records[0]!.tags], [['waited', 'long']])
  assert.equal(sim.records[0]!.timeline.filter(({ event }) => event === 'queue.call.entered').length, 2)
})

test('a caller whom a changed script puts into another queue stands in that one alone', async t => {
  const sim = simulate(t)
  const into = (queue: string, sound: string) =>
    flow(async call => {
      await call.answer()
      await using place = await call.enqueue(queue)
      await call.play(sound)
      await place.agent({ within: '1m' })
    })
  const caller = sim.call(into('sales', 'queue/position'))
  await caller.hears('queue/position')
  await sim.until('the second node opens', sim.open('b'))
  sim.install('flow-1', into('support', 'queue/new-words'))
  sim.kill('a')
  await caller.hears('queue/new-words')
  assert.deepEqual(await sim.queueStore.members('sales'), [])
  assert.equal((await sim.queueStore.members('support')).length, 1)
  await caller.hangsUp()
})

test('a caller who hangs up just after another node took over is over at once, and room is made for the next one', async t => {
  const sim = simulate(t)
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await caller.hears('moh/calm')
  const b = await sim.until('the second node opens', sim.open('b'))
  sim.kill('a')
  await sim.until('the call is there', () => b.flows.running === 1)
  await sim.advance('100ms')
  await caller.hangsUp()
  await sim.until('the other node has room again', () => b.flows.running === 0, '500ms')
  assert.equal(sim.records.length, 1)
})
