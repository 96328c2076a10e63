/** What a law for any 24 hours counts: calls that a person answered, and those of them that were abandoned. */

const DAY = 86_400

interface Count {
  readonly live: number
  readonly abandoned: number
}

export class RollingDay {
  readonly #live: number[] = []
  readonly #abandoned: number[] = []
  #liveGone = 0
  #abandonedGone = 0

  /** Times are seconds, and never less than before. */
  answered(t: number): void {
    this.#live.push(t)
  }

  abandoned(t: number): void {
    this.#abandoned.push(t)
  }

  /** Of the 24 hours up to `t`. */
  at(t: number): Count {
    while (this.#live[this.#liveGone]! <= t - DAY) this.#liveGone += 1
    while (this.#abandoned[this.#abandonedGone]! <= t - DAY) this.#abandonedGone += 1
    return { live: this.#live.length - this.#liveGone, abandoned: this.#abandoned.length - this.#abandonedGone }
  }

  /** The largest share, in percent, of the 24 hours up to any full hour from `first` hours on. */
  worstPercent(first: number): number {
    let worst = 0
    const end = this.#live.at(-1) ?? 0
    for (let t = first * 3_600; t < end + 3_600; t += 3_600) {
      const within = (times: readonly number[]) => times.filter(at => at <= t && at > t - DAY).length
      const live = within(this.#live)
      if (live > 0) worst = Math.max(worst, (100 * within(this.#abandoned)) / live)
    }
    return worst
  }
}
