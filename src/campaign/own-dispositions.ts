/**
 * The words that an agent of a campaign may give: the built-in ones that are marked so, and the campaign's own. An own
 * disposition behaves as a built-in one, under another name, with status letters and a delay of its own. Pure.
 */
import type { Duration } from '../base/duration.ts'
import { ms } from '../base/duration.ts'
import { InputError } from '../base/errors.ts'
import type { OwnDispositionRow } from '../store/dispositions.ts'
import { AGENT_DISPOSITIONS, ATTEMPT_ENDS, isAttemptEnd, meaningOf, type AttemptEnd } from './disposition.ts'

/** What came of an attempt, in a word that an agent or a flow gave. */
export interface Word {
  readonly name: string
  /** The built-in disposition as which it behaves; itself for a built-in one. */
  readonly as: AttemptEnd
  /** Of an own disposition: the delay to the next attempt; null: as the built-in one. */
  readonly again: string | null
}

export const builtIn = (end: AttemptEnd): Word => ({ name: end, as: end, again: null })

/** Null: this version does not know the built-in disposition. */
const wordOf = ({ name, behavesAs, again }: OwnDispositionRow): Word | null =>
  isAttemptEnd(behavesAs) ? { name, as: behavesAs, again } : null

/**
 * The word that an agent has typed: a name, or the status letters in capital or small ones. A name of the campaign goes
 * before letters. Throws InputError with the words that are allowed.
 */
export function wordFrom(text: string, own: readonly OwnDispositionRow[]): Word {
  const letters = text.toUpperCase()
  const word =
    find(own.find(({ name }) => name === text)) ??
    (AGENT_DISPOSITIONS.includes(text as AttemptEnd) ? builtIn(text as AttemptEnd) : null) ??
    find(own.find(({ status }) => status === letters)) ??
    builtInWith(letters)
  if (word) return word
  const allowed = [...own.map(({ name }) => name), ...AGENT_DISPOSITIONS]
  throw new InputError(`'${text}' is no disposition of this campaign; allowed: ${allowed.join(', ')}, or their letters`)
}

const find = (row: OwnDispositionRow | undefined): Word | null => (row ? wordOf(row) : null)

function builtInWith(letters: string): Word | null {
  const end = AGENT_DISPOSITIONS.find(one => meaningOf(one).status.agent === letters)
  return end ? builtIn(end) : null
}

/**
 * The word that was stored under this name. A campaign's own one may have been removed since: then it means no more
 * than that they talked.
 */
export function storedWord(name: string, own: readonly OwnDispositionRow[]): Word {
  return (
    find(own.find(one => one.name === name)) ?? (isAttemptEnd(name) ? builtIn(name) : { ...builtIn('talked'), name })
  )
}

/** Throws InputError for an own disposition that cannot be used beside these. */
export function checkOwn(one: OwnDispositionRow, others: readonly OwnDispositionRow[]): void {
  const { name, behavesAs, status, again } = one
  const faults: string[] = []
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name))
    faults.push(`name is '${name}'; 1 to 32 lower-case letters, digits and - are allowed`)
  if (isAttemptEnd(name)) faults.push(`'${name}' is a built-in disposition; choose another name`)
  if (!AGENT_DISPOSITIONS.includes(behavesAs as AttemptEnd))
    faults.push(`as is '${behavesAs}'; allowed: ${AGENT_DISPOSITIONS.join(', ')}`)
  else if (again !== null && again !== 'never') {
    if (meaningOf(behavesAs as AttemptEnd).fixed) faults.push(`again: '${behavesAs}' allows only never`)
    ms(again as Duration)
  }
  if (status !== null) {
    const user =
      ATTEMPT_ENDS.find(end => Object.values(meaningOf(end).status).includes(status)) ??
      others.find(other => other.name !== name && other.status === status)?.name
    if (user !== undefined) faults.push(`status ${status} is that of '${user}'; choose other letters`)
  }
  if (faults.length > 0) throw new InputError(faults.join('; '))
}
