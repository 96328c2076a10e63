/**
 * What can be read of a leg: fields and variables, before and after it was transferred, and what remains after a talk.
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Speaker } from './speaker.ts'
import { contract } from './suite.ts'
import { talk } from './talking.ts'

contract('fields of the caller are read like variables', async world => {
  const [leg, caller] = await Promise.all([
    Speaker.takes(world),
    world.call({ from: world.freshNumber('30'), name: 'Ada' }),
  ])
  const read = async (name: string) => (await leg.say(`api uuid_getvar ${leg.uuid} ${name}`)).body
  equal(await read('caller_id_number'), caller.number)
  equal(await read('caller_id_name'), 'Ada')
  equal(await read('destination_number'), 'switchhook-welcome')
  equal(await read('context'), 'switchhook')
  equal(await read('dialplan'), 'XML')
  equal(await read('ani'), caller.number)
  equal(await read('uuid'), leg.uuid)
  equal(await read('nothing_of_that_name'), '_undef_')
  equal(await read('bleg_caller_id_number'), '_undef_')
  equal(await leg.reply('getvar caller_id_number'), caller.number)
})

contract('a leg that was sent to applications is where it was, and from there goes on in the dialplan', async world => {
  const [leg] = await Promise.all([Speaker.takes(world), world.call()])
  const speaker = await Speaker.calls(world)
  await speaker.reply('event plain CHANNEL_PARK CHANNEL_EXECUTE')
  await speaker.reply(`filter Unique-ID ${leg.uuid}`)
  const api = async (command: string) => (await speaker.say(`api ${command}`)).body.trim()
  equal(await api(`uuid_transfer ${leg.uuid} park inline`), '+OK')
  const parked = await speaker.event('CHANNEL_PARK', event => event.get('Caller-Dialplan') === 'inline')
  equal(parked.get('Caller-Destination-Number'), 'switchhook-welcome')
  equal(await api(`uuid_getvar ${leg.uuid} destination_number`), 'switchhook-welcome')
  equal(await api(`uuid_getvar ${leg.uuid} dialplan`), 'inline')
  equal(await api(`uuid_transfer ${leg.uuid} switchhook-sorry`), '+OK')
  const went = await speaker.event('CHANNEL_EXECUTE')
  deepEqual(
    [went.get('Caller-Dialplan'), went.get('Caller-Destination-Number'), went.get('Caller-Context')],
    ['XML', 'switchhook-sorry', 'switchhook'],
  )
})

contract('blanks around a value belong to it', async world => {
  const [leg] = await Promise.all([Speaker.takes(world), world.call()])
  await leg.reply('event plain CHANNEL_EXECUTE_COMPLETE')
  const read = async (name: string) => (await leg.say(`api uuid_getvar ${leg.uuid} ${name}`)).body
  await leg.execute('set', 'blank= x')
  await leg.execute('set', 'comma,y')
  await leg.execute('set', 'none=')
  for (let done = 0; done < 3; done++) await leg.event('CHANNEL_EXECUTE_COMPLETE')
  deepEqual([await read('blank'), await read('comma'), await read('none')], [' x', 'y', '_undef_'])
})

contract(
  "a caller who has come back from a talk is nobody's partner any more, and their hang-up says nothing of the talk but whom they talked to",
  async world => {
    const node = await world.node('a')
    const speaker = await Speaker.calls(world)
    await speaker.reply('event plain CHANNEL_EXECUTE CHANNEL_HANGUP CHANNEL_BRIDGE CHANNEL_UNBRIDGE')
    const { caller, agent, result } = await talk(world, node)
    const bridged = await speaker.event('CHANNEL_BRIDGE', event => event.uuid === caller.uuid)
    ok(Number(bridged.raw('Caller-Channel-Bridged-Time')) > 0)
    await agent.hangUp()
    await world.hears(caller, 'ivr/second')
    const back = await speaker.event(
      'CHANNEL_EXECUTE',
      event => event.uuid === caller.uuid && event.get('Application') === 'playback',
    )
    deepEqual(
      [back.raw('Caller-Channel-Bridged-Time'), back.get('Other-Type'), back.get('Other-Leg-Unique-ID')],
      ['0', undefined, undefined],
    )
    await caller.hangUp()
    const end = await speaker.event('CHANNEL_HANGUP', event => event.uuid === caller.uuid)
    deepEqual([end.raw('Caller-Channel-Bridged-Time'), end.variable('last_bridge_to')], ['0', agent.uuid])
    await result.catch(() => {})
  },
)

contract('a caller who hangs up in the talk has the time of it', async world => {
  const node = await world.node('a')
  const speaker = await Speaker.calls(world)
  await speaker.reply('event plain CHANNEL_HANGUP')
  const { caller, result } = await talk(world, node)
  await caller.hangUp()
  const end = await speaker.event('CHANNEL_HANGUP', event => event.uuid === caller.uuid)
  ok(Number(end.raw('Caller-Channel-Bridged-Time')) > 0)
  await result.catch(() => {})
})
