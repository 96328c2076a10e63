/**
 * The callers of one queue who wait or are offered an agent, always in order. A change costs a binary search, however
 * many wait: nothing sorts everybody.
 */
import { byScore, inOrder, type Member } from './member.ts'

export class Line implements Iterable<Member> {
  readonly #members: Member[] = []

  /** A caller's record is `after` now. `before`: the record of the same caller that is in the line, if it is in it. */
  replace(before: Member | null, after: Member | null): void {
    if (before && inOrder(before)) this.#members.splice(this.#indexOf(before), 1)
    if (after && inOrder(after)) this.#members.splice(this.#indexOf(after), 0, after)
  }

  /** 1 for the first caller; 0 for a caller who is not in the line. */
  position(member: Member): number {
    const index = this.#indexOf(member)
    return this.#members[index]?.call === member.call ? index + 1 : 0
  }

  get length(): number {
    return this.#members.length
  }

  at(index: number): Member | undefined {
    return this.#members[index]
  }

  [Symbol.iterator](): Iterator<Member> {
    return this.#members[Symbol.iterator]()
  }

  /** The index at which the caller is, or belongs. */
  #indexOf(member: Member): number {
    let low = 0
    let high = this.#members.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (byScore(this.#members[middle]!, member) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
