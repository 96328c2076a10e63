/** Strategies that fail: each fault of a queue is reported once. Used by queue.ts. */
import type { Log } from '../base/log.ts'
import type { QueueSettings } from './settings.ts'

export class StrategyFaults {
  readonly #log: Log
  readonly #told = new Set<string>()

  constructor(log: Log) {
    this.#log = log
  }

  /** The strategy of this queue threw the error. */
  tell({ name: queue, strategy }: QueueSettings, { message }: Error): void {
    const fault = `${queue} ${strategy} ${message}`
    if (this.#told.has(fault)) return
    this.#told.add(fault)
    this.#log.error(
      { queue, strategy, error: message },
      'the strategy of a queue failed; the longest idle agent is offered the calls instead',
    )
  }
}
