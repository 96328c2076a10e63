/**
 * The actions that the command line calls; src/main.ts passes them in. This file opens no store and no connection to
 * FreeSWITCH.
 */
import type { z } from 'zod'
import type eventList from '../../operations/event/list.ts'
import type { Needs, Operation, OutputOf } from '../../operations/operation.ts'
import type { DialInOptions, DialInParts, DialledIn } from '../../testing/dial-in.ts'
import type { Finding } from '../doctor/finding.ts'
import type { Terminal } from '../terminal.ts'

export interface Actions {
  /** Runs a node; resolves when it has stopped after a signal. */
  run(): Promise<void>
  /** Gives each finding as soon as it is made (desk/doctor.ts). */
  doctor(): AsyncIterable<Finding>
  /** Makes one call from the keyboard and resolves when it is over (testing/dial-in.ts). */
  dialIn(flow: string, telephone: Pick<DialInParts, 'keys' | 'say'>, options: DialInOptions): Promise<DialledIn>
  /** The events of `event.list`, and then those that come, until the process ends. Rejects as `perform` does. */
  follow(given: z.input<typeof eventList.input>): AsyncIterable<OutputOf<typeof eventList>>
  /**
   * Performs an operation with the stores that it needs, or on a running node. `now`: the time that all nodes share,
   * milliseconds since the epoch. Rejects as operations/perform.ts does.
   */
  perform<Input extends z.ZodObject, Output extends z.ZodType, N extends Needs>(
    operation: Operation<Input, Output, N>,
    given: unknown,
  ): Promise<{ readonly output: z.output<Output>; readonly now: number }>
}

/** What every command gets. */
export interface Desk {
  readonly actions: Actions
  readonly terminal: Terminal
}
