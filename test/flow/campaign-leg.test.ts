import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { campaignFlow } from '#flow'
import { simulate } from '#testing'
import { readEntries } from '../../src/journal/entries.ts'
import type { Owner } from '../../src/journal/call-store.ts'
import campaignLeg from '../../scripts/campaign-leg.ts'

test('a person who answers talks with an agent within two seconds of the greeting', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const lead = sim.lead(campaignLeg)
  await lead.talksWith('alice', '4s')
  await sim.advance('1s')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.becomes('wrap-up')
  await alice.hangsUp()
})

test('after a talk the agent stays on the line, and the next lead is joined without ringing', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { wrapUp: '1s' })
  await alice.isNailedUp()
  await alice.ready()
  for (let round = 0; round < 3; round++) {
    const lead = sim.lead(campaignLeg)
    await lead.talksWith('alice', '5s')
    await sim.advance('1s')
    await lead.hangsUp()
    assert.equal(await lead.disposition(), 'talked')
    await alice.becomes('idle', '10s')
  }
  assert.equal(alice.place.people.length, 1)
  await alice.hangsUp()
})

/** Adam would be first, but he waits on another FreeSWITCH. */
async function withAdam(t: TestContext) {
  const sim = simulate(t)
  const adam = sim.agent('adam')
  await adam.ready()
  await sim.roster.nail('adam', { leg: randomUUID(), node: 'test' }, sim.clock.now())
  const rests = async () => (await sim.roster.get('adam', sim.clock.now()))!.restUntil > sim.clock.now()
  return { sim, adam, rests }
}

test('who is promised an agent on another switch talks with the next one, and that agent is free for the leads of theirs', async t => {
  const { sim, adam, rests } = await withAdam(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const lead = sim.lead(campaignLeg)
  await lead.talksWith('alice', '4s')
  assert.deepEqual([await adam.state(), await rests()], ['idle', false])
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.hangsUp()
})

test('when everybody waits on another switch they are asked twice, not without end, and whoever comes free in time is still had', async t => {
  const { sim } = await withAdam(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  const lead = sim.lead(campaignLeg, { answers: '1s' })
  const asked = new Set<number>()
  using _ = sim.roster.onChange(notice => {
    if (notice.what === 'agent' && notice.agent?.reservation) asked.add(notice.agent.reservation.epoch)
  })
  await sim.until('adam was asked twice', () => asked.size === 2, '10s')
  await sim.advance('500ms')
  assert.equal(asked.size, 2)
  await alice.ready()
  await lead.talksWith('alice', '1s')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.hangsUp()
})

test('an answering machine is left alone, and no agent is promised', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const lead = sim.lead(campaignLeg, { speaks: 'machine' })
  assert.equal(await lead.disposition(), 'machine')
  assert.equal(await alice.state(), 'idle')
  await alice.hangsUp()
})

test('somebody who says nothing is silence', async t => {
  const sim = simulate(t)
  assert.equal(await sim.lead(campaignLeg, { speaks: 'silence' }).disposition(), 'silence')
})

test('a person for whom no agent is free in time hears who called, counts as abandoned, and can opt out', async t => {
  const sim = simulate(t)
  const lead = sim.lead(campaignLeg)
  await lead.hears('campaign/safe-harbour', '5s')
  await lead.presses('9')
  assert.equal(await lead.disposition(), 'abandoned')
  assert.equal(lead.optedOut, true)
})

test('a person who hangs up when they hear that nobody is free counts as abandoned: the law asks who was served, not who was patient', async t => {
  const sim = simulate(t)
  const lead = sim.lead(campaignLeg)
  await lead.hears('campaign/safe-harbour', '5s')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'abandoned')
})

test('a person who hangs up before it was clear who they are is hung-up', async t => {
  const sim = simulate(t)
  const lead = sim.lead(campaignLeg, { answers: '1s' })
  await sim.advance('1.2s')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'hung-up')
})

for (const [answers, disposition] of [
  ['busy', 'busy'],
  ['never', 'no-answer'],
  ['unallocated', 'invalid'],
  ['declined', 'declined'],
] as const) {
  test(`a lead that is ${answers} gets '${disposition}' and no flow`, async t => {
    const sim = simulate(t)
    assert.equal(await sim.lead(campaignLeg, { answers }).disposition(), disposition)
    assert.equal(sim.records.length, 0)
  })
}

