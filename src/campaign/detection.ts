/**
 * What the detection of answering machines has heard in the attempts of a campaign, and how often it was wrong. Only a
 * person knows: the attempts that count are those that an agent has heard, too. Used by the operation
 * campaign.detection.
 */
import { countHeard, type HeardCount } from '../store/detections.ts'
import type { Queries } from '../store/sql.ts'
import { ATTEMPT_ENDS, isAttemptEnd, meaningOf } from './disposition.ts'

export interface DetectionErrors {
  /** How often detect() decided so, and the mean time until then in milliseconds, by verdict and reason. */
  readonly verdicts: readonly { heard: string; why: string | null; count: number; meanMs: number | null }[]
  /** Attempts that counted as a person's and were given to an agent. */
  readonly people: number
  /** Of them: the agent reported a machine. Each costs an agent's time, and hides abandoned people in the rate. */
  readonly machinesAmongPeople: number
  /** Attempts that counted as a machine's and were given to an agent all the same, by a flow that does so. */
  readonly machines: number
  /** Of them: the agent talked with a person. Where machines are hung up on, this is a person who was hung up on. */
  readonly peopleAmongMachines: number
  /** machinesAmongPeople ÷ people, 0 to 1; null: no agent has heard any. */
  readonly missedRate: number | null
  /** peopleAmongMachines ÷ machines, 0 to 1; null: no agent has heard any. */
  readonly falseRate: number | null
}

/** A disposition of an agent that is not in the list is about a person. */
const NO_PERSON = ATTEMPT_ENDS.filter(end => !meaningOf(end).human)

/**
 * The errors of the attempts that ended in the window, by what the agents have reported of them. Rejects when
 * PostgreSQL is unavailable.
 *
 * @param window ms since the epoch: from its beginning (included) to its end (excluded)
 */
export async function detectionErrors(
  sql: Queries,
  campaign: string,
  window: { readonly from: number; readonly to: number },
): Promise<DetectionErrors> {
  const counts = await countHeard(sql, campaign, window)
  const sum = (fits: (one: HeardCount) => boolean) => counts.reduce((n, one) => n + (fits(one) ? one.count : 0), 0)
  const judged = (heard: string) => (one: HeardCount) =>
    one.heard === heard && one.byAgent && isJudgement(one.disposition)
  const people = sum(judged('person'))
  const machines = sum(judged('machine'))
  const machinesAmongPeople = sum(one => judged('person')(one) && one.disposition === 'machine')
  const peopleAmongMachines = sum(one => judged('machine')(one) && one.disposition !== 'machine')
  return {
    verdicts: verdictsIn(counts),
    people,
    machinesAmongPeople,
    machines,
    peopleAmongMachines,
    missedRate: people === 0 ? null : machinesAmongPeople / people,
    falseRate: machines === 0 ? null : peopleAmongMachines / machines,
  }
}

/** Does the disposition tell whether there was a person? 'lost', 'error' and the like do not. */
function isJudgement(disposition: string | null): boolean {
  if (disposition === null) return false
  return disposition === 'machine' || !isAttemptEnd(disposition) || !NO_PERSON.includes(disposition)
}

function verdictsIn(counts: readonly HeardCount[]): DetectionErrors['verdicts'] {
  const verdicts = new Map<string, { heard: string; why: string | null; count: number; timed: number; ms: number }>()
  for (const { heard, why, count, timed, ms } of counts) {
    const key = `${heard} ${why}`
    const one = verdicts.get(key) ?? { heard, why, count: 0, timed: 0, ms: 0 }
    verdicts.set(key, { ...one, count: one.count + count, timed: one.timed + timed, ms: one.ms + ms })
  }
  return [...verdicts.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ heard, why, count, timed, ms }) => ({
      heard,
      why,
      count,
      meanMs: timed === 0 ? null : Math.round(ms / timed),
    }))
}
