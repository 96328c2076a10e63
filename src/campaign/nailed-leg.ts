/**
 * The nailed-up leg of one agent: its FreeSWITCH, and its end. The leg itself lives in FreeSWITCH; this process only
 * watches it.
 */
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import { RETRY } from '../base/retry.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import * as build from '../esl/api.ts'
import type { Ident, Uuid } from '../esl/safe-text.ts'

export class NailedLeg implements Disposable {
  readonly leg: Uuid
  readonly home: Switch
  /** Resolves when either side has hung up, or the FreeSWITCH was restarted. Never resolves after this was disposed. */
  readonly ended: Promise<void>
  readonly #watch: Disposable
  #over = false
  #hungUp = false
  #again: Timer | null = null

  constructor(leg: Uuid, home: Switch) {
    this.leg = leg
    this.home = home
    let end: () => void = () => {}
    this.ended = new Promise(resolve => {
      end = () => {
        this.#over = true
        this.#again?.cancel()
        resolve()
      }
    })
    this.#watch = home.watch(leg, event => event.name === 'CHANNEL_HANGUP' && end(), end)
  }

  /**
   * Finds the FreeSWITCH of a leg. Null when none has it; waits while one of them cannot answer. Rejects when the
   * signal aborts.
   */
  static async find(switchboard: Switchboard, leg: Uuid, clock: Clock, signal: AbortSignal): Promise<NailedLeg | null> {
    for (;;) {
      // watched before the question, so that no end is missed
      const lines = switchboard.switches.map(home => new NailedLeg(leg, home))
      const lives = await Promise.all(lines.map(({ home }) => home.lives(leg)))
      const found = lines[lives.indexOf('yes')] ?? null
      for (const nailedLeg of lines) if (nailedLeg !== found) nailedLeg[Symbol.dispose]()
      if (found || !lives.includes('unknown')) return found
      await sleep(clock, RETRY.switchRequest.pauseMs, signal)
    }
  }

  /** Ended, or disposed. */
  get over(): boolean {
    return this.#over
  }

  /**
   * Repeats the hangup every second until FreeSWITCH accepts it or the leg has ended: no other node would, and an agent
   * must not wait in silence. `ended` resolves as for any end.
   */
  hangUp(clock: Clock): void {
    if (this.#over || this.#hungUp) return
    this.#hungUp = true
    void this.#kill(clock)
  }

  async #kill(clock: Clock): Promise<void> {
    const said = await this.home.attempt(build.uuidKill(this.leg, 'NORMAL_CLEARING' as Ident))
    if (!said && !this.#over) this.#again = clock.after(RETRY.switchRequest.pauseMs, () => void this.#kill(clock))
  }

  /** A talk goes on; the leg ends after it and does not wait for another talk. */
  async endsWithTalk(): Promise<void> {
    await this.home.attempt(build.uuidUnset(this.leg, 'park_after_bridge' as Ident))
  }

  [Symbol.dispose](): void {
    this.#over = true
    this.#again?.cancel()
    this.#watch[Symbol.dispose]()
  }
}
