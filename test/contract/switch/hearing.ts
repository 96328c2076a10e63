/** Music and sounds: what a caller hears, and when it stops. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { silence } from '../../../src/call/verbs/prompts.ts'
import { contract } from './suite.ts'
import { isSound, type Person, type World } from './world.ts'

const sounds = (world: World, person: Person) =>
  world.observer.heard
    .filter(({ event }) => event.uuid === person.uuid && event.name === 'PLAYBACK_START')
    .map(({ event }) => /[a-z]+\/[a-z]+(?=\.wav$)/.exec(event.get('Playback-File-Path') ?? '')?.[0])

contract('music stops for a sound and comes back after it', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using _music = await call.music('moh/calm')
    await world.hears(caller, 'moh/calm')
    await call.play('ivr/welcome')
    await world.hears(caller, 'moh/calm')
  })
  const caller = await world.call()
  await world.within('5s', flow.result)
  deepEqual(sounds(world, caller), ['moh/calm', 'ivr/welcome', 'moh/calm'])
})

contract('music is not heard between two sounds that follow each other', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using _music = await call.music('moh/calm')
    await world.hears(caller, 'moh/calm')
    await call.play('ivr/wrong')
    await call.play('ivr/second')
    await world.hears(caller, 'moh/calm')
  })
  const caller = await world.call()
  await world.within('5s', flow.result)
  deepEqual(sounds(world, caller), ['moh/calm', 'ivr/wrong', 'ivr/second', 'moh/calm'])
})

contract('music goes on when its sound is at its end', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using _music = await call.music('moh/calm')
    const caller = await calling // a node may be faster than the sentence
    for (let round = 0; round < 3; round++) await world.hears(caller, 'moh/calm')
  })
  const calling = world.call()
  await world.within('10s', flow.result)
})

contract('music that ends as soon as it begins never holds up what comes next', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    for (let round = 0; round < 8; round++) {
      {
        await using _music = await call.music('moh/calm')
        if (round % 2 === 1) await world.pause(`${round * 5}ms`)
      }
      await call.play('ivr/wrong')
    }
  })
  const caller = await world.call()
  await world.within('15s', flow.result)
  await world.event(caller.uuid, 'CHANNEL_HANGUP') // the ends of all sounds were reported before
  const music = world.endsOf(caller.uuid, 'moh/calm')
  ok(
    music.length > 0 && music.every(end => end === 'break'),
    `the 2 s of music were not played to their end: ${music.join(', ')}`,
  )
  deepEqual(world.endsOf(caller.uuid, 'ivr/wrong'), Array(8).fill('done'))
})

contract('music that the switch does not have is reported, and the caller waits on in silence', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using _music = await call.music('moh/nowhere')
    await world.pause('500ms')
    await call.play('ivr/wrong')
    await world.pause('300ms')
    return 'went on'
  })
  await world.call()
  equal(await world.within('5s', flow.result), 'went on')
  deepEqual(
    node.lines.filter(([level]) => level === 'error').map(([, message]) => message),
    ['music could not be played; the caller waits in silence'],
  )
})

contract('a caller hears music while the telephone of an agent rings', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using _music = await call.music('moh/calm')
    await using party = await call.dial(phone.endpoint)
    return party.outcome
  })
  const caller = await world.call()
  await world.hears(caller, 'moh/calm')
  equal(await world.within('5s', flow.result), 'answered')
})

contract('a sound is cut short when it is needless', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const needless = new AbortController()
    const playing = call.play(['ivr/long', 'ivr/second'], { until: needless.signal })
    await world.hears(caller, 'ivr/long')
    needless.abort()
    await playing
    await call.play('ivr/long', { until: needless.signal })
  })
  const caller = await world.call()
  await world.within('5s', flow.result)
  await world.event(caller.uuid, 'CHANNEL_HANGUP')
  deepEqual(sounds(world, caller), ['ivr/long'])
  deepEqual(world.endsOf(caller.uuid, 'ivr/long'), ['break'])
})

contract('a sound that is needless before it has begun is cut all the same', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    for (const delay of [0, 5, 10, 15, 20, 25, 30, 40]) {
      const needless = new AbortController()
      const playing = call.play('ivr/long', { until: needless.signal })
      await world.pause(`${delay}ms`)
      needless.abort()
      await playing
    }
    await call.play('ivr/wrong')
  })
  const caller = await world.call()
  await world.within('20s', flow.result)
  deepEqual(sounds(world, caller).at(-1), 'ivr/wrong')
  const long = world.endsOf(caller.uuid, 'ivr/long')
  ok(long.length > 0 && long.every(end => end === 'break'), `cut before its end each time: ${long.join(', ')}`)
})

contract('silence lasts as long as it was asked for', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const begun = world.clock.monotonic()
    await call.play([silence('500ms'), 'ivr/wrong'])
    return world.clock.monotonic() - begun
  })
  const caller = await world.call()
  const took = await world.within('5s', flow.result)
  ok(took > 650, `${Math.round(took)} ms`)
  const told = world.observer.heard.flatMap(({ event }) =>
    event.uuid === caller.uuid && event.name.startsWith('PLAYBACK_') ? [event.get('Playback-File-Path')] : [],
  )
  deepEqual(told.slice(0, 2), ['silence_stream://500', 'silence_stream://500'])
})

contract('two sounds are heard one after the other', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await call.play(['ivr/wrong', 'ivr/second'])
  })
  const caller = await world.call()
  await world.within('5s', flow.result)
  deepEqual(sounds(world, caller), ['ivr/wrong', 'ivr/second'])
  await world.within(
    '1s',
    world.observer.seen(
      event => event.uuid === caller.uuid && event.name === 'PLAYBACK_STOP' && isSound(event, 'ivr/second'),
    ),
  )
})
