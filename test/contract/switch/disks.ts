/** Recordings that cannot begin, that fill the disk, and the texts with which they end. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Speaker } from './speaker.ts'
import { contract } from './suite.ts'
import type { Person, World } from './world.ts'

/** A caller who is answered, and the connection of their leg. */
async function answered(world: World): Promise<{ caller: Person; leg: Speaker }> {
  const [leg, caller] = await Promise.all([Speaker.takes(world), world.call()])
  await leg.reply(
    'event plain CHANNEL_ANSWER CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE RECORD_START RECORD_STOP',
  )
  await leg.reply(`filter Unique-ID ${leg.uuid}`)
  await leg.reply('linger 1')
  await leg.execute('answer')
  await leg.event('CHANNEL_EXECUTE_COMPLETE')
  return { caller, leg }
}

const records = (leg: Speaker) =>
  leg.events
    .filter(({ name }) => name.startsWith('RECORD_'))
    .map(event => [event.name, event.get('Record-Completion-Cause')])
const api = async (leg: Speaker, command: string) => (await leg.say(`api ${command}`)).body.trim()

for (const [what, file] of [
  ['a folder that cannot be made', (world: World) => world.fileOn('missing')],
  ['a full disk', (world: World) => world.fileOn('full')],
  ['a format that nobody knows', async (world: World) => (await world.fileOn('fine')).replace('.wav', '.nonsense')],
] as const) {
  contract(`a recording of a leg to ${what} is refused, and the call goes on`, async world => {
    const { leg } = await answered(world)
    equal(await api(leg, `uuid_record ${leg.uuid} start ${await file(world)}`), '-ERR Cannot record session!')
    equal(await api(leg, `uuid_getvar ${leg.uuid} record_completion_cause`), 'uri-failure')
    deepEqual(records(leg), [])
    ok(await world.exists(leg.uuid))
    leg[Symbol.dispose]()
  })

  contract(`the application record hangs up when it is to write to ${what}, and completes`, async world => {
    const { leg } = await answered(world)
    await leg.execute('record', await file(world))
    equal((await leg.event('CHANNEL_HANGUP')).get('Hangup-Cause'), 'DESTINATION_OUT_OF_ORDER')
    const done = await leg.event('CHANNEL_EXECUTE_COMPLETE')
    deepEqual([done.get('Application'), done.get('Application-Response')], ['record', '_none_'])
    deepEqual(records(leg), [])
    leg[Symbol.dispose]()
  })
}

contract('a message by the application record ends without a cause', async world => {
  const { leg } = await answered(world)
  await leg.execute('record', `${await world.fileOn('fine')} 1`)
  await leg.event('RECORD_STOP')
  deepEqual(records(leg), [
    ['RECORD_START', undefined],
    ['RECORD_STOP', undefined],
  ])
  await leg.execute('hangup')
  await leg.event('CHANNEL_HANGUP_COMPLETE')
})

contract(
  'a recording that is stopped says so; one that the hang-up ends without a word spoken says that, too',
  async world => {
    const { leg } = await answered(world)
    const path = await world.fileOn('fine')
    const start = () => api(leg, `uuid_record ${leg.uuid} start ${path}`)
    equal(await start(), '+OK Success')
    equal(await start(), '+OK Success') // harmless
    const stop = () => api(leg, `uuid_record ${leg.uuid} stop ${path}`)
    const isEmpty = async () => (await api(leg, `uuid_getvar ${leg.uuid} RECORD_DISCARDED`)) === 'true'
    equal(await stop(), '+OK Success') // before the first sound of it, which on a busy machine is not the first time
    let notEmpty = 0
    for (; !(await isEmpty()); notEmpty++) {
      ok(notEmpty < 50, 'each recording had a sound before it was stopped')
      await start()
      await stop()
    }
    await start()
    await world.pause('200ms')
    equal(await stop(), '+OK Success')
    equal(await stop(), '-ERR Cannot stop record session!')
    for (let stops = 0; stops < notEmpty + 2; stops++) await leg.event('RECORD_STOP')
    await api(leg, `uuid_setvar ${leg.uuid} RECORD_FINAL_TIMEOUT_MS 0`)
    await start()
    await leg.execute('sleep', '400')
    await leg.event('CHANNEL_EXECUTE_COMPLETE')
    await leg.execute('hangup')
    await leg.event('CHANNEL_HANGUP_COMPLETE')
    const [stopped, silent] = ['success-maxtime', 'no-input-timeout']
    deepEqual(
      records(leg)
        .filter(([name]) => name === 'RECORD_STOP')
        .map(([, cause]) => cause),
      [...Array<string>(notEmpty).fill(stopped), 'empty-file', stopped, silent],
    )
  },
)

contract('a message in which nobody speaks ends at the first silence and says so', async world => {
  const { leg } = await answered(world)
  for (const name of ['RECORD_INITIAL_TIMEOUT_MS', 'RECORD_FINAL_TIMEOUT_MS'])
    await api(leg, `uuid_setvar ${leg.uuid} ${name} 800`)
  equal(await api(leg, `uuid_record ${leg.uuid} start ${await world.fileOn('fine')}`), '+OK Success')
  equal((await leg.event('RECORD_STOP')).get('Record-Completion-Cause'), 'no-input-timeout')
})

contract('record_session ends after its seconds', async world => {
  const { leg } = await answered(world)
  await leg.execute('record_session', `${await world.fileOn('fine')} +1`)
  equal((await leg.event('RECORD_STOP')).get('Record-Completion-Cause'), 'success-maxtime')
})

contract('two recordings are ended by the hang-up in the order in which they began', async world => {
  const { caller, leg } = await answered(world)
  const [first, second] = [await world.fileOn('fine'), await world.fileOn('fine')]
  for (const path of [first, second]) await api(leg, `uuid_record ${leg.uuid} start ${path}`)
  await world.pause('200ms')
  await caller.hangUp()
  await leg.event('CHANNEL_HANGUP_COMPLETE')
  deepEqual(
    leg.events.filter(({ name }) => name === 'RECORD_STOP').map(event => event.get('Record-File-Path')),
    [first, second],
  )
})

contract('a recording of a caller who is not answered yet gives them early media', async world => {
  const [leg] = await Promise.all([Speaker.takes(world), world.call()])
  await leg.reply('event plain CHANNEL_PROGRESS_MEDIA RECORD_START')
  equal(await api(leg, `uuid_record ${leg.uuid} start ${await world.fileOn('fine')}`), '+OK Success')
  await leg.event('CHANNEL_PROGRESS_MEDIA')
  await leg.event('RECORD_START')
  const dump = await api(leg, `uuid_dump ${leg.uuid}`)
  ok(
    dump.includes('Channel-Call-State: EARLY'),
    dump.split('\n').find(line => line.startsWith('Channel-Call-State')) ?? dump,
  )
})
