import { visibleLines } from '../base/visible.ts'

/** The output of commands: only data goes to stdout, so that it can be piped. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** True when stdout is a terminal and NO_COLOR is not set. */
  readonly colour: boolean
}

/**
 * The codes that switch a tone on and off (ECMA-48, SGR). Not node:util's styleText: it checks stdout itself, which
 * `colour` has done already.
 */
const TONES = { bold: [1, 22], dim: [2, 22], green: [32, 39], yellow: [33, 39], red: [31, 39] } as const
export type Tone = keyof typeof TONES

export function paint(text: string, tone: Tone | undefined, colour: boolean): string {
  if (!tone || !colour) return text
  const [on, off] = TONES[tone]
  return `\x1b[${on}m${text}\x1b[${off}m`
}

const OURS = new RegExp(`(\\x1b\\[(?:${[...new Set(Object.values(TONES).flat())].join('|')})m)`)

/**
 * Filters everything that a command writes, errors too: text from outside must not control the terminal. The codes of
 * TONES pass.
 */
export function guarded(terminal: Terminal): Terminal {
  const safe = (text: string) =>
    text
      .split(OURS)
      .map((part, index) => (index % 2 === 1 ? part : visibleLines(part)))
      .join('')
  return {
    out: text => terminal.out(safe(text)),
    err: text => terminal.err(visibleLines(text)),
    colour: terminal.colour,
  }
}

/**
 * The terminal of this process. hasColors() respects NO_COLOR, FORCE_COLOR and TERM. A closed pipe (`| head`) is not an
 * error.
 */
export function processTerminal({ stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'> = process): Terminal {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    out: text => void stdout.write(text),
    err: text => void stderr.write(text),
    colour: stdout.isTTY === true && stdout.hasColors(),
  }
}
