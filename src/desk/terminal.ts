import { visibleLines } from '../base/visible.ts'

/** Where commands write: data goes to stdout and nothing else does, so that it can be piped. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** A person looks at it, and has not asked for no colours (NO_COLOR). */
  readonly colour: boolean
}

/** What switches a tone on and off again (ECMA-48, SGR). Not node:util's styleText: it looks at stdout itself, we have looked already. */
const TONES = { bold: [1, 22], dim: [2, 22], green: [32, 39], yellow: [33, 39], red: [31, 39] } as const
export type Tone = keyof typeof TONES

export function paint(text: string, tone: Tone | undefined, colour: boolean): string {
  if (!tone || !colour) return text
  const [on, off] = TONES[tone]
  return `\x1b[${on}m${text}\x1b[${off}m`
}

const OURS = new RegExp(`(\\x1b\\[(?:${[...new Set(Object.values(TONES).flat())].join('|')})m)`)

/** Everything that a command writes passes here, errors too: what came from outside must not steer the terminal that shows it. */
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

/** hasColors() knows NO_COLOR, FORCE_COLOR and TERM. A reader who has seen enough (`| head`) is no fault. */
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
