/** What an application of the simulated switch is: a function that lasts as long as the application does. */
import type { Channel } from '../channel.ts'
import { parseCommands } from '../park.ts'

export type Application = (channel: Channel, data: string) => void | Promise<void>

/** Waits at most `ms` inside an application, and says how long it was. Commands without a lock run meanwhile, as on the real switch. */
export async function pause(channel: Channel, ms: number): Promise<number> {
  await parseCommands(channel)
  return channel.ready && !channel.breaking ? channel.pulse.rest(ms) : 0
}
