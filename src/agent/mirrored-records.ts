/**
 * The rules of a node's copy of stored records: the higher rev wins, unless the store itself was set back. Used by
 * roster-mirror.ts and queue/queue-mirror.ts.
 */

/** True when it changed the copy: a record that is older than the copy does not. */
export function putRecord<T extends { readonly rev: number }>(
  records: Map<string, T>,
  key: string,
  rev: number,
  record: T | null,
): boolean {
  const known = records.get(key)
  if (known && known.rev >= rev && (record || known.rev > rev)) return false
  if (!record) return records.delete(key)
  records.set(key, record)
  return true
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
