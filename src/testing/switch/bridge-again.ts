/** Bridges two recovered legs of a talk again (switch_core_standard_on_reset). */
import type { Channel } from './channel.ts'
import { uuidBridge } from './talk.ts'

/** A leg looks for the other leg so many times, with this pause after each look. */
const LOOKS = 20
const LOOK_MS = 100

/** Longest wait until the other leg is in CS_RESET. */
const STANDSTILL_MS = 5_000

/**
 * Runs for a recovered leg of a talk in CS_RESET: the first leg waits for the second and bridges again. When the other
 * leg does not come back, FreeSWITCH does nothing more with this one: it stays in CS_RESET, in silence.
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

/** Waits until `done` is true, `ms` milliseconds have passed, or the leg has ended. */
async function untilOrDown(channel: Channel, ms: number, done: () => boolean): Promise<void> {
  const { clock } = channel.sim
  const end = clock.monotonic() + ms
  while (!done() && !channel.down && clock.monotonic() < end)
    await channel.pulse.rest(Math.min(20, end - clock.monotonic()))
}
