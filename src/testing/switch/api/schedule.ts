/** API commands of the scheduler. */
import { integer } from '../encoding.ts'
import { words } from '../separate.ts'
import { causeOf } from '../states.ts'
import { NO_CHANNEL, OK, usage } from './answers.ts'
import type { Api } from './index.ts'

export const scheduleApi: Record<string, Api> = {
  sched_transfer(sim, argument) {
    const [when = '', uuid = '', extension, dialplan, context] = words(argument, 5)
    if (extension === undefined) return usage('[+]<time> <uuid> <extension> [<dialplan>] [<context>]')
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    sim.schedule.transfer(channel, when, extension, dialplan, context)
    return OK
  },

  sched_hangup(sim, argument) {
    const [when, uuid = '', cause] = words(argument, 4)
    if (when === undefined) return usage('[+]<time> <uuid> [<cause>]')
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    const why = causeOf(cause ?? 'ALLOTTED_TIMEOUT')
    if (integer(when.slice(1)) === 0) channel.hangUp(why)
    else sim.schedule.hangUp(channel, when, why)
    return OK
  },

  sched_del: (sim, argument) => `+OK Deleted: ${sim.schedule.cancel(argument)}\n`,
}
