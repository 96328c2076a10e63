/**
 * All conversations of one leg (call/leg.ts), one after the other: the present one, one that is set aside, and the
 * earlier ones.
 */
import type { Conversation } from './conversation.ts'

export class Conversations {
  #present: Conversation | null = null
  /** Open, but nothing is sent over it until it is known which node owns the leg. */
  #aside: Conversation | null = null
  readonly #retired: Conversation[] = []

  get present(): Conversation | null {
    return this.#present
  }

  /** True while events of the leg may still come over its connection. */
  get unread(): boolean {
    return (this.#present ?? this.#aside)?.unread ?? false
  }

  /**
   * Begins the next one. An earlier one that is still open (the leg was transferred, or a join failed) stays open
   * until the leg talks, is given up or ends: closing it would take the leg from the new one, whatever socket_resume
   * says, and each return would cause the same again (measured: eight takeovers in a row, then the fallback).
   */
  begin(next: Conversation): void {
    const before = this.#present ?? this.#aside
    this.#aside = null
    this.#present = next
    if (!before?.open) return
    before.retire()
    this.#retired.push(before)
  }

  /** Ownership of the leg is uncertain: the present conversation stays open unused. */
  putAside(): void {
    this.#aside = this.#present
    this.#present = null
  }

  /** Makes the one that was set aside the present one again; false when it was closed in the meantime. */
  takeUp(): boolean {
    const aside = this.#aside
    this.#aside = null
    if (!aside?.open) return false
    this.#present = aside
    return true
  }

  /** The present connection was lost. */
  drop(): void {
    this.#present = null
  }

  /** Closes every open connection of the leg. */
  close(): void {
    const open = this.#present
    this.#present = null
    open?.close()
    this.#closeRetired()
  }

  /** Closes the open one, used or set aside: FreeSWITCH continues with the leg as its socket_resume says. */
  offer(): void {
    this.#aside?.close()
    this.#aside = null
    this.close()
  }

  /**
   * FreeSWITCH has not closed them at the end of the leg, and may never do so: commands that wait for a reply reject.
   */
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
