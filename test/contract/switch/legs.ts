/**
 * Single commands about legs that talk, ring or play: hold, break, keys, displace, bridge, and the list of channels.
 */
import { deepEqual, equal } from 'node:assert/strict'
import { Speaker } from './speaker.ts'
import { contract } from './suite.ts'
import { talk } from './talking.ts'
import { isSound } from './world.ts'

const api = async (speaker: Speaker, command: string) => (await speaker.say(`api ${command}`)).body.trim()

/** The reports about sounds: the event, the sound, and how it ended. */
const soundsTold = (leg: Speaker) =>
  leg.events.map(
    event =>
      `${event.name} ${/[^/]+\/[^/]+$/.exec(event.get('Playback-File-Path') ?? '')?.[0]} ${event.get('Playback-Status')}`,
  )

contract('a hold that is no hold cannot be ended, and one that is cannot be begun again', async world => {
  const node = await world.node('a')
  const speaker = await Speaker.calls(world)
  const { caller } = await talk(world, node)
  equal(await api(speaker, `uuid_hold off ${caller.uuid}`), '-ERR Operation failed')
  equal(await api(speaker, `uuid_hold ${caller.uuid}`), '+OK Success')
  await world.pause('300ms')
  equal(await api(speaker, `uuid_hold ${caller.uuid}`), '-ERR Operation failed')
  equal(await api(speaker, `uuid_hold off ${caller.uuid}`), '+OK Success')
})

contract('both telephones are told who calls once they talk', async world => {
  const node = await world.node('a')
  const speaker = await Speaker.calls(world)
  await speaker.reply('event plain CALL_UPDATE')
  const { caller, agent } = await talk(world, node)
  const shown = new Map<string, (string | undefined)[]>()
  for (let told = 0; told < 2; told++) {
    const update = await speaker.event('CALL_UPDATE', event => event.get('Direction') === 'SEND')
    shown.set(
      update.uuid!,
      ['Sent-Callee-ID-Name', 'Sent-Callee-ID-Number', 'Bridged-To'].map(name => update.get(name)),
    )
  }
  deepEqual(
    shown,
    new Map([
      [caller.uuid, ['Ada Caller', caller.number, agent.uuid]],
      [agent.uuid, ['Ada Caller', caller.number, caller.uuid]],
    ]),
  )
})

contract('a sound within a sound: both are broken off before the next begins', async world => {
  const [leg] = await Promise.all([Speaker.takes(world), world.call()])
  await leg.reply('event plain PLAYBACK_START PLAYBACK_STOP')
  await leg.reply(`filter Unique-ID ${leg.uuid}`)
  await leg.execute('answer')
  for (const sound of ['ivr/long', 'moh/calm']) {
    await leg.execute('playback', `${sound}.wav`, 'event-lock: false') // so that it may begin within the one before
    await leg.event('PLAYBACK_START', event => isSound(event, sound))
  }
  leg.write(`api uuid_break ${leg.uuid}`, `api uuid_break ${leg.uuid} all`)
  await leg.event('PLAYBACK_STOP')
  await leg.event('PLAYBACK_STOP')
  await leg.execute('playback', 'ivr/second.wav')
  await leg.event('PLAYBACK_START')
  deepEqual(soundsTold(leg), [
    'PLAYBACK_START ivr/long.wav undefined',
    'PLAYBACK_START moh/calm.wav undefined',
    'PLAYBACK_STOP moh/calm.wav break',
    'PLAYBACK_STOP ivr/long.wav break',
    'PLAYBACK_START ivr/second.wav undefined',
  ])
})

