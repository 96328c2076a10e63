/** The end of a leg: its cause first, and a moment later the final variables that FreeSWITCH reports. Used by Leg. */
import { CallEnded } from '../base/errors.ts'
import type { SwitchEvent } from '../esl/event.ts'

export interface LegEnd {
  readonly cause: string
  /** When it ended, milliseconds since the epoch: as FreeSWITCH said, or as was found out. Absent: unknown. */
  readonly at?: number | undefined
  /** FreeSWITCH's last event of the leg, with all variables and times; absent when it never came. */
  readonly facts?: SwitchEvent
}

export class LegEnding {
  /** Resolves when the facts have arrived, or will not. */
  readonly through: Promise<LegEnd>
  facts: SwitchEvent | undefined
  #over: AbortController | null = null
  #reason: CallEnded | null = null
  #cause: string | null = null
  #resolve!: (end: LegEnd) => void

  constructor() {
    this.through = new Promise(resolve => (this.#resolve = resolve))
  }

  /** Aborts with CallEnded. Created on first use: most flows never use it. */
  get signal(): AbortSignal {
    if (this.#over === null) {
      this.#over = new AbortController()
      if (this.reason) this.#over.abort(this.reason)
    }
    return this.#over.signal
  }

  /** Null while the leg lives. */
  get reason(): CallEnded | null {
    if (this.#cause !== null) this.#reason ??= new CallEnded(this.#cause)
    return this.#reason
  }

  begin(cause: string): void {
    this.#cause = cause
    this.#over?.abort(this.reason)
  }

  /** `at`: when it ended; -Infinity: unknown. */
  finish(at: number): void {
    this.#resolve({
      cause: this.#cause ?? 'NORMAL_CLEARING',
      ...(at > -Infinity && { at }),
      ...(this.facts ? { facts: this.facts } : {}),
    })
  }
}
