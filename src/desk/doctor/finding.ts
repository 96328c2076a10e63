/** The findings of the doctor and their text: one line each, with the level, the subject and how to fix it. */
import { visible } from '../../base/visible.ts'
import { paint, type Tone } from '../terminal.ts'

type Level = 'ok' | 'warning' | 'fault'

export interface Finding {
  /** A fault keeps calls from working now; a warning may do so later. */
  readonly level: Level
  /** The subject: 'settings', 'redis', '10.0.0.5:8021'. */
  readonly about: string
  readonly says: string
  /** How to fix it; absent for 'ok'. */
  readonly mend?: string
}

export const ok = (about: string, says: string): Finding => ({ level: 'ok', about, says })
export const warning = (about: string, says: string, mend: string): Finding => ({ level: 'warning', about, says, mend })
export const fault = (about: string, says: string, mend: string): Finding => ({ level: 'fault', about, says, mend })

export const harmful = ({ level }: Finding): boolean => level === 'fault'

const TONES = { ok: 'green', warning: 'yellow', fault: 'red' } as const satisfies Record<Level, Tone>

export function sayFinding({ level, about, says, mend }: Finding, colour: boolean): string {
  const said = visible(mend === undefined ? says : `${says}. To fix: ${mend}`)
  return `${paint(level.padEnd(7), TONES[level], colour)}  ${visible(about)}: ${said}\n`
}

export function saySum(found: readonly Finding[]): string {
  const count = (level: Level, word: string) => {
    const n = found.filter(finding => finding.level === level).length
    return `${n === 0 ? 'no' : n} ${word}${n === 1 ? '' : 's'}`
  }
  return `\n${count('fault', 'fault')}, ${count('warning', 'warning')}, ${found.filter(finding => finding.level === 'ok').length} ok\n`
}
