/** Recordings and messages. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Recording } from '../../../src/call/verbs/recording.ts'
import { contract } from './suite.ts'
import type { World } from './world.ts'

const records = (world: World, uuid: string) => world.observer.namesOf(uuid).filter(name => name.startsWith('RECORD_'))

contract('a message ends when the caller falls silent', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    return call.record({ limit: '10s', silence: '1s' })
  })
  await world.call()
  const message = await world.within('8s', flow.result)
  ok(message.length >= 800 && message.length < 4_000, `${message.length} ms`)
  if (world.files) ok((await world.files.size(message.path)) > 8_000)
})

contract('a message ends at its limit', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    return call.record({ limit: '1s', silence: '9s' })
  })
  await world.call()
  const message = await world.within('5s', flow.result)
  ok(message.length >= 800 && message.length < 1_500, `${message.length} ms`)
})

contract('a message ends when the caller presses a key', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const message = await call.record({ limit: '10s', silence: '9s' })
    await call.play('ivr/wrong')
    return message
  })
  const caller = await world.call()
  await world.event(caller.uuid, 'RECORD_START')
  await world.pause('500ms')
  await caller.press('#')
  const message = await world.within('3s', flow.result)
  ok(message.length >= 300 && message.length < 2_000, `${message.length} ms`)
})

contract('one recording lasts over the music, the talk and what comes after it', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using music = await call.music('moh/calm')
    await using tape = await call.recording()
    await using party = await call.dial(phone.endpoint)
    await music[Symbol.asyncDispose]()
    await call.join(party.leg!)
    await call.play('ivr/wrong')
    return tape.path
  })
  const caller = await world.call()
  const agent = await world.within('5s', phone.rings())
  await world.event(caller.uuid, 'CHANNEL_BRIDGE')
  await world.pause('1s')
  await agent.hangUp()
  const path = await world.within('5s', flow.result)
  await world.event(caller.uuid, 'RECORD_STOP')
  deepEqual(records(world, caller.uuid), ['RECORD_START', 'RECORD_STOP'])
  ok(path.endsWith(`${caller.uuid}.wav`))
  if (world.files) ok((await world.files.size(path)) > 2 * 16_000 * 1.2, 'two channels of 16 kB a second')
})

contract('a recording is paused and goes on, also while two people talk', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  let tape: Recording | undefined
  const flow = node.answers('welcome', async call => {
    await call.answer()
    tape = await call.recording()
    await tape.pause()
    await call.play('ivr/wrong')
    await tape.resume()
    await using party = await call.dial(phone.endpoint)
    await call.join(party.leg!)
    await tape[Symbol.asyncDispose]()
  })
  const caller = await world.call()
  const agent = await world.within('5s', phone.rings())
  await world.event(caller.uuid, 'CHANNEL_BRIDGE')
  await world.pause('200ms')
  await world.within('2s', tape!.pause())
  await world.pause('200ms')
  await world.within('2s', tape!.resume())
  await world.hear(caller, agent)
  await agent.hangUp()
  await world.within('5s', flow.result)
  await world.event(caller.uuid, 'RECORD_STOP')
  deepEqual(records(world, caller.uuid), ['RECORD_START', 'RECORD_STOP'])
})

contract('a recording that began during the talk is ended with the call', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using tape = await call.recording()
    const again = await call.recording() // a second start of the same file is harmless
    equal(again.path, tape.path)
    await call.play('ivr/long')
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/long')
  await caller.hangUp()
  await flow.result.catch(() => {})
  await world.event(caller.uuid, 'CHANNEL_HANGUP_COMPLETE')
  deepEqual(records(world, caller.uuid), ['RECORD_START', 'RECORD_STOP'])
})

contract('two recordings one after the other are two files', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const paths: string[] = []
    for (let round = 0; round < 2; round++) {
      await using tape = await call.recording()
      paths.push(tape.path)
      await call.play('ivr/welcome')
    }
    return paths
  })
  const caller = await world.call()
  const paths = await world.within('10s', flow.result)
  equal(new Set(paths).size, 2, paths.join(' '))
  await world.event(caller.uuid, 'CHANNEL_HANGUP_COMPLETE')
  deepEqual(records(world, caller.uuid), ['RECORD_START', 'RECORD_STOP', 'RECORD_START', 'RECORD_STOP'])
})
