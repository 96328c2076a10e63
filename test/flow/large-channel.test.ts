/**
 * Calls with more data than most: FreeSWITCH has no limit for a channel's data, so neither the first arrival nor a
 * later one may fail.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

const greets = flow(async call => {
  await call.answer()
  await call.play('ivr/welcome')
})

/** A person calls with the record of their customer in a variable. */
function customer(t: TestContext, octets: number) {
  const sim = simulate(t)
  const name = sim.install('greets', greets)
  const arrives = async () => {
    await sim.ready
    return sim.switch.world.call({
      from: '+4930111',
      to: `switchhook-${name}`,
      variables: { crm_record: 'x'.repeat(octets) },
    })
  }
  return { sim, arrives }
}

for (const octets of [58_000, 66_000, 1_000_000]) {
  test(`a caller whose channel has ${octets} octets of data is served`, async t => {
    const { sim, arrives } = customer(t, octets)
    const person = await sim.until('they call', arrives())
    await sim.until('they are gone', () => person.state === 'gone')
    assert.deepEqual(
      person.heard.map(({ what }) => what),
      ['ivr/welcome'],
    )
  })
}

test('a caller whose channel has more than any frame may have hears the apology, and the node stands', async t => {
  const { sim, arrives } = customer(t, 4_200_000)
  const person = await sim.until('they call', arrives())
  await sim.until('they are gone', () => person.state === 'gone', '60s')
  assert.ok(
    person.heard.some(({ what }) => what === 'switchhook/sorry'),
    JSON.stringify(person.heard),
  )
  const caller = sim.call(greets)
  await caller.hears('ivr/welcome')
  await caller.outcome()
})

test('a caller who has gathered a lot of data while talking comes back from the talk, and goes on at another node', async t => {
  const sim = simulate(t)
  const after = flow(async call => {
    await call.answer()
    await using party = await call.dial('user/bob')
    if (party.leg) await call.join(party.leg)
    await call.play('ivr/after')
    await call.play('ivr/goodbye')
  })
  const bob = sim.switch.world.at('user/bob', { answers: '100ms', speaks: 'human' })
  const caller = sim.call(after)
  await caller.talksWith('bob')
  const uuid = await caller.uuid()
  const node = await sim.ready
  const home = node.switchboard.switches[0]!
  for (const name of ['history', 'session'])
    await sim.until(
      'it is written down',
      home.commands.run(`uuid_setvar ${uuid} ${name} ${'y'.repeat(50_000)}` as never),
    )
  bob.last!.hangUp()
  await caller.hears('ivr/after')
  await sim.until('the second node opens', sim.open('b'))
  sim.kill('a')
  await caller.hears('ivr/after')
  await caller.hears('ivr/goodbye')
  assert.notEqual(await caller.outcome(), 'error')
})

test('a caller with a lot of data waits in a queue and talks with an agent', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.ready()
  const name = sim.install('queue-entry', queueEntry as never)
  await sim.until('node a opens', sim.ready)
  const person = sim.switch.world.call({
    from: '+4930111',
    to: `switchhook-${name}`,
    variables: { queue: 'sales', crm_record: 'x'.repeat(200_000) },
  })
  await alice.accepts()
  await sim.until('they talk', () => person.talksWith?.name === 'alice')
  person.hangUp()
  await alice.becomes('wrap-up')
})