test('a person who asks never to be called again while the database is away is not called again', async t => {
  const sim = simulate(t)
  const lead = sim.lead(campaignLeg)
  await lead.hears('campaign/safe-harbour', '5s')
  sim.database = 'away'
  await lead.presses('9')
  await lead.ended('5s') // nobody waits for a database
  await sim.advance('10s')
  assert.equal(lead.optedOut, false)
  sim.database = 'here'
  assert.equal(await lead.disposition('2s'), 'abandoned')
  assert.equal(lead.optedOut, true)
})

test('what a person said stays in the journal as long as the database cannot be told', async t => {
  const sim = simulate(t)
  const lead = sim.lead(campaignLeg)
  await lead.hears('campaign/safe-harbour', '5s')
  sim.database = 'away'
  await lead.presses('9')
  await lead.ended('5s')
  await sim.advance('2m')
  const [[uuid, owner]] = [...(await sim.callStore.all())] as [[string, Owner]]
  const said = readEntries(await sim.callStore.read(uuid))!.flatMap(entry => (entry.k === 'note' ? [entry.note] : []))
  assert.deepEqual(
    said.filter(note => note.kind !== 'ended' && note.kind !== 'detected'),
    [
      { kind: 'unserved' },
      { kind: 'message' },
      { kind: 'opt-out', number: lead.name },
      { kind: 'disposition', disposition: 'abandoned' },
      { kind: 'returned', outcome: 'abandoned' },
      { kind: 'hung-up' },
    ],
  )
  sim.database = 'here'
  await sim.advance('2s')
  assert.deepEqual(
    sim.records.map(({ outcome }) => outcome),
    ['abandoned'],
  )
  await sim.callStore.end(uuid, owner) // reconciliation does that, after it has written to the database
})

test('a person who asks never to be called again is not called again, although the node dies while the database is away', async t => {
  const sim = simulate(t, { reconciles: true })
  await sim.until('node a opens', sim.ready)
  await sim.until('node b opens', sim.open('b'))
  const flow = campaignFlow(async (call, them) => {
    if ((await call.gather({ digits: 1, prompt: 'campaign/safe-harbour' })) === '9') await them.optOut()
    await call.play('campaign/goodbye')
    return 'declined'
  })
  const lead = sim.lead(flow)
  await lead.hears('campaign/safe-harbour', '5s')
  sim.database = 'away'
  await lead.presses('9')
  await lead.hears('campaign/goodbye')
  sim.kill('a')
  await lead.ended('30s')
  assert.equal(lead.optedOut, false)
  sim.database = 'here'
  await sim.advance('2m')
  assert.equal(lead.optedOut, true)
})

test('a person whose node dies while the database is away for three seconds goes on where they were', async t => {
  const sim = simulate(t, { reconciles: true })
  await sim.until('node a opens', sim.ready)
  await sim.until('node b opens', sim.open('b'))
  const flow = campaignFlow(async call => {
    await call.gather({ digits: 1, prompt: 'campaign/safe-harbour' })
    await call.play('campaign/goodbye')
    return 'declined'
  })
  const lead = sim.lead(flow)
  await lead.hears('campaign/safe-harbour', '5s')
  await lead.presses('9')
  await lead.hears('campaign/goodbye')
  sim.database = 'away'
  sim.kill('a')
  await sim.advance('3s')
  sim.database = 'here'
  assert.equal(await lead.disposition(), 'declined')
  const heard = sim.switch.transcript.filter(({ who }) => who === lead.name).map(({ what }) => what)
  assert.equal(heard.filter(what => what === 'hears campaign/safe-harbour').length, 1, heard.join('\n'))
})

test('a person who asks never to be called again and hangs up before the next line of the flow is not called again', async t => {
  const sim = simulate(t)
  const lead = sim.lead(
    campaignFlow(async (call, them) => {
      const key = await call.gather({ digits: 1, prompt: 'campaign/safe-harbour' })
      try {
        await call.play('campaign/goodbye')
      } finally {
        if (key === '9') await them.optOut()
      }
      return 'declined'
    }),
  )
  await lead.hears('campaign/safe-harbour', '5s')
  await lead.presses('9')
  await lead.hears('campaign/goodbye')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'hung-up')
  assert.equal(lead.optedOut, true)
})

test('a person who answers while the database is away for a moment talks with an agent, and hears nothing of it', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const lead = sim.lead(campaignLeg, { answers: '1s' })
  sim.database = 'away'
  await sim.advance('1.2s')
  sim.database = 'here'
  await lead.talksWith('alice', '4s')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.hangsUp()
})

