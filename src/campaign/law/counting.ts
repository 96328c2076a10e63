/** What a law counts of the answered calls of a window. Pure. Used by budget.ts and the report of compliance. */
import type { Counted, LawPolicy, Sums } from './policy.ts'

/**
 * `plain`: live calls are those that a person answered, and each abandoned one counts. `ofcom`: of the abandoned calls,
 * the part that hit machines is taken away. It is estimated as the part of machines among the calls that agents had
 * (VICIdial: ofcom_uk_drop_calc). People whom detection took for machines are added: they were cut off.
 *
 * @example counted({ served: 9, abandoned: 29, machines: 7, detected: 0 }, ofcom) // 16.3 of 25.3 live calls
 */
export function counted(sums: Sums, { count, detectionErrors }: Pick<LawPolicy, 'count' | 'detectionErrors'>): Counted {
  const { served, abandoned, machines, detected } = sums
  if (count === 'plain') return { live: served + abandoned, abandoned }
  const handled = served + machines
  const hitMachines = handled === 0 ? 0 : (abandoned * machines) / handled
  const dropped = abandoned - hitMachines + detected * detectionErrors
  return { live: served + dropped, abandoned: dropped }
}
