/** Two recovered legs of a talk find each other again (switch_core_standard_on_reset). */
import type { Channel } from './channel.ts'
import { uuidBridge } from './talk.ts'

/** A leg of a talk looks for the other one so often, and so long after each look. */
const LOOKS = 20
const LOOK_MS = 100

/** Milliseconds until the other leg must stand still. */
const STANDSTILL_MS = 5_000

/**
 * A recovered leg of a talk in CS_RESET: the first leg waits for the second and bridges again. When the
 * other one does not come back, nobody ever does anything with this one: it stays where it is, in silence.
 */
export async function bridgeAgain(channel: Channel): Promise<void> {
  channel.variables.set('call_uuid', channel.uuid)
  const other = channel.bridgeOriginator ? await otherLeg(channel) : undefined
  if (other) {
    channel.bridgeOriginator = false
    await untilOrDown(channel, STANDSTILL_MS, () => other.running === 'CS_RESET')
    uuidBridge(channel, other)
  }
  channel.recovering = undefined
}

async function otherLeg(channel: Channel): Promise<Channel | undefined> {
  let other: Channel | undefined
  for (let look = 0; look < LOOKS && !other && !channel.down; look++) {
    other = channel.sim.locate(channel.variables.get('signal_bond') ?? '')
    await untilOrDown(channel, LOOK_MS, () => false)
  }
  return other
}

/** Rests until it is so, the time is over, or the leg is gone. */
async function untilOrDown(channel: Channel, ms: number, done: () => boolean): Promise<void> {
  const { clock } = channel.sim
  const end = clock.monotonic() + ms
  while (!done() && !channel.down && clock.monotonic() < end)
    await channel.pulse.rest(Math.min(20, end - clock.monotonic()))
}
