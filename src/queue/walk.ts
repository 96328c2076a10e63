/**
 * The callers at whom one run of the matcher looks (match.ts), in one order over all queues: the queue's weight, then
 * priority and score. A line is walked from its first caller as long as one of the agents is free for whom it is
 * walked.
 */
import type { FloorIndex } from './floor-index.ts'
import type { Line } from './line.ts'
import { byScore, inOrder, type Member } from './member.ts'
import { settingOf } from './settings.ts'

interface Cursor {
  readonly line: Line
  readonly agents: Set<string>
  index: number
}

export class Walk implements Iterable<Member> {
  readonly #floor: FloorIndex
  readonly #isFree: (agent: string) => boolean
  readonly #cursors = new Map<string, Cursor>()
  readonly #callers = new Set<Member>()

  /** `isFree`: has nobody got this agent yet? */
  constructor(floor: FloorIndex, isFree: (agent: string) => boolean) {
    this.#floor = floor
    this.#isFree = isFree
  }

  /** Walks the line of a queue for these agents. */
  line(queue: string, agents: Iterable<string>): void {
    const known = this.#cursors.get(queue)
    if (known) for (const agent of agents) known.agents.add(agent)
    else this.#cursors.set(queue, { line: this.#floor.line(queue), agents: new Set(agents), index: 0 })
  }

  caller(member: Member): void {
    if (inOrder(member)) this.#callers.add(member)
  }

  *[Symbol.iterator](): Iterator<Member> {
    const callers = [...this.#callers].sort((a, b) => this.#compare(a, b))
    const seen = new Set<Member>()
    for (let next = 0; ;) {
      let first = callers[next]
      let from: Cursor | null = null
      for (const [queue, cursor] of this.#cursors) {
        const head = this.#isWalked(cursor) ? cursor.line.at(cursor.index) : undefined
        if (!head) this.#cursors.delete(queue)
        else if (!first || this.#compare(head, first) < 0) [first, from] = [head, cursor]
      }
      if (!first) return
      if (from) from.index++
      else next++
      if (seen.has(first)) continue
      seen.add(first)
      yield first
    }
  }

  #isWalked({ agents }: Cursor): boolean {
    for (const agent of agents) {
      if (this.#isFree(agent)) return true
      agents.delete(agent)
    }
    return false
  }

  #compare(a: Member, b: Member): number {
    return (a.queue === b.queue ? 0 : this.#weight(b.queue) - this.#weight(a.queue)) || byScore(a, b)
  }

  #weight(name: string): number {
    const queue = this.#floor.queues.get(name)
    return queue ? settingOf(queue, 'weight') : 0
  }
}
