/** Where commands write: data goes to stdout and nothing else does, so that it can be piped. */
import { styleText } from 'node:util'

export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** A person looks at it, and has not asked for no colours (NO_COLOR). */
  readonly colour: boolean
}

export const TONES = ['bold', 'dim', 'green', 'yellow', 'red'] as const
export type Tone = (typeof TONES)[number]

export function paint(text: string, tone: Tone | undefined, colour: boolean): string {
  return tone && colour ? styleText(tone, text) : text
}

/** What came from outside (a caller's number, a reason) must not steer the terminal that shows it. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
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
