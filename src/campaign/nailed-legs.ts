/** The nailed-up legs that this node watches, by the agent's name, each with its FreeSWITCH. */
import type { Agent } from '../agent/agent.ts'
import { Emitter } from '../base/emitter.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { NailedLeg } from './nailed-leg.ts'

/**
 * So many agents on one FreeSWITCH are called before the next one is used: more would hardly serve a lead sooner, and a
 * FreeSWITCH carries three legs or so for each of them (the agent, the lead, leads who ring).
 */
const TEAM = 200

/** `kept`: the FreeSWITCH of a nailed-up agent has become known. */
export class NailedLegs extends Emitter<{ kept: void }> {
  readonly #lines = new Map<string, NailedLeg>()

  get size(): number {
    return this.#lines.size
  }

  get(name: string): NailedLeg | undefined {
    return this.#lines.get(name)
  }

  has(name: string): boolean {
    return this.#lines.has(name)
  }

  [Symbol.iterator](): IterableIterator<[string, NailedLeg]> {
    return this.#lines.entries()
  }

  keep(name: string, nailedLeg: NailedLeg): void {
    this.#lines.set(name, nailedLeg)
    this.emit('kept', undefined)
  }

  forget(name: string, nailedLeg: NailedLeg): void {
    if (this.#lines.get(name) === nailedLeg) this.#lines.delete(name)
    nailedLeg[Symbol.dispose]()
  }

  /**
   * The FreeSWITCH of the agent's nailed-up leg: only leads that are dialled there can be joined with it. Null while
   * unknown or down.
   */
  homeOf({ name, nailed }: Agent): Switch | null {
    const nailedLeg = this.#lines.get(name)
    return nailedLeg?.home.up && nailedLeg.leg === nailed?.leg ? nailedLeg.home : null
  }

  /**
   * The FreeSWITCH on which the next agent is called, of those that are up: the one with the most nailed-up legs, so
   * that a lead can get any of these agents, until it has TEAM of them; then the one with the fewest. Null: none is up.
   */
  homeOfNext(switches: readonly Switch[]): Switch | null {
    const counts = new Map(switches.filter(one => one.up).map(one => [one, 0]))
    for (const { home } of this.#lines.values()) if (home.up) counts.set(home, (counts.get(home) ?? 0) + 1)
    const ordered = [...counts].toSorted(([, one], [, other]) => other - one)
    const [home] = ordered.find(([, count]) => count < TEAM) ?? ordered.at(-1) ?? [null]
    return home
  }
}
