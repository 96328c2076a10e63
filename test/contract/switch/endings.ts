/** The end of a leg, word for word: which application still runs, which is cut, and which side ended it. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Speaker } from './speaker.ts'
import { contract } from './suite.ts'
import type { Person, World } from './world.ts'

/** Everything that FreeSWITCH sends about one leg. */
async function everything(world: World, uuid: string, names: string): Promise<Speaker> {
  const speaker = await Speaker.calls(world)
  await speaker.reply(`event plain ${names}`)
  await speaker.reply(`filter Unique-ID ${uuid}`)
  return speaker
}

async function answered(world: World): Promise<{ caller: Person; leg: Speaker }> {
  const [leg, caller] = await Promise.all([Speaker.takes(world), world.call()])
  await leg.reply('linger 2')
  await leg.reply(
    'event plain CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE PLAYBACK_START PLAYBACK_STOP',
  )
  await leg.reply(`filter Unique-ID ${leg.uuid}`)
  await leg.execute('answer')
  await leg.event('CHANNEL_EXECUTE_COMPLETE')
  return { caller, leg }
}

contract('what was queued behind a long sound still runs at the hang-up, if it needs no sound', async world => {
  const { caller, leg } = await answered(world)
  await leg.execute('playback', 'ivr/long.wav')
  await leg.execute('set', 'a=1')
  await leg.execute('playback', 'ivr/second.wav')
  await leg.execute('export', 'b=2')
  await leg.execute('multiset', 'c=3 d=4')
  await leg.execute('unset', 'a')
  await leg.event('PLAYBACK_START')
  await caller.hangUp()
  const last = await leg.event('CHANNEL_HANGUP_COMPLETE')
  const after = leg.events.slice(leg.events.findIndex(({ name }) => name === 'CHANNEL_HANGUP'))
  const done = after.filter(({ name }) => name === 'CHANNEL_EXECUTE_COMPLETE').map(event => event.get('Application'))
  deepEqual(done, ['playback', 'set', 'export', 'multiset', 'unset', 'socket'])
  deepEqual(
    ['a', 'b', 'c', 'd'].map(name => last.variable(name)),
    [undefined, '2', '3', '4'],
  )
})

contract('a sound that a hang-up cuts is done, and not broken off', async world => {
  const { caller, leg } = await answered(world)
  await leg.execute('playback', 'ivr/long.wav')
  await leg.event('PLAYBACK_START')
  await caller.hangUp()
  equal((await leg.event('PLAYBACK_STOP')).get('Playback-Status'), 'done')
  const response = (await leg.event('CHANNEL_EXECUTE_COMPLETE')).get('Application-Response')
  // the real one sends sometimes this, sometimes that
  ok(['FILE PLAYED', 'PLAYBACK ERROR'].includes(response ?? ''), response)
})

contract('a sound that a transfer cuts is done and has failed; one that is broken off is not', async world => {
  const { leg } = await answered(world)
  await leg.execute('playback', 'ivr/long.wav')
  await leg.event('PLAYBACK_START')
  await leg.say(`api uuid_break ${leg.uuid}`)
  equal((await leg.event('PLAYBACK_STOP')).get('Playback-Status'), 'break')
  equal((await leg.event('CHANNEL_EXECUTE_COMPLETE')).get('Application-Response'), 'FILE PLAYED')
  await leg.execute('playback', 'ivr/long.wav')
  await leg.event('PLAYBACK_START')
  await leg.say(`api uuid_transfer ${leg.uuid} park inline`)
  equal((await leg.event('PLAYBACK_STOP')).get('Playback-Status'), 'done')
  equal((await leg.event('CHANNEL_EXECUTE_COMPLETE')).get('Application-Response'), 'PLAYBACK ERROR')
})

contract('the last word of the switch on a leg is that it is in CS_DESTROY', async world => {
  const { caller, leg } = await answered(world)
  const speaker = await everything(
    world,
    leg.uuid,
    'CHANNEL_STATE CHANNEL_CALLSTATE CHANNEL_DESTROY CHANNEL_HANGUP_COMPLETE',
  )
  leg[Symbol.dispose]()
  await caller.hangUp()
  await speaker.event('CHANNEL_STATE', event => event.get('Channel-State') === 'CS_DESTROY')
  const told = speaker.events.map(event => [event.name, event.get('Channel-State')])
  deepEqual(told.slice(-3), [
    ['CHANNEL_HANGUP_COMPLETE', 'CS_REPORTING'],
    ['CHANNEL_DESTROY', 'CS_REPORTING'],
    ['CHANNEL_STATE', 'CS_DESTROY'],
  ])
})

