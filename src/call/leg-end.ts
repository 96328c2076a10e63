/** How a leg ended: the cause first, and a moment later all that the switch knew of it. */
import { CallEnded } from '../base/errors.ts'
import type { SwitchEvent } from '../esl/event.ts'

export interface LegEnd {
  readonly cause: string
  /** When, milliseconds since the epoch, when it was not heard but found out. */
  readonly at?: number | undefined
  /** All that the switch knew at the end; absent when it never said. */
  readonly facts?: SwitchEvent
}

export class LegEnding {
  /** Resolves when the facts are there, or will not come. */
  readonly through: Promise<LegEnd>
  facts: SwitchEvent | undefined
  #over: AbortController | null = null
  #reason: CallEnded | null = null
  #at: number | undefined
  #cause: string | null = null
  #resolve!: (end: LegEnd) => void

  constructor() {
    this.through = new Promise(resolve => (this.#resolve = resolve))
  }

  /** Aborts with CallEnded. Made when somebody looks: most flows never do. */
  get signal(): AbortSignal {
    if (this.#over === null) {
      this.#over = new AbortController()
      if (this.reason) this.#over.abort(this.reason)
    }
    return this.#over.signal
  }

  /** Null while it lives. */
  get reason(): CallEnded | null {
    if (this.#cause !== null) this.#reason ??= new CallEnded(this.#cause)
    return this.#reason
  }

  begin(cause: string, at?: number): void {
    this.#at = at
    this.#cause = cause
    this.#over?.abort(this.reason)
  }

  finish(): void {
    this.#resolve({
      cause: this.#cause ?? 'NORMAL_CLEARING',
      at: this.#at,
      ...(this.facts ? { facts: this.facts } : {}),
    })
  }
}
