/**
 * The keys that a person pressed before the question that they answer: while a sound with type-ahead played, and until
 * the question begins. Only the verb that directly follows gets them. Used by play and gather.
 */
import type { Leg } from './leg.ts'

export class TypedAhead {
  #keys = ''
  /** The number of the step that may take the keys. */
  #step: string | null = null
  #listening: Disposable | null = null

  /** From now on keys are for the question `step`, and those that step `own` could have taken as well. */
  listen(leg: Leg, own: string, step: string): void {
    this.had(this.take(own), step)
    this.#listening = leg.onKey(key => (this.#keys += key))
  }

  /** In a replay: the journal has these keys for the question `step`. */
  had(keys: string, step: string): void {
    this.#keys = keys
    this.#step = step
  }

  get keys(): string {
    return this.#keys
  }

  /** The keys for the question `step`, once; '' when they are for another one. */
  take(step: string): string {
    const keys = this.#step === step ? this.#keys : ''
    this.#listening?.[Symbol.dispose]()
    this.#listening = null
    this.#step = null
    this.#keys = ''
    return keys
  }
}
