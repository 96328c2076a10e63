/** The end of a machine's greeting: its beep, the silence behind it, and a greeting that does not end. */
import { equal } from 'node:assert/strict'
import type { BeepOptions } from '../../../src/call/verbs/beep.ts'
import type { Kind } from './freeswitch-config.ts'
import { contract } from './suite.ts'
import type { World } from './world.ts'

/** How the greeting of this kind of person ends, for a flow that has called them. */
async function endOfGreeting(world: World, kind: Kind, options: BeepOptions): Promise<{ how: string; ms: number }> {
  const node = await world.node('a')
  const phone = world.telephone(kind)
  const flow = node.answers('welcome', async call => {
    await using party = await call.dial(phone.endpoint)
    const began = world.clock.monotonic()
    const how = await party.leg!.beep(options)
    return { how, ms: world.clock.monotonic() - began }
  })
  await world.call()
  return (await world.within('30s', flow.result)) as { how: string; ms: number }
}

contract('the beep of a machine ends its greeting', async world => {
  const { how, ms } = await endOfGreeting(world, 'machine', { silence: '6s' })
  equal(how, 'beep')
  equal(ms > 5_000, true, `a second after the beep, which ends 4.5 s after the answer: ${Math.round(ms)} ms`)
})

contract('silence ends the greeting of a machine whose beep is another tone', async world => {
  const { how, ms } = await endOfGreeting(world, 'machine', { tones: [1_600, 700] })
  equal(how, 'silence')
  equal(ms > 6_000, true, `two seconds after the beep: ${Math.round(ms)} ms`)
})

contract('a greeting that goes on is given up at the limit', async world => {
  equal((await endOfGreeting(world, 'machine', { within: '2s' })).how, 'limit')
})

contract('a leg may wait for a second beep', async world => {
  const node = await world.node('a')
  const phone = world.telephone('machine')
  const flow = node.answers('welcome', async call => {
    await using party = await call.dial(phone.endpoint)
    const ends = [await party.leg!.beep({ within: '1s' }), await party.leg!.beep()]
    return ends.join(', ')
  })
  await world.call()
  equal(await world.within('30s', flow.result), 'limit, beep')
})
