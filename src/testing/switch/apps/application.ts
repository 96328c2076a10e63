/** The type of an application: a function whose promise resolves when the application ends. */
import type { Channel } from '../channel.ts'
import { parseCommands } from '../park.ts'

export type Application = (channel: Channel, data: string) => void | Promise<void>

/**
 * Waits at most `ms` milliseconds inside an application. Returns the milliseconds that passed. As in FreeSWITCH,
 * commands without event-lock run before the wait.
 */
export async function pause(channel: Channel, ms: number): Promise<number> {
  await parseCommands(channel)
  return channel.ready && !channel.breaking ? channel.pulse.rest(ms) : 0
}
