/**
 * The catalogue of break reasons of an installation, each with a limit. While it is empty, an agent may give any
 * reason. Definitions are rows in PostgreSQL (store/break-reasons.ts); the roster has a copy, so that agents can take a
 * break while PostgreSQL is down.
 */
import { InputError } from '../base/errors.ts'

export interface BreakReason {
  readonly reason: string
  /** How long such a break may last, milliseconds; null: as long as the agent wants. */
  readonly limitMs: number | null
}

/** The limit of a break with this reason. Throws InputError for a reason that the catalogue does not have. */
export function limitOf(catalogue: readonly BreakReason[], reason: string | null): number | undefined {
  if (catalogue.length === 0) return undefined
  const found = catalogue.find(one => one.reason === reason)
  if (found) return found.limitMs ?? undefined
  const known = catalogue.map(one => one.reason).join(', ')
  throw new InputError(
    reason === null
      ? `a break needs a reason; allowed: ${known}`
      : `'${reason}' is no reason for a break; allowed: ${known}`,
  )
}
