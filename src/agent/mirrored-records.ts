/**
 * The rules of a node's copy of stored records: the higher rev wins, unless the store itself was set back. Used by
 * roster-mirror.ts and queue/queue-mirror.ts.
 */

/** Does the record (null: it was deleted at this rev) replace the copy? One that is older than the copy does not. */
export function replacesCopy<T extends { readonly rev: number }>(
  copy: T | null | undefined,
  rev: number,
  record: T | null,
): boolean {
  if (!copy) return record !== null
  return record ? copy.rev < rev : copy.rev <= rev
}

/**
 * The record that was read is older than the copy, although no change arrived during the read: the store has lost its
 * last seconds. The record of the store counts all the same.
 */
export function isSetBack<T extends { readonly rev: number }>(
  before: T | null | undefined,
  read: T,
  here: T | null | undefined,
): boolean {
  return before === here && read.rev < (before?.rev ?? 0)
}
