/** A caller among prompts and keys. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { contract } from './suite.ts'

const CHOICES = { 1: 'sales', 2: 'support' } as const

contract('a caller who presses a key of the menu is understood', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    return call.menu('ivr/welcome', CHOICES)
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/welcome')
  await caller.press('2')
  equal(await world.within('5s', flow.result), 'support')
  equal(await world.within('5s', caller.ended), 'NORMAL_CLEARING')
})

contract('a caller who presses nothing hears the menu three times and is let go', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    return call.menu('ivr/welcome', CHOICES, { timeout: '1s' })
  })
  const caller = await world.call()
  for (let time = 0; time < 3; time++) await world.hears(caller, 'ivr/welcome')
  equal(await world.within('5s', flow.result), null)
})

contract('a caller who presses a wrong key hears so and is asked again', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    return call.menu('ivr/welcome', CHOICES, { invalid: 'ivr/wrong' })
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/welcome')
  await caller.press('7')
  await world.hears(caller, 'ivr/wrong')
  await world.hears(caller, 'ivr/welcome')
  await caller.press('1')
  equal(await world.within('5s', flow.result), 'sales')
})

contract('the answer to one menu is never the answer to the next', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const first = await call.menu('ivr/welcome', CHOICES)
    const second = await call.menu('ivr/second', CHOICES, { tries: 1, timeout: '1s' })
    return [first, second]
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/welcome')
  await caller.press('1')
  await world.hears(caller, 'ivr/second')
  deepEqual(await world.within('5s', flow.result), ['sales', null])
})

contract('a caller types a number and ends it with #', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    return call.gather({ digits: [2, 8], prompt: 'ivr/welcome' })
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/welcome')
  await caller.press('4711#')
  equal(await world.within('5s', flow.result), '4711')
})

contract('a caller who types too few digits is asked again, then given up', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    return call.gather({ digits: 4, prompt: 'ivr/welcome', tries: 2, timeout: '1s', between: '1s' })
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/welcome')
  await caller.press('12')
  await world.hears(caller, 'ivr/welcome')
  equal(await world.within('5s', flow.result), null)
})

contract('every key is heard while something plays, in order', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const pressed: string[] = []
    using _listening = call.on('key', key => pressed.push(key))
    const enough = new Promise<void>(resolve => call.on('key', () => pressed.length === 4 && resolve()))
    const stop = new AbortController()
    const playing = call.play('ivr/long', { until: stop.signal })
    await enough
    stop.abort()
    await playing
    return pressed.join('')
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/long')
  await caller.press('1#*9')
  equal(await world.within('5s', flow.result), '1#*9')
})

contract('keys come one by one to a flow that asks for them', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    let typed = ''
    for await (const key of call.keys()) {
      if (key === '#') return typed
      typed += key
    }
    return null
  })
  const caller = await world.call()
  await world.within('5s', caller.answered)
  await world.within('5s', flow.call)
  await world.pause('200ms')
  await caller.press('123#')
  equal(await world.within('5s', flow.result), '123')
})

contract(
  'a menu whose sound the switch does not have is an error with the name of the sound, and not a caller who pressed nothing',
  async world => {
    const node = await world.node('a')
    const flow = node.answers('welcome', async call => {
      await call.answer()
      await rejects(call.menu('ivr/nowhere', CHOICES), { code: 'SOUND_MISSING', message: /ivr\/nowhere/ })
      await rejects(call.gather({ digits: 4, prompt: 'ivr/nowhere' }), {
        code: 'SOUND_MISSING',
        message: /ivr\/nowhere/,
      })
      await call.play('ivr/wrong')
      return 'went on'
    })
    const caller = await world.call()
    await world.hears(caller, 'ivr/wrong')
    equal(await world.within('5s', flow.result), 'went on')
  },
)

contract('a sound that the switch does not have is an error with its name', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await rejects(call.play('ivr/nowhere'), { code: 'SOUND_MISSING', message: /ivr\/nowhere/ })
    await call.play('ivr/wrong')
    return 'went on'
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/wrong')
  equal(await world.within('5s', flow.result), 'went on')
})

contract('an application that the switch does not know is an error with its name', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await rejects(call.execute('no_such_application'), { code: 'APP_UNKNOWN', message: /no_such_application/ })
    return call.signal.aborted
  })
  const caller = await world.call()
  equal(await world.within('5s', flow.result), true)
  await world.within('5s', caller.ended)
})

contract('a number is spoken in words', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await call.say(23)
    await call.say('32')
  })
  const caller = await world.call()
  for (const sound of ['digits/20.wav!digits/3', 'digits/3.wav!digits/2']) await world.hears(caller, sound)
  await world.within('5s', flow.result)
})

contract(
  'a caller who dials a number reaches the flow of that number, and the flow knows what was dialled',
  async world => {
    const node = await world.node('a')
    const flow = node.answers('welcome', async call => ({
      from: call.from,
      name: call.fromName,
      to: call.to,
      direction: call.direction,
    }))
    const caller = await world.call({ to: '4930555123', from: '49301234567', name: 'Grace Höpper' })
    deepEqual(await world.within('5s', flow.result), {
      from: '49301234567',
      name: 'Grace Höpper',
      to: '4930555123',
      direction: 'in',
    })
    await world.within('5s', caller.ended)
  },
)

contract('what is played before the answer is heard while the telephone still rings', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.play('ivr/wrong')
    await call.answer()
    await call.play('ivr/welcome')
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/wrong')
  await world.within('5s', caller.answered)
  await world.hears(caller, 'ivr/welcome')
  await world.within('5s', flow.result)
})

contract('a channel variable is set at once, also while something plays, and read again', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const before = await call.variable('customer_id')
    const playing = call.play('ivr/welcome')
    await call.setVariable('customer_id', 'AZ-az_09.:@+/=')
    const after = await call.variable('customer_id')
    await playing
    return [before, after]
  })
  await world.call()
  deepEqual(await world.within('5s', flow.result), [undefined, 'AZ-az_09.:@+/='])
})

contract(
  'a variable that is not set is _undef_ as long as the leg lives; of a leg that has ended the switch says -ERR',
  async world => {
    const node = await world.node('a')
    const flow = node.answers('welcome', async call => {
      await call.answer()
      await call.play('ivr/welcome')
    })
    const caller = await world.call()
    await world.hears(caller, 'ivr/welcome')
    const ask = () => world.observer.api(`uuid_getvar ${caller.uuid} nobody_sets_this`)
    equal(await ask(), '_undef_')
    await caller.hangUp()
    await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED' })
    equal(await ask(), '-ERR No such channel!\n')
  },
)
