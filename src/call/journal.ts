/**
 * The one door that every verb passes. Today it lets a step survive the loss of its conversation: the leg comes back within
 * moments, on this node when it is the only one, and the step goes on there. A prompt that was cut is heard again from its start;
 * a verb with an effect says by `recover` how it finds out what became of it.
 */
import { CallMoved, SwitchError } from '../base/errors.ts'
import type { Leg } from './leg.ts'

export interface Step<T> {
  /** The verb's name, for logs and for the record to come. */
  readonly verb: string
  /** As a method, `run() {…}`, in the verbs of every call: cheaper than `run: () => …`, see esl/connection.ts. */
  run(): Promise<T>
  /** Settles a step whose conversation was lost after it may have taken effect. Without it the step runs again. */
  recover?(): Promise<T>
}

/** Rejects with CallEnded when the leg is hung up. Never settles once another node drives it: the flow is frozen, nothing is cleaned up. */
export async function step<T>(leg: Leg, { run, recover = run }: Step<T>): Promise<T> {
  if (leg.reason) throw leg.reason
  for (let attempt = run; ; attempt = recover) {
    try {
      return await attempt()
    } catch (error) {
      if (error instanceof SwitchError && error.code === 'SWITCH_REFUSED' && (await isGone(leg))) {
        await leg.ended // its hang-up is on the way: the switch has refused because there is no such leg any more
        throw leg.reason ?? error
      }
      if (!(error instanceof CallMoved)) throw error
      await leg.driven()
    }
  }
}

const isGone = async (leg: Leg): Promise<boolean> => leg.reason !== null || (leg.home !== null && !(await leg.home.exists(leg.uuid)))
