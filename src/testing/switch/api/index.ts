/**
 * All API commands that the simulation knows. Others get FreeSWITCH's answer and are noted in `unknown`: the test
 * fails.
 */
import type { SimulatedSwitch } from '../simulated-switch.ts'
import { channelApi } from './channel.ts'
import { conferenceApi } from '../conference.ts'
import { coreApi } from './core.ts'
import { displaceApi } from './displace.ts'
import { originateApi } from './originate.ts'
import { recordApi } from './record.ts'
import { scheduleApi } from './schedule.ts'
import { showApi } from './show.ts'
import { talkApi } from './talk.ts'

/** Returns the answer, or a promise of it for a command that blocks its connection. */
export type Api = (sim: SimulatedSwitch, argument: string) => string | Promise<string>

const COMMANDS: ReadonlyMap<string, Api> = new Map(
  Object.entries({
    ...channelApi,
    ...conferenceApi,
    ...coreApi,
    ...displaceApi,
    ...originateApi,
    ...recordApi,
    ...scheduleApi,
    ...showApi,
    ...talkApi,
  }),
)

export function runApi(sim: SimulatedSwitch, name: string, argument: string): string | Promise<string> {
  const command = COMMANDS.get(name.toLowerCase())
  if (command) return command(sim, argument.trim())
  sim.unknown.push(`api ${name}`)
  return `-ERR ${name} Command not found!\n`
}
