/** The conversations of one leg, one after the other: the present one, one that is put aside, and those that came before. */
import type { Conversation } from './conversation.ts'

export class Conversations {
  #present: Conversation | null = null
  /** Open, but nothing is said in it until it is known whose the leg is. */
  #aside: Conversation | null = null
  readonly #retired: Conversation[] = []

  get present(): Conversation | null {
    return this.#present
  }

  /**
   * The next one begins. An old one that is still open (the leg was transferred, or a join failed) stays open until the leg talks, goes
   * or ends: its end would tear the leg away from the new one, whatever socket_resume says, and each return would bring the same trouble
   * again (measured: eight takeovers in a row, then the fallback).
   */
  begin(next: Conversation): void {
    const before = this.#present ?? this.#aside
    this.#aside = null
    this.#present = next
    if (!before?.open) return
    before.retire()
    this.#retired.push(before)
  }

  putAside(): void {
    this.#aside = this.#present
    this.#present = null
  }

  /** The one that was put aside is the present one again; false when it was closed meanwhile. */
  takeUp(): boolean {
    const aside = this.#aside
    this.#aside = null
    if (!aside?.open) return false
    this.#present = aside
    return true
  }

  /** It was lost. */
  drop(): void {
    this.#present = null
  }

  /** Closes all that is open between the leg and us. */
  close(): void {
    const open = this.#present
    this.#present = null
    open?.close()
    this.#closeRetired()
  }

  /** Closes the one that is open, said or not: the switch goes on with the leg as its socket_resume says. */
  offer(): void {
    this.#aside?.close()
    this.#aside = null
    this.close()
  }

  /** The switch has not closed them at the end of the leg, and may never: whoever waits for an answer there is told. */
  destroy(): void {
    for (const open of [this.#present, this.#aside]) open?.destroy()
    this.#present = null
    this.#aside = null
    this.#closeRetired()
  }

  #closeRetired(): void {
    for (const conversation of this.#retired.splice(0)) conversation.close()
  }
}
