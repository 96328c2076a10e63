/** The campaigns without agents: a message, a message with keys, and a message on an answering machine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaignFlow } from '#flow'
import { simulate, type SimulatedLead } from '#testing'
import campaignMessage from '../../scripts/campaign-message.ts'
import pressOne from '../../scripts/campaign-press-1.ts'
import previewLeg from '../../scripts/preview-leg.ts'
import voicemailDrop from '../../scripts/voicemail-drop.ts'

const LONG = { sounds: { 'campaign/message': '6s', 'campaign/voicemail': '6s' } } as const

test('a person hears the message of the campaign to its end, and is not called again', async t => {
  const sim = simulate(t, LONG)
  const lead = sim.lead(campaignMessage)
  await lead.hears('campaign/message', '5s')
  assert.equal(await lead.disposition(), 'message')
  assert.equal(lead.optedOut, false)
})

test('a person who presses the key of the campaign during the message is never called again, and hears no more', async t => {
  const sim = simulate(t, LONG)
  const lead = sim.lead(campaignMessage, { settings: { message: 'campaign/spring', optOutKey: '5' } })
  await lead.hears('campaign/spring', '5s')
  await lead.presses('9') // no key of this campaign
  await sim.advance('500ms')
  assert.equal(lead.optedOut, false)
  const other = sim.lead(campaignMessage, { settings: { optOutKey: '5' } })
  await other.hears('campaign/message', '5s')
  await other.presses('5')
  assert.equal(await other.disposition('3s'), 'opted-out')
  assert.equal(other.optedOut, true)
  assert.equal(await lead.disposition(), 'message')
})

for (const speaks of ['human', 'machine'] as const)
  test(`an agent who has looked at the lead talks at once with the ${speaks} who answers`, async t => {
    const sim = simulate(t)
    const alice = sim.agent('alice')
    await alice.isNailedUp()
    await alice.ready()
    const lead = sim.lead(previewLeg, { speaks })
    await lead.talksWith('alice', '3s')
    await lead.hangsUp()
    assert.equal(await lead.disposition(), 'talked')
    await alice.hangsUp()
  })

test('a machine does not hear the message of campaign-message', async t => {
  const sim = simulate(t)
  const lead = sim.lead(campaignMessage, { speaks: 'machine' })
  assert.equal(await lead.disposition(), 'machine')
  assert.deepEqual(heardBy(sim, lead), [])
})

test('a person who presses 1 waits in the queue, and talks with an agent', async t => {
  const sim = simulate(t, LONG)
  const alice = sim.agent('alice')
  const lead = sim.lead(pressOne)
  await lead.hears('campaign/message', '5s')
  await lead.presses('1')
  await sim.advance('5s') // longer than the two seconds of the law: they have asked for it
  await alice.ready()
  await alice.accepts()
  await lead.talksWith('alice', '10s')
  await alice.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  const { connectedAt, unserved } = lead.evidence
  assert.deepEqual([connectedAt, unserved], [null, false], 'the law counts no wait of a person who asked for the talk')
})

test('a person who presses 1 and gets no agent in two minutes is called again', async t => {
  const sim = simulate(t, LONG)
  const lead = sim.lead(pressOne)
  await lead.hears('campaign/message', '5s')
  await lead.presses('1')
  await lead.hears('campaign/nobody-free', '3m')
  assert.equal(await lead.disposition(), 'callback')
})

test('a person who presses 1 is transferred to the extension of the campaign', async t => {
  const sim = simulate(t, LONG)
  const lead = sim.lead(pressOne, { settings: { pressOneTo: 'switchhook-sorry' } })
  await lead.hears('campaign/message', '5s')
  await lead.presses('1')
  assert.equal(await lead.disposition(), 'transferred')
})

test('a person who presses nothing hears the message of campaign-press-1 twice', async t => {
  const sim = simulate(t)
  const lead = sim.lead(pressOne)
  assert.equal(await lead.disposition(), 'message')
  assert.deepEqual(heardBy(sim, lead), ['campaign/message', 'campaign/message'])
})

for (const [title, speaks, from, to] of [
  // the machine talks for 4 s and beeps for half a second
  ['a message is left behind the beep of a machine, a second after it', 'machine', 5_400, 6_200],
  [
    'a message is left behind two seconds of silence when the machine does not beep',
    'machine-without-beep',
    5_900,
    6_700,
  ],
] as const)
  test(title, async t => {
    const sim = simulate(t, LONG)
    const lead = sim.lead(voicemailDrop, { speaks, answers: '1s' })
    const dialled = sim.clock.now()
    await lead.hears('campaign/voicemail', '20s')
    const after = sim.clock.now() - dialled - 1_000
    assert.ok(after > from && after < to, `${after} ms after the answer`)
    assert.equal(await lead.disposition(), 'voicemail')
  })

test('nothing is said into a greeting that does not end', async t => {
  const sim = simulate(t, LONG)
  const lead = sim.lead(voicemailDrop, { speaks: 'radio', settings: { voicemailWithinMs: 10_000 } })
  assert.equal(await lead.disposition('30s'), 'machine')
  assert.deepEqual(heardBy(sim, lead), [])
})

test('a person who answers a call of voicemail-drop hears the message, or gets an agent, as the campaign says', async t => {
  const sim = simulate(t, LONG)
  const heard = sim.lead(voicemailDrop)
  await heard.hears('campaign/message', '5s')
  assert.equal(await heard.disposition(), 'message')
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const served = sim.lead(voicemailDrop, { settings: { voicemailPerson: 'agent' } })
  await served.talksWith('alice', '5s')
  await served.hangsUp()
  assert.equal(await served.disposition(), 'talked')
  await alice.hangsUp()
})

test('a person opts out during a message, and the node dies anywhere', async t => {
  await simulate(t, LONG).takeoverEverywhere(campaignMessage, async lead => {
    await lead.hears('campaign/message', '20s')
    await lead.presses('9')
    await (lead as SimulatedLead).disposition()
    assert.equal((lead as SimulatedLead).optedOut, true)
  })
})

test('a person presses 1 and gets nobody, and the node dies anywhere', async t => {
  await simulate(t, LONG).takeoverEverywhere(pressOne, async lead => {
    await lead.hears('campaign/message', '20s')
    await lead.presses('1')
    assert.equal(await (lead as SimulatedLead).disposition('4m'), 'callback')
  })
})

test('a person hears the message of voicemail-drop, and the node dies anywhere', async t => {
  await simulate(t, LONG).takeoverEverywhere(voicemailDrop, async lead => {
    await lead.hears('campaign/message', '20s')
    assert.equal(await (lead as SimulatedLead).disposition(), 'message')
  })
})

test('a message is left on a machine, and the node dies anywhere while it greets', async t => {
  // a node that dies while it detects makes the next one believe in a person: detect.ts
  const behindGreeting = campaignFlow(async (call, lead) => {
    if ((await call.beep({ within: '30s' })) === 'limit') return 'machine'
    await call.play(lead.settings.voicemailMessage)
    return 'voicemail'
  })
  await simulate(t, LONG).takeoverEverywhere(
    behindGreeting,
    async lead => {
      await lead.hears('campaign/voicemail', '40s')
      assert.equal(await (lead as SimulatedLead).disposition(), 'voicemail')
    },
    { lead: { speaks: 'machine' } },
  )
})

/** The sounds that this lead heard. */
function heardBy(sim: ReturnType<typeof simulate>, lead: SimulatedLead): string[] {
  return sim.switch.transcript
    .filter(({ who, what }) => who === lead.name && what.startsWith('hears '))
    .map(({ what }) => what.slice('hears '.length))
}
