/**
 * The status lines: the floor in a few lines at the foot of the terminal, rewritten every second; without a terminal
 * one line every ten seconds. Everything else that goes to the same stream (the log) must be written through this
 * class: it removes the foot, writes the text, and draws the foot below it. Used by src/main.ts.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { readable } from '../base/duration.ts'
import { visible, visibleLines } from '../base/visible.ts'
import { whyNoMore } from './dialling-words.ts'
import { percent } from './percent.ts'
import { skewLines } from './clock-skew.ts'
import { AGENT_WORDS } from '../agent/words.ts'
import type { FloorSnapshot } from './floor.ts'

const EVERY_MS = { terminal: 1_000, file: 10_000 } as const

const TOO_MUCH = {
  open: [],
  shedding: ['shedding: new callers are sent to the overflow'],
  overrun: ['the port is closed: FreeSWITCH offers calls to other nodes'],
} as const

/**
 * One line about calls and agents, and one for each campaign. They show no names of people and no telephone numbers.
 */
export function floorLines({
  calls,
  waiting,
  longestWaitMs,
  talking,
  agents,
  campaigns,
  admission = 'open',
  lost = [],
  skew,
  unnamed = 0,
}: FloorSnapshot): string[] {
  const { machine = null, nodes = null } = skew ? skewLines(skew) : {}
  const present = AGENT_WORDS.filter(word => agents[word] > 0).map(word => `${agents[word]} ${word}`)
  const people = [
    ...lost.map(name => `no link to ${name}`),
    ...(unnamed === 0
      ? []
      : [`${unnamed} ${unnamed === 1 ? 'call' : 'calls'} from a FreeSWITCH that FREESWITCH does not name`]),
    ...TOO_MUCH[admission],
    ...[machine, nodes].filter(line => line !== null),
    `${calls} ${calls === 1 ? 'call' : 'calls'} on this node`,
    `all nodes: ${waiting} waiting${longestWaitMs === null ? '' : ` (longest ${readable(longestWaitMs)})`}`,
    `${talking} talking`,
    `agents: ${present.join(', ') || 'none'}`,
  ]
  const campaign = (one: FloorSnapshot['campaigns'][number]) =>
    [
      `${one.name}: ${one.dialled} dialled`,
      `${one.answered} answered`,
      `${one.talked} talked`,
      `${one.abandoned} abandoned (${percent(one.abandonRate)} of ${percent(one.abandonLimit)})`,
      `${one.left} left`,
      ...one.decided.map(sayDecided),
    ].join(' · ')
  return [people.join(' · '), ...campaigns.map(campaign)]
}

function sayDecided({ why, figures }: FloorSnapshot['campaigns'][number]['decided'][number]): string {
  const ratio = figures ? `${figures.callsPerAgent.toFixed(1)} calls for each agent, ` : ''
  return `${ratio}no more: ${whyNoMore(why)}`
}

export interface StatusStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface StatusLineOptions {
  clock: Clock
  /** Gets the log. When it is a terminal, it gets the status lines and the messages for people too. */
  stream: StatusStream
  /**
   * Gets the status lines and messages when `stream` is no terminal: a program that reads the log there must see only
   * the log (default: `stream`).
   */
  people?: StatusStream
}

export class StatusLine implements Disposable {
  readonly #clock: Clock
  readonly #stream: StatusStream
  readonly #people: StatusStream
  /** The lines that are at the foot now. */
  #foot: readonly string[] = []
  #timer: Timer | null = null
  #look: (() => FloorSnapshot | Promise<FloorSnapshot>) | null = null
  #looking = false
  #changed = false
  #over = false

  constructor({ clock, stream, people = stream }: StatusLineOptions) {
    this.#clock = clock
    this.#stream = stream
    this.#people = stream.isTTY ? stream : people
  }

  /** Writes a message for people. */
  say(line: string): void {
    if (this.#people === this.#stream) this.write(line)
    else this.#people.write(`${visibleLines(line)}\n`)
  }

  /** Writes log lines: whole lines, with or without a line end. */
  write(line: string): void {
    const text = visibleLines(line.endsWith('\n') ? line : `${line}\n`)
    this.#stream.write(this.#lifted() + text + this.#foot.join('\n'))
  }

  /**
   * Shows the result of `look` from now on. When it rejects, the error is shown and `look` is called again at the next
   * time.
   */
  follow(look: () => FloorSnapshot | Promise<FloorSnapshot>): void {
    this.#look = look
    void this.#show(look)
  }

  /** Calls `look` at once, after a change that should be visible at once. */
  now(): void {
    if (this.#looking) this.#changed = true
    else if (this.#look) void this.#show(this.#look)
  }

  /** Stops. The last status lines stay on the terminal; the cursor moves below them. */
  [Symbol.dispose](): void {
    this.#over = true
    this.#timer?.cancel()
    if (this.#foot.length > 0) this.#stream.write('\n')
    this.#foot = []
  }

  async #show(look: () => FloorSnapshot | Promise<FloorSnapshot>): Promise<void> {
    if (this.#over) return
    this.#timer?.cancel()
    this.#looking = true
    let lines: string[]
    try {
      lines = floorLines(await look())
    } catch (error) {
      lines = [`the floor cannot be read: ${error instanceof Error ? error.message : String(error)}`]
    }
    this.#looking = false
    if (this.#over) return
    this.#draw(lines.map(visible))
    if (this.#changed) {
      this.#changed = false
      return this.#show(look)
    }
    this.#timer = this.#clock.after(this.#stream.isTTY ? EVERY_MS.terminal : EVERY_MS.file, () => void this.#show(look))
  }

  #draw(lines: readonly string[]): void {
    if (!this.#stream.isTTY) return void this.#people.write(`${lines.join(' | ')}\n`)
    const room = (this.#stream.columns || 80) - 1 // a line that wraps could not be removed again
    const lifted = this.#lifted()
    this.#foot = lines.map(line => cut(line, room))
    this.#stream.write(lifted + this.#foot.join('\n'))
  }

  /** The escape codes that remove the foot: the cursor moves to its first line and clears everything below. */
  #lifted(): string {
    if (this.#foot.length === 0) return ''
    return `\r${this.#foot.length > 1 ? `\x1b[${this.#foot.length - 1}A` : ''}\x1b[J`
  }
}

function cut(line: string, room: number): string {
  const characters = [...line]
  return characters.length <= room ? line : `${characters.slice(0, Math.max(0, room - 1)).join('')}…`
}
