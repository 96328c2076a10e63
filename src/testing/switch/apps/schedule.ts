/**
 * Applications of the scheduler: sched_hangup, sched_transfer, sched_cancel. Times are whole seconds; a task runs up to
 * one second early.
 */
import { integer } from '../encoding.ts'
import { words } from '../separate.ts'
import { causeOf } from '../states.ts'
import type { Application } from './application.ts'

export const scheduleApplications: Record<string, Application> = {
  sched_transfer(channel, data) {
    const [when = '', extension, dialplan, context] = words(data, 4)
    if (extension === undefined) return
    const id = channel.sim.schedule.transfer(channel, when, extension, dialplan, context)
    channel.variables.set('last_sched_id', String(id))
  },
  sched_hangup(channel, data) {
    const [when = '', cause] = words(data, 5)
    if (integer(when.slice(1)) === 0) return channel.hangUp(causeOf(cause ?? 'ALLOTTED_TIMEOUT'))
    channel.sim.schedule.hangUp(channel, when, causeOf(cause ?? 'ALLOTTED_TIMEOUT'))
  },
  /** A number is the id of a task, any other text is a group. The default is the channel's own group. */
  sched_cancel(channel, data) {
    channel.sim.schedule.cancel(data.trim() || channel.uuid)
  },
}
