/** What the doctor has found, and how it is told: one line each, how serious, what it is about, and how to mend it. */
import { visible } from '../../base/visible.ts'
import { paint, type Tone } from '../terminal.ts'

export type Level = 'ok' | 'warning' | 'fault'

export interface Finding {
  /** Faults keep calls from working; warnings will, one day. */
  readonly level: Level
  /** What it is about: 'settings', 'redis', '10.0.0.5:8021'. */
  readonly about: string
  readonly says: string
  /** How to mend it; not for what is fine. */
  readonly mend?: string
}

export const ok = (about: string, says: string): Finding => ({ level: 'ok', about, says })
export const warning = (about: string, says: string, mend: string): Finding => ({ level: 'warning', about, says, mend })
export const fault = (about: string, says: string, mend: string): Finding => ({ level: 'fault', about, says, mend })

export const harmful = ({ level }: Finding): boolean => level === 'fault'

const TONES = { ok: 'green', warning: 'yellow', fault: 'red' } as const satisfies Record<Level, Tone>

export function sayFinding({ level, about, says, mend }: Finding, colour: boolean): string {
  const said = visible(mend === undefined ? says : `${says}. To mend: ${mend}`)
  return `${paint(level.padEnd(7), TONES[level], colour)}  ${visible(about)}: ${said}\n`
}

export function saySum(found: readonly Finding[]): string {
  const count = (level: Level, word: string) => {
    const n = found.filter(finding => finding.level === level).length
    return `${n === 0 ? 'no' : n} ${word}${n === 1 ? '' : 's'}`
  }
  return `\n${count('fault', 'fault')}, ${count('warning', 'warning')}, ${found.filter(finding => finding.level === 'ok').length} fine\n`
}
