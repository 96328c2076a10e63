/**
 * The contract between Switchhook and a telephone switch. The same sentences run on the simulated FreeSWITCH and on a
 * real one. `make contract` runs them on the real one, where `freeswitch` is on the PATH (or FREESWITCH_BIN names it).
 */
import { after, describe, test, type TestContext } from 'node:test'
import { findFreeSwitch, startFreeSwitch, type FreeSwitch } from './freeswitch.ts'
import { RealWorld } from './real-world.ts'
import { SimulatedWorld } from './simulated-world.ts'
import { PATIENCE_MS } from '../../patience.ts'
import { CONTRACT, hold } from './suite.ts'
import './ivr.ts'
import './early-keys.ts'
import './hearing.ts'
import './greeting-ends.ts'
import './whispering.ts'
import './leaving.ts'
import './dialling.ts'
import './originating.ts'
import './talking.ts'
import './holding.ts'
import './third-legs.ts'
import './consulting.ts'
import './conferring.ts'
import './parting.ts'
import './parked.ts'
import './parked-asked.ts'
import './dialled-in.ts'
import './recording.ts'
import './disks.ts'
import './words.ts'
import './reading.ts'
import './foreign-events.ts'
import './registering.ts'
import './mailboxes.ts'
import './endings.ts'
import './legs.ts'
import './lost-nodes.ts'
import './takeover.ts'
import './homeward.ts'
import './waiting.ts'
import './moments.ts'

const asked = process.env['REAL_SWITCH'] === 'yes'
const program = asked ? await findFreeSwitch() : null
const skip = program
  ? false
  : asked
    ? 'no freeswitch on the PATH and no FREESWITCH_BIN'
    : 'only `make contract` asks a real FreeSWITCH'

describe('the simulated switch', () => {
  for (const sentence of CONTRACT) {
    test(sentence.name, { timeout: PATIENCE_MS }, async (t: TestContext) => {
      const world = await SimulatedWorld.open()
      await world.clock.runUntil(hold(sentence, world, t), 600_000)
      await world.close()
    })
  }
})

describe('a real FreeSWITCH', () => {
  let running: Promise<FreeSwitch> | undefined
  after(async () => (await running)?.stop())
  for (const sentence of CONTRACT) {
    test(sentence.name, { skip, timeout: 2 * PATIENCE_MS }, async (t: TestContext) => {
      running ??= startFreeSwitch(program!)
      const world = await RealWorld.open(await running)
      try {
        await hold(sentence, world, t)
      } finally {
        await world.close()
      }
    })
  }
})
