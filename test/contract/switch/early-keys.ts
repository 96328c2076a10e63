/** A caller who knows the question and presses a key before its sounds have ended. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { digits, number } from '../../../src/call/verbs/prompts.ts'
import { contract } from './suite.ts'

const CHOICES = { 1: 'sales', 2: 'support' } as const

contract(
  'a key that is pressed in the first of the sounds of one question counts at once and ends them',
  async world => {
    const node = await world.node('a')
    const flow = node.answers('welcome', async call => {
      await call.answer()
      return call.menu(['ivr/long', 'ivr/second'], CHOICES)
    })
    const caller = await world.call()
    await world.hears(caller, 'ivr/long.wav!ivr/second')
    await caller.press('2')
    equal(await world.within('2s', flow.result), 'support')
  },
)

contract('a caller who presses no key of a question hears all of its sounds again', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    return call.menu(['ivr/welcome', 'ivr/second'], CHOICES, { invalid: 'ivr/wrong' })
  })
  const caller = await world.call()
  const both = 'ivr/welcome.wav!ivr/second'
  await world.hears(caller, both)
  await caller.press('7')
  await world.hears(caller, 'ivr/wrong')
  await world.hears(caller, both)
  await caller.press('1')
  equal(await world.within('5s', flow.result), 'sales')
  await world.within('5s', caller.ended) // the event of the second end may come after the result of the flow
  deepEqual(world.endsOf(caller.uuid, both), ['break', 'break'])
})

contract(
  'a question speaks numbers, and a key that is pressed in them is the first digit of the answer',
  async world => {
    const node = await world.node('a')
    const flow = node.answers('welcome', async call => {
      await call.answer()
      return call.gather({ digits: [2, 4], prompt: [number(23), digits('32'), 'ivr/long'] })
    })
    const caller = await world.call()
    await world.hears(caller, 'digits/20.wav!digits/3.wav!digits/3.wav!digits/2.wav!ivr/long')
    await caller.press('471#')
    equal(await world.within('5s', flow.result), '471')
  },
)

contract(
  'of the sounds of a question the switch leaves out one that it does not have, and says when it has none',
  async world => {
    const node = await world.node('a')
    const flow = node.answers('welcome', async call => {
      await call.answer()
      await rejects(call.menu(['ivr/nowhere', 'ivr/nowhere'], CHOICES), {
        code: 'SOUND_MISSING',
        message: /ivr\/nowhere/,
      })
      const first = await call.menu(['ivr/welcome', 'ivr/nowhere'], CHOICES, { tries: 1, timeout: '1s' })
      return [first, await call.menu(['ivr/nowhere', 'ivr/long'], CHOICES)]
    })
    const caller = await world.call()
    await world.hears(caller, 'ivr/nowhere.wav!ivr/long')
    await caller.press('1')
    deepEqual(await world.within('5s', flow.result), [null, 'sales'])
  },
)

contract('a key that is pressed while a sound of its own plays does not answer the question behind it', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await call.play('ivr/welcome')
    return call.menu('ivr/second', CHOICES, { tries: 1, timeout: '1s' })
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/welcome')
  await caller.press('1')
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', flow.result), null)
})

contract('with type-ahead it answers the question behind it, which then says nothing', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await call.play('ivr/welcome', { typeAhead: true })
    const first = await call.menu('ivr/second', CHOICES)
    const second = await call.menu('ivr/second', CHOICES, { tries: 1, timeout: '1s' })
    return [first, second]
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/welcome')
  await caller.press('2')
  deepEqual(await world.within('5s', flow.result), ['support', null])
  deepEqual(world.endsOf(caller.uuid, 'ivr/welcome'), ['done'])
  equal(world.endsOf(caller.uuid, 'ivr/second').length, 1)
})

contract(
  'digits that are typed ahead begin a number, and the caller types the rest without hearing the prompt',
  async world => {
    const node = await world.node('a')
    const flow = node.answers('welcome', async call => {
      await call.answer()
      await call.play('ivr/welcome', { typeAhead: true })
      return call.gather({ digits: 4, prompt: 'ivr/second' })
    })
    const caller = await world.call()
    await world.hears(caller, 'ivr/welcome')
    await caller.press('47')
    await world.event(caller.uuid, 'PLAYBACK_STOP')
    await world.pause('500ms')
    await caller.press('11')
    equal(await world.within('5s', flow.result), '4711')
    deepEqual(world.endsOf(caller.uuid, 'ivr/second'), [])
  },
)
