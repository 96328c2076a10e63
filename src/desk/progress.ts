/**
 * How far a long command is, on stderr: a bar on a terminal, which is replaced as it grows and removed at the end, and
 * a plain line every ten seconds elsewhere. Short commands show nothing.
 */
import type { Clock } from '../base/clock.ts'

export interface ProgressState {
  /** A word of ours: 'reading'. */
  readonly phase: string
  readonly done: number
  /** Null: not known. */
  readonly all: number | null
}

interface ProgressOptions {
  readonly stream: {
    readonly isTTY?: boolean | undefined
    /** False for a terminal that understands no codes (TERM=dumb), and with NO_COLOR. */
    hasColors?(): boolean
    write(text: string): unknown
  }
  readonly clock: Pick<Clock, 'monotonic'>
}

/** A command that ends sooner shows nothing. */
const QUIET_MS = 1_000
const EVERY_MS = { terminal: 100, plain: 10_000 } as const
const WIDTH = 30
const CLEAR = '\r\x1b[K'

export class ProgressBar {
  readonly #options: ProgressOptions
  readonly #began: number
  readonly #isTerminal: boolean
  #shown: number | null = null

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#began = options.clock.monotonic()
    const { stream } = options
    this.#isTerminal = stream.isTTY === true && (stream.hasColors?.() ?? true)
  }

  show(state: ProgressState): void {
    const { stream, clock } = this.#options
    const now = clock.monotonic()
    const pause = this.#isTerminal ? EVERY_MS.terminal : EVERY_MS.plain
    if (now - this.#began < QUIET_MS || now - (this.#shown ?? this.#began) < pause) return
    this.#shown = now
    stream.write(this.#isTerminal ? `${CLEAR}${bar(state)}` : `${words(state)}\n`)
  }

  /** Removes the bar. */
  end(): void {
    const { stream } = this.#options
    if (this.#shown !== null && this.#isTerminal) stream.write(CLEAR)
  }
}

const part = ({ done, all }: ProgressState): number | null =>
  all === null ? null : all === 0 ? 1 : Math.min(1, done / all)

function words(state: ProgressState): string {
  const share = part(state)
  return share === null ? `${state.phase}: ${state.done}` : `${state.phase}: ${Math.floor(share * 100)} %`
}

function bar(state: ProgressState): string {
  const full = Math.round((part(state) ?? 0) * WIDTH)
  return `[${'#'.repeat(full)}${' '.repeat(WIDTH - full)}] ${words(state)}`
}
