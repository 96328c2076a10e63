/** A flow reaches another person, or gets the reason why not. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { displayName } from '../../../src/esl/safe-text.ts'
import type { DialOptions } from '../../../src/call/call.ts'
import type { Kind } from './freeswitch-config.ts'
import { contract } from './suite.ts'
import type { World } from './world.ts'

async function dials(world: World, endpoint: string, options?: DialOptions): Promise<string> {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using party = await call.dial(endpoint, options)
    await call.play('ivr/wrong')
    return party.outcome
  })
  await world.call()
  return world.within('10s', flow.result)
}

const OUTCOMES: Readonly<Record<string, readonly [Kind, string, DialOptions?]>> = {
  'somebody who picks up is there': ['person', 'answered'],
  'a busy telephone is busy': ['busy', 'busy'],
  'a number that nobody has is invalid': ['unallocated', 'invalid'],
  'somebody who pushes the call away has declined': ['declines', 'declined'],
  'a telephone that nobody picks up has no answer': ['never', 'no-answer', { ringFor: '1s' }],
}

for (const [name, [kind, outcome, options]] of Object.entries(OUTCOMES)) {
  contract(`${name}, and the caller is still there`, async world => {
    equal(await dials(world, world.telephone(kind).endpoint, options), outcome)
  })
}

contract('a gateway that does not exist is refused by the switch itself: nothing rings anywhere', async world => {
  equal(await dials(world, 'sofia/gateway/nowhere/4912345'), 'refused')
  ok(
    !world.observer.heard.some(
      ({ event }) => event.name === 'CHANNEL_CREATE' && event.get('Channel-Name')?.includes('4912345'),
    ),
  )
})

contract('a user of the switch whose telephone is not there is invalid, and the caller is still there', async world => {
  equal(await dials(world, 'user/1999'), 'invalid')
})

contract('a carrier that plays before the answer has not answered', async world => {
  const node = await world.node('a')
  const phone = world.telephone('early')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const begun = world.clock.monotonic()
    await using party = await call.dial(phone.endpoint, { before: leg => leg.play('ivr/wrong') })
    return { outcome: party.outcome, took: world.clock.monotonic() - begun }
  })
  await world.call()
  const agent = await world.within('5s', phone.rings())
  const { outcome, took } = await world.within('8s', flow.result)
  equal(outcome, 'answered')
  ok(took >= 2_000, `the whisper began after ${Math.round(took)} ms, before the answer`)
  const names = world.observer.namesOf(agent.uuid)
  ok(names.indexOf('CHANNEL_ANSWER') < names.indexOf('PLAYBACK_START'), names.join(' '))
})

contract('a telephone that is no longer needed stops ringing', async world => {
  const node = await world.node('a')
  const phone = world.telephone('never')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using party = await call.dial(phone.endpoint, { ringFor: '1s' })
    return party.outcome
  })
  await world.call()
  const agent = await world.within('5s', phone.rings())
  equal(await world.within('5s', flow.result), 'no-answer')
  await world.within('2s', agent.ended)
})

contract('a party that is not joined is let go at the end of its scope', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    {
      await using party = await call.dial(phone.endpoint)
      equal(party.outcome, 'answered')
    }
    await call.play('ivr/long')
  })
  const caller = await world.call()
  const agent = await world.within('5s', phone.rings())
  equal(await world.within('3s', agent.ended), 'NORMAL_CLEARING')
  await world.hears(caller, 'ivr/long')
  equal(flow.runs[0]!.signal.aborted, false)
})

contract('two telephones ring at once, and each leg is its own and has its own connection', async world => {
  const node = await world.node('a')
  const phones = [world.telephone('person'), world.telephone('person')]
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const parties = await Promise.all(
      phones.map(phone => call.dial(phone.endpoint, { before: leg => leg.play('ivr/wrong') })),
    )
    equal(node.connections, 3)
    const uuids = parties.map(party => party.leg?.uuid)
    for (const party of parties) await party[Symbol.asyncDispose]()
    return uuids
  })
  await world.call()
  const rang = await Promise.all(phones.map(phone => world.within('5s', phone.rings())))
  deepEqual(
    await world.within('5s', flow.result),
    rang.map(person => person.uuid),
  )
})

contract(
  'of several telephones the first that is answered talks, and each other one stops with LOSE_RACE',
  async world => {
    const node = await world.node('a')
    const [silent, person, busy] = [world.telephone('never'), world.telephone('person'), world.telephone('busy')]
    const flow = node.answers('welcome', async call => {
      await call.answer()
      await using party = await call.dial([silent.endpoint, busy.endpoint, person.endpoint])
      if (!party.leg) return party.outcome
      return await call.join(party.leg)
    })
    const caller = await world.call()
    const [left, agent] = await Promise.all([silent, person].map(phone => world.within('5s', phone.rings())))
    await world.event(caller.uuid, 'CHANNEL_BRIDGE')
    await world.within('5s', left!.ended)
    equal((await world.event(left!.uuid, 'CHANNEL_HANGUP')).get('Hangup-Cause'), 'LOSE_RACE')
    await world.hear(caller, agent!)
    await agent!.hangUp()
    equal(await world.within('5s', flow.result), 'talked')
  },
)

contract('a name of every allowed kind of character is shown on the telephone that rings', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const names = ['Ada (Team A) & Söhne Nº.-9', '李小龙 Дмитрий', 'O.K. - (&) . x']
  for (const name of names)
    equal(
      displayName(name),
      name
        .replace('º', 'º')
        .normalize('NFC')
        .replace(/[^\p{L}\p{M}\p{Nd} .()&-]/gu, ''),
    )
  node.answers('welcome', async call => {
    await call.answer()
    for (const callerName of names)
      await (await call.dial(phone.endpoint, { callerName, callerId: '+493055512' }))[Symbol.asyncDispose]()
  })
  await world.call()
  for (const name of names) {
    const agent = await world.within('5s', phone.rings())
    deepEqual(await world.shownTo(agent), { name: displayName(name), number: '+493055512' })
    await world.within('5s', agent.ended)
  }
})