test('a person is joined with an agent though the database has just gone, and it is told of the talk when it is back', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const lead = sim.lead(campaignLeg)
  await sim.advance('1.5s')
  sim.database = 'away'
  await lead.talksWith('alice', '4s')
  await sim.advance('5s')
  assert.equal(lead.connectedTo, null)
  sim.database = 'here'
  await sim.advance('1s')
  assert.equal(lead.connectedTo, 'alice')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.hangsUp()
})

test('the times that the law asks for are known of a person who talked: answer, greeting, agent', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const lead = sim.lead(campaignLeg)
  await lead.talksWith('alice', '4s')
  await lead.hangsUp()
  await lead.disposition()
  const { answeredAt, heard, greetedAt, detectedAt, connectedAt, unserved, messageAt } = lead.evidence
  assert.deepEqual([heard, unserved, messageAt], ['person', false, null])
  assert.ok(answeredAt! < greetedAt! && greetedAt! < detectedAt! && detectedAt! <= connectedAt!, 'one after the other')
  assert.equal(detectedAt! - greetedAt!, 600)
  assert.ok(connectedAt! - greetedAt! < 2_000, `${connectedAt! - greetedAt!} ms after the greeting`)
  await alice.hangsUp()
})

test('of a person for whom nobody was free it is known when the message began, also when they hung up in the middle of it', async t => {
  const sim = simulate(t)
  const lead = sim.lead(campaignLeg)
  await lead.hears('campaign/safe-harbour', '5s')
  const began = sim.clock.now()
  await sim.advance('300ms')
  await lead.hangsUp()
  await lead.disposition()
  const { unserved, messageAt, connectedAt, greetedAt } = lead.evidence
  assert.deepEqual([unserved, connectedAt], [true, null])
  assert.ok(Math.abs(messageAt! - began) < 100, 'when the sound began')
  assert.ok(messageAt! - greetedAt! >= 2_000, 'not before the time of the law is over')
})

test('a message that FreeSWITCH does not have was not heard', async t => {
  const sim = simulate(t, { sounds: { 'campaign/missing': 'missing' } })
  const lead = sim.lead(
    campaignFlow(async (call, them) => {
      await call.detect()
      if (!(await them.agent())) await call.play('campaign/missing')
      return 'abandoned'
    }),
  )
  assert.equal(await lead.disposition(), 'error')
  assert.deepEqual([lead.evidence.unserved, lead.evidence.messageAt], [true, null])
})

test('a machine, and silence, are known as what was heard', async t => {
  const sim = simulate(t)
  for (const [speaks, heard] of [
    ['machine', 'machine'],
    ['silence', 'unknown'],
  ] as const) {
    const lead = sim.lead(campaignLeg, { speaks })
    await lead.disposition()
    assert.deepEqual([lead.evidence.heard, lead.evidence.greetedAt], [heard, null])
  }
})

test('what is known of a call outlives its node', async t => {
  const sim = simulate(t, { reconciles: true })
  await sim.until('node a opens', sim.ready)
  await sim.until('node b opens', sim.open('b'))
  const lead = sim.lead(campaignLeg)
  await lead.hears('campaign/safe-harbour', '5s')
  const began = sim.clock.now()
  sim.kill('a')
  await lead.hears('campaign/safe-harbour', '10s')
  await lead.presses('9')
  assert.equal(await lead.disposition(), 'abandoned')
  const { heard, unserved, messageAt, greetedAt } = lead.evidence
  assert.deepEqual([heard, unserved], ['person', true])
  assert.ok(greetedAt! < began && messageAt !== null, 'the first node had noted the greeting')
})

test('where the law counts from the answer, an agent who is free at the end of the greeting still talks with the person', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const lead = sim.lead(campaignLeg, { deadline: { ms: 500, from: 'answer' } })
  await lead.talksWith('alice', '4s')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.hangsUp()
})

test('where the law counts from the answer, the message comes so much sooner', async t => {
  const sim = simulate(t)
  const waits = async (from: 'answer' | 'greeting') => {
    const lead = sim.lead(campaignLeg, { deadline: { ms: 2_000, from } })
    await lead.hears('campaign/safe-harbour', '6s')
    await lead.hangsUp()
    await lead.disposition()
    return lead.evidence.messageAt! - lead.evidence.answeredAt!
  }
  const [american, british] = [await waits('greeting'), await waits('answer')]
  assert.ok(british < american && british < 2_200, `${british} ms, ${american} ms`)
})
