/** The line of one agent who waits at the switch: on which switch it is, and when it ends. Nothing of it is in this process. */
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import * as build from '../esl/api.ts'
import type { Ident, Uuid } from '../esl/safe-text.ts'

/** Before a switch that could not be reached is asked, or told, again. */
const AGAIN_MS = 1_000

export class NailedLeg implements Disposable {
  readonly leg: Uuid
  readonly home: Switch
  /** They hung up, or were hung up on; also when their switch was started anew. Never resolves once this was disposed. */
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

  /** Where a leg is. Null when no switch has it; waits while one of them cannot be asked. Rejects when the signal aborts. */
  static async find(switchboard: Switchboard, leg: Uuid, clock: Clock, signal: AbortSignal): Promise<NailedLeg | null> {
    for (;;) {
      const lines = switchboard.switches.map(home => new NailedLeg(leg, home)) // listened to before it is asked for
      const lives = await Promise.all(lines.map(({ home }) => home.lives(leg)))
      const found = lines[lives.indexOf('yes')] ?? null
      for (const nailedLeg of lines) if (nailedLeg !== found) nailedLeg[Symbol.dispose]()
      if (found || !lives.includes('unknown')) return found
      await sleep(clock, AGAIN_MS, signal)
    }
  }

  /** Ended, or disposed. */
  get over(): boolean {
    return this.#over
  }

  /** Said once a second until the switch has taken it, or the line is over: nobody else would, and an agent must not wait in silence. Its end is heard, as any other. */
  hangUp(clock: Clock): void {
    if (this.#over || this.#hungUp) return
    this.#hungUp = true
    void this.#kill(clock)
  }

  async #kill(clock: Clock): Promise<void> {
    const said = await this.home.attempt(build.uuidKill(this.leg, 'NORMAL_CLEARING' as Ident))
    if (!said && !this.#over) this.#again = clock.after(AGAIN_MS, () => void this.#kill(clock))
  }

  /** Who talks talks on, and does not wait for another talk. */
  async endsWithTalk(): Promise<void> {
    await this.home.attempt(build.uuidUnset(this.leg, 'park_after_bridge' as Ident))
  }

  [Symbol.dispose](): void {
    this.#over = true
    this.#again?.cancel()
    this.#watch[Symbol.dispose]()
  }
}
