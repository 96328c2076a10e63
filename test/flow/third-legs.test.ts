/** A supervisor beside a talk, a third person in it, the pause of its recording. No node need live for any of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate, type Simulation } from '#testing'
import { recordingPause, recordingResume } from '../../src/operations/recording/mask.ts'
import talkSupervise from '../../src/operations/talk/supervise.ts'
import { talkAdd, talkDrop } from '../../src/operations/talk/third-party.ts'
import { asks } from './desk.ts'

const toAlice = flow(async call => {
  await call.answer()
  await using agent = await call.agent('alice')
  await using party = await call.dial(agent!)
  await using _tape = await call.recording()
  await call.join(party.leg!)
  await call.play('ivr/second')
  return 'over'
})

async function talk(sim: Simulation) {
  const alice = sim.agent('alice')
  await alice.ready()
  const caller = sim.call(toAlice)
  await caller.talksWith('alice')
  await sim.advance('5s')
  return { alice, caller }
}

/** Who hears whom: the caller, the agent, the third person. */
async function hear(
  { alice, caller }: Awaited<ReturnType<typeof talk>>,
  place: { last?: { voices: readonly string[] } | undefined },
  ears: readonly [caller: readonly string[], alice: readonly string[], third: readonly string[]],
) {
  await caller.hearsVoices(ears[0])
  await alice.hearsVoices(ears[1])
  assert.deepEqual(place.last?.voices, ears[2])
}

test('a supervisor listens, whispers to the agent, speaks to both, listens again and leaves, and the talk goes on', async t => {
  const sim = simulate(t)
  const boss = sim.switch.world.at('user/900', { answers: '2s' })
  const people = await talk(sim)
  const asksFor = (mode: 'listen' | 'whisper' | 'barge' | 'stop', at?: string) =>
    asks(sim, talkSupervise, { talk: 'alice', mode, ...(at !== undefined && { at }) })
  await asksFor('listen', 'user/900')
  await hear(people, boss, [['alice'], ['caller'], ['alice', 'caller']])
  await asksFor('whisper')
  await hear(people, boss, [['alice'], ['900', 'caller'], ['alice', 'caller']])
  await asksFor('barge')
  await hear(people, boss, [
    ['900', 'alice'],
    ['900', 'caller'],
    ['alice', 'caller'],
  ])
  await asksFor('listen')
  await hear(people, boss, [['alice'], ['caller'], ['alice', 'caller']])
  await asksFor('stop')
  await sim.until('the supervisor is gone', () => boss.last!.state === 'gone')
  assert.equal(boss.rang, 1)
  await assert.rejects(asksFor('stop'), /no supervised call/)
  await people.caller.talksWith('alice')
  await people.caller.hangsUp()
  await people.alice.becomes('wrap-up')
  assert.deepEqual(
    sim.told('call.supervised').map(({ mode }) => mode),
    ['listen', 'whisper', 'barge', 'listen', 'stop'],
  )
})

test('a supervisor who joins to whisper is not heard by the caller at any moment', async t => {
  const sim = simulate(t)
  const boss = sim.switch.world.at('user/900', { answers: '2s' })
  const people = await talk(sim)
  await asks(sim, talkSupervise, { talk: 'alice', mode: 'whisper', at: 'user/900' })
  await hear(people, boss, [['alice'], ['900', 'caller'], ['alice', 'caller']])
  await people.alice.hangsUp()
  await sim.until('the supervisor is gone', () => boss.last!.state === 'gone')
  await people.caller.hears('ivr/second')
})

test('a supervised talk outlives its node, and the supervisor goes on through another one', async t => {
  const sim = simulate(t)
  await sim.until('node b opens', sim.open('b'))
  const boss = sim.switch.world.at('user/900', { answers: '2s' })
  const people = await talk(sim)
  await asks(sim, talkSupervise, { talk: 'alice', mode: 'listen', at: 'user/900' })
  sim.kill('a')
  await sim.advance('10s')
  await asks(sim, talkSupervise, { talk: 'alice', mode: 'barge' }, 'b')
  await hear(people, boss, [
    ['900', 'alice'],
    ['900', 'caller'],
    ['alice', 'caller'],
  ])
  await people.alice.hangsUp()
  await people.caller.hears('ivr/second')
  assert.equal(await people.caller.outcome(), 'over')
})