contract('a change of what a telephone shows has a number', async world => {
  const speaker = await Speaker.calls(world)
  await speaker.reply('event plain CHANNEL_CALLSTATE')
  const { caller, leg } = await answered(world)
  await caller.hangUp()
  await speaker.event(
    'CHANNEL_CALLSTATE',
    event => event.uuid === leg.uuid && event.get('Channel-Call-State') === 'HANGUP',
  )
  const told = speaker.events
    .filter(({ uuid }) => uuid === leg.uuid)
    .map(event =>
      ['Original-Channel-Call-State', 'Channel-Call-State', 'Channel-Call-State-Number'].map(name => event.get(name)),
    )
  deepEqual(told, [
    ['DOWN', 'RINGING', '2'],
    ['RINGING', 'ACTIVE', '4'],
    ['ACTIVE', 'HANGUP', '7'],
  ])
})

/** Which side hung up, and how: in the last event of the leg. */
const farewell = async (speaker: Speaker) => {
  const last = await speaker.event('CHANNEL_HANGUP_COMPLETE')
  return ['sip_hangup_disposition', 'sip_term_status', 'sip_invite_failure_status', 'proto_specific_hangup_cause'].map(
    name => last.variable(name),
  )
}

contract('the far end hangs up a call that was answered', async world => {
  const { caller, leg } = await answered(world)
  const speaker = await everything(world, leg.uuid, 'CHANNEL_HANGUP_COMPLETE')
  await caller.hangUp()
  deepEqual(await farewell(speaker), ['recv_bye', '200', undefined, 'sip:200'])
})

contract('we hang up a call that was answered', async world => {
  const { leg } = await answered(world)
  const speaker = await everything(world, leg.uuid, 'CHANNEL_HANGUP_COMPLETE')
  await leg.execute('hangup')
  deepEqual(await farewell(speaker), ['send_bye', undefined, undefined, undefined])
})

contract('a caller gives up before the answer, and another is refused', async world => {
  for (const [who, expected] of [
    ['caller', ['recv_cancel', '487', '487', 'sip:487']],
    ['we', ['send_refuse', undefined, undefined, undefined]],
  ] as const) {
    const [leg, caller] = await Promise.all([Speaker.takes(world), world.call()])
    const speaker = await everything(world, leg.uuid, 'CHANNEL_HANGUP_COMPLETE')
    if (who === 'caller') await caller.hangUp()
    else await leg.execute('hangup', 'USER_BUSY')
    deepEqual(await farewell(speaker), expected)
    leg[Symbol.dispose]()
  }
})

for (const [kind, status] of [
  ['busy', '486'],
  ['unallocated', '404'],
  ['declines', '603'],
] as const) {
  contract(
    `a telephone that ${kind === 'declines' ? 'declines' : `is ${kind}`} refuses with ${status}`,
    async world => {
      const speaker = await Speaker.calls(world)
      await speaker.reply('event plain CHANNEL_HANGUP_COMPLETE')
      const { endpoint, number } = world.telephone(kind)
      void world.observer.job(`originate ${endpoint} &park()`)
      const last = await speaker.event(
        'CHANNEL_HANGUP_COMPLETE',
        event => (event.get('Channel-Name') ?? '').endsWith(number) && event.get('Call-Direction') === 'outbound',
      )
      const told = [
        'sip_hangup_disposition',
        'sip_term_status',
        'sip_invite_failure_status',
        'proto_specific_hangup_cause',
      ].map(name => last.variable(name))
      deepEqual(told, ['recv_refuse', status, status, `sip:${status}`])
    },
  )
}

contract('a call that nobody answers in time is cancelled by us', async world => {
  const speaker = await Speaker.calls(world)
  await speaker.reply('event plain CHANNEL_HANGUP_COMPLETE')
  const { endpoint, number } = world.telephone('never')
  void world.observer.job(`originate {originate_timeout=1}${endpoint} &park()`)
  const last = await speaker.event(
    'CHANNEL_HANGUP_COMPLETE',
    event => (event.get('Channel-Name') ?? '').endsWith(number) && event.get('Call-Direction') === 'outbound',
  )
  deepEqual(
    ['sip_hangup_disposition', 'sip_invite_failure_status'].map(name => last.variable(name)),
    ['send_cancel', '487'],
  )
})
