/** Single commands of the event socket and their answers, word for word. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { newUuid } from '../../../src/esl/safe-text.ts'
import { Speaker } from './speaker.ts'
import { contract } from './suite.ts'

contract(
  'an event that no switch knows is refused when it is asked for alone, and passed over among others',
  async world => {
    world.strange.push('event NO_SUCH_EVENT')
    const speaker = await Speaker.calls(world)
    equal(await speaker.reply('event plain NO_SUCH_EVENT'), '-ERR no keywords supplied')
    equal(await speaker.reply('event plain'), '-ERR no keywords supplied')
    equal(await speaker.reply('event plain CHANNEL_ANSWER NO_SUCH_EVENT'), '+OK event listener enabled plain')
    equal(await speaker.reply('nixevent NO_SUCH_EVENT'), '-ERR no keywords supplied')
    equal(await speaker.reply('nixevent CHANNEL_ANSWER'), '+OK events nixed')
    equal(await speaker.reply('noevents'), '+OK no longer listening for events')
    equal(await speaker.reply('noevents'), '-ERR not listening for events')
  },
)

contract('events come as XML to whoever asks for it', async world => {
  const speaker = await Speaker.calls(world)
  equal(await speaker.reply('event xml CHANNEL_CREATE'), '+OK event listener enabled xml')
  const caller = await world.call({ name: 'Ada & Co' })
  const { type, body } = await speaker.next(
    said => said.body.includes(`<Unique-ID>${caller.uuid}</Unique-ID>`),
    'the event',
  )
  equal(type, 'text/event-xml')
  ok(
    body.startsWith('<event>\n  <headers>\n    <Event-Name>CHANNEL_CREATE</Event-Name>\n    <Core-UUID>'),
    body.slice(0, 200),
  )
  ok(body.endsWith('  </headers>\n</event>\n'), body.slice(-200))
  ok(body.includes('    <Caller-Caller-ID-Name>Ada%20%26%20Co</Caller-Caller-ID-Name>\n'), body)
})

contract('what happens to a leg that does not exist is asked for, and everything comes', async world => {
  const speaker = await Speaker.calls(world)
  const nobody = newUuid()
  equal(await speaker.reply(`myevents ${nobody} plain`), '-ERR invalid uuid')
  equal(await speaker.reply(`myevents ${nobody}`), '+OK Events Enabled')
  equal(await speaker.reply(`myevents ${nobody}`), '-ERR aready enabled.')
  const caller = await world.call()
  equal((await speaker.event('CHANNEL_CREATE', event => event.uuid === caller.uuid)).uuid, caller.uuid)
})

contract('a variable that is not set is a command that is not found', async world => {
  const [leg] = await Promise.all([Speaker.takes(world), world.call()])
  equal(await leg.reply('getvar nothing_of_that_name'), '-ERR command not found')
  equal(await leg.reply('getvar socket_resume'), 'true')
})

contract('who leaves before connecting is not answered, and the call comes again', async world => {
  const [first, caller] = await Promise.all([Speaker.takes(world, 'exit'), world.call()])
  await first.closed()
  first[Symbol.dispose]()
  deepEqual(
    first.frames.map(({ type }) => type),
    ['text/disconnect-notice'],
  )
  ok(await world.exists(caller.uuid))
})

contract('whatever is said before connecting is obeyed and not answered', async world => {
  const [leg] = await Promise.all([Speaker.takes(world, 'linger 1'), world.call()])
  await leg.say('connect')
  equal(await leg.reply('linger 1'), '+OK will linger 1 seconds')
  deepEqual(leg.frames.filter(({ type }) => type === 'command/reply').length, 2)
})

contract('linger is said again while the connection lingers, and it closes at once', async world => {
  const [leg, caller] = await Promise.all([Speaker.takes(world), world.call()])
  equal(await leg.reply('linger 8'), '+OK will linger 8 seconds')
  await caller.hangUp()
  await leg.next(
    ({ type, headers }) => type === 'text/disconnect-notice' && headers.raw('Content-Disposition') === 'linger',
    'the notice',
  )
  const began = world.clock.monotonic()
  equal(await leg.reply('linger 8'), '+OK will linger 8 seconds')
  await leg.closed()
  ok(world.clock.monotonic() - began < 8_000, 'it did not linger for its eight seconds')
})

contract(
  'a key that is diverted before any event was asked for is kept, and comes after the subscription',
  async world => {
    const [leg, caller] = await Promise.all([Speaker.takes(world), world.call()])
    await leg.execute('answer')
    await world.within('3s', caller.answered)
    equal(await leg.reply('divert_events on'), '+OK events diverted')
    await caller.press('7')
    await world.pause('800ms')
    deepEqual(
      leg.events.map(({ name }) => name),
      [],
    )
    equal(await leg.reply('event plain CHANNEL_HANGUP'), '+OK event listener enabled plain')
    equal((await leg.event('DTMF')).get('DTMF-Digit'), '7')
  },
)

contract('the usage of commands about legs', async world => {
  const speaker = await Speaker.calls(world)
  const api = async (command: string) => (await speaker.say(`api ${command}`)).body.trimEnd()
  const nobody = newUuid()
  equal(await api('uuid_break'), '-USAGE: <uuid> [all]')
  equal(await api(`uuid_break ${nobody}`), '-ERR No such channel!')
  equal(await api('sched_hangup'), '-USAGE: [+]<time> <uuid> [<cause>]')
  equal(await api('sched_hangup +5'), '-ERR No such channel!')
  equal(await api('uuid_setvar_multi'), '-USAGE: <uuid> <var>=<value>;<var>=<value>...')
  equal(await api(`uuid_setvar_multi ${nobody}`), '-ERR no reply')
  equal(
    await api(`uuid_setvar_multi ${nobody} a=1`),
    '-ERR No such channel!\n-USAGE: <uuid> <var>=<value>;<var>=<value>...',
  )
  equal(await api('uuid_displace'), '-USAGE: <uuid> [start|stop] <path> [<limit>] [mux]')
  equal(await api(`uuid_displace ${nobody} start x`), '-ERR Cannot locate session!')
  equal(await api('uuid_record'), '-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]')
  equal(await api(`uuid_hold off ${nobody}`), '+OK Success')
})

contract('a user of whom the directory knows nothing is absent', async world => {
  const speaker = await Speaker.calls(world)
  equal((await speaker.say('api originate user/nobody &park()')).body.trim(), '-ERR SUBSCRIBER_ABSENT')
})