contract('a sound within a sound: what waits behind them begins when the inner one is broken off', async world => {
  const [leg] = await Promise.all([Speaker.takes(world), world.call()])
  await leg.reply('event plain PLAYBACK_START PLAYBACK_STOP')
  await leg.reply(`filter Unique-ID ${leg.uuid}`)
  await leg.execute('answer')
  for (const sound of ['ivr/long', 'moh/calm']) {
    await leg.execute('playback', `${sound}.wav`, sound === 'ivr/long' ? 'event-lock: false' : 'event-lock: true')
    await leg.event('PLAYBACK_START', event => isSound(event, sound))
  }
  await leg.execute('playback', 'ivr/second.wav') // waits: the inner one has the lock
  await leg.say(`api uuid_break ${leg.uuid}`)
  await leg.event('PLAYBACK_START', event => isSound(event, 'ivr/second'))
  deepEqual(soundsTold(leg), [
    'PLAYBACK_START ivr/long.wav undefined',
    'PLAYBACK_START moh/calm.wav undefined',
    'PLAYBACK_STOP moh/calm.wav break',
    'PLAYBACK_STOP ivr/long.wav break',
    'PLAYBACK_START ivr/second.wav undefined',
  ])
})

contract(
  'a key that we send to a caller who is not answered gives them early media; one that we take for theirs does not',
  async world => {
    const [leg] = await Promise.all([Speaker.takes(world), world.call()])
    await leg.reply('event plain CHANNEL_PROGRESS_MEDIA DTMF')
    await leg.reply(`filter Unique-ID ${leg.uuid}`)
    equal(await api(leg, `uuid_recv_dtmf ${leg.uuid} 5`), `+OK ${leg.uuid} received DTMF 5.`)
    equal((await leg.event('DTMF')).get('Answer-State'), 'ringing')
    equal(await api(leg, `uuid_send_dtmf ${leg.uuid} 5`), `+OK ${leg.uuid} sent DTMF 5.`)
    await leg.event('CHANNEL_PROGRESS_MEDIA')
    deepEqual(
      leg.events.map(({ name }) => name),
      ['DTMF', 'CHANNEL_PROGRESS_MEDIA'],
    )
  },
)

contract('something is played to a leg beside what it hears', async world => {
  const [leg] = await Promise.all([Speaker.takes(world), world.call()])
  await leg.execute('answer')
  await world.pause('300ms')
  equal(
    await api(leg, `uuid_displace ${leg.uuid} stop tone_stream://%(9000,0,300)`),
    '-ERR Cannot stop displace session!',
  )
  equal(await api(leg, `uuid_displace ${leg.uuid} start tone_stream://%(9000,0,300)`), '+OK Success')
  equal(await api(leg, `uuid_displace ${leg.uuid} start tone_stream://%(9000,0,300)`), '-ERR Cannot displace session!')
  equal(await api(leg, `uuid_displace ${leg.uuid} stop tone_stream://%(9000,0,300)`), '+OK Success')
  equal(await api(leg, `uuid_displace ${leg.uuid} start ivr/nowhere.wav`), '-ERR Cannot displace session!')
})

contract(
  'the list of channels lags: a leg is in it a moment after it has come, whatever it said before',
  async world => {
    const [speaker, caller] = await Promise.all([Speaker.takes(world), world.call()])
    const listed = async () => (await api(speaker, 'show channels as json')).includes(caller.uuid)
    await listed() // listed or not yet: nobody may conclude from it that the call is gone
    await world.pause('500ms')
    equal(await listed(), true)
  },
)

contract(
  'a caller who is not answered hears what a telephone plays before it is, and is answered with it',
  async world => {
    const [leg, caller] = await Promise.all([Speaker.takes(world), world.call()])
    await leg.reply(
      'event plain CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_CALLSTATE CALL_UPDATE',
    )
    await leg.reply(`filter Unique-ID ${caller.uuid}`)
    const { endpoint } = world.telephone('early')
    await leg.execute('bridge', endpoint)
    await leg.event('CHANNEL_ANSWER')
    await leg.event('CALL_UPDATE', event => event.get('Direction') === 'SEND')
    deepEqual(
      leg.events
        .filter(({ name }) => name !== 'CALL_UPDATE')
        .map(event => (event.name === 'CHANNEL_CALLSTATE' ? event.get('Channel-Call-State') : event.name)),
      ['CHANNEL_PROGRESS_MEDIA', 'EARLY', 'CHANNEL_BRIDGE', 'CHANNEL_ANSWER', 'ACTIVE'],
    )
  },
)