test('a supervisor whose telephone does not answer is reported, and one who is an agent gets no calls meanwhile', async t => {
  const sim = simulate(t)
  sim.switch.world.at('user/900', { answers: 'busy' })
  const { caller } = await talk(sim)
  const first = { talk: 'alice', mode: 'listen' } as const
  await assert.rejects(asks(sim, talkSupervise, first), /give the telephone of the supervisor/)
  await assert.rejects(asks(sim, talkSupervise, { ...first, at: 'user/900' }), /user\/900 was not reached: busy/)
  const bob = sim.agent('bob')
  await bob.ready()
  await asks(sim, talkSupervise, { ...first, at: 'user/bob' })
  assert.equal(await bob.state(), 'busy-elsewhere')
  await caller.hangsUp()
  await bob.becomes('idle')
})

test('three people talk, one of them through the gateway; when the third leaves, the two talk on', async t => {
  const sim = simulate(t)
  const expert = sim.switch.world.at('sofia/gateway/carrier/+4930777', { answers: '2s' })
  const people = await talk(sim)
  await asks(sim, talkAdd, { talk: 'alice', to: '+49 30 777' })
  await hear(people, expert, [
    ['+4930777', 'alice'],
    ['+4930777', 'caller'],
    ['alice', 'caller'],
  ])
  await assert.rejects(asks(sim, talkAdd, { talk: 'alice', to: '+4930778' }), /three people talk/)
  await asks(sim, talkDrop, { talk: 'alice' })
  await people.caller.hearsVoices(['alice'])
  await asks(sim, talkAdd, { talk: 'alice', to: '+4930777' })
  expert.last!.hangUp()
  await people.alice.hearsVoices(['caller'])
  await assert.rejects(asks(sim, talkDrop, { talk: 'alice' }), /no call with a third person/)
  await people.caller.hangsUp()
})

test('three people talk on when the node dies; when the agent hangs up the third one leaves, the caller comes back', async t => {
  const sim = simulate(t)
  await sim.until('node b opens', sim.open('b'))
  const expert = sim.switch.world.at('sofia/gateway/carrier/+4930777', { answers: '2s' })
  const people = await talk(sim)
  await asks(sim, talkAdd, { talk: 'alice', to: '+4930777' })
  sim.kill('a')
  await sim.advance('10s')
  await hear(people, expert, [
    ['+4930777', 'alice'],
    ['+4930777', 'caller'],
    ['alice', 'caller'],
  ])
  await people.alice.hangsUp()
  await people.caller.hears('ivr/second')
  assert.equal(expert.last!.state, 'gone')
})

test('a recording is paused while a card number is said, also by another node, and keeps its length', async t => {
  const sim = simulate(t)
  await sim.until('node b opens', sim.open('b'))
  const { caller } = await talk(sim)
  const { path } = await asks(sim, recordingPause, { talk: 'alice' })
  sim.kill('a')
  await sim.advance('10s')
  await asks(sim, recordingResume, { talk: await caller.uuid() }, 'b')
  const [recording] = sim.switch.recordings
  assert.equal(recording!.path, path)
  assert.deepEqual(
    recording!.changes.map(({ what }) => what),
    ['mask', 'unmask'],
  )
  await caller.hangsUp()
  await caller.outcome()
})

test('a call that is not recorded has no recording to pause', async t => {
  const sim = simulate(t)
  const caller = sim.call(flow(async call => call.play(Array(9).fill('ivr/welcome'))))
  await caller.hears('ivr/welcome')
  const talked = { talk: await caller.uuid() }
  await assert.rejects(asks(sim, recordingPause, talked), /is not recorded now/)
  await caller.hangsUp()
})
