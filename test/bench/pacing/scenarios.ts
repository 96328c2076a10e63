/**
 * The scenarios of `make bench-pacing`: teams, lists and hours, as a simulated campaign sees them. Times in seconds.
 */
import type { NumberHistory } from '../../../src/campaign/pacing/lead-answers.ts'
import type { LawPolicy } from '../../../src/campaign/law/policy.ts'
import { strict } from '../../../src/campaign/law/strict.ts'
import { seededRandom } from '../../../src/base/seeded-random.ts'

/** A kind of leads: their share, and the logit by which they are more likely to answer than others. */
interface LeadKind {
  readonly history: NumberHistory
  readonly share: number
  readonly logit: number
}

/** The people of a list, as far as it can be known before the call who answers. */
interface LeadList {
  readonly kinds: readonly LeadKind[]
  /** Hours by which the clocks of the leads are ahead of the first ones', in equal shares. */
  readonly zones: readonly number[]
  /** The hour of the first clock at which the calls begin. */
  readonly from: number
  /** The logit by the hour and the weekday (0: Monday) where the person lives. The weekday is that of the seed. */
  readonly when: (hour: number, weekday: number) => number
}

/** An agent is logged in from `on` until `off`. */
interface Shift {
  readonly agent: number
  readonly on: number
  readonly off: number
}

export interface Scenario {
  readonly agents: number
  /** Share of the dials that a person answers. */
  readonly answer: number | ((t: number, seed: number) => number)
  readonly hours: number
  /** What becomes of the dials that no person answers. */
  readonly otherwise: {
    readonly machine: number
    readonly busy: number
    readonly invalid: number
    readonly failed: number
  }
  readonly ringTimeout: number
  readonly ringbackMean: number
  readonly ringbackCv: number
  readonly ringMean: number
  readonly ringCv: number
  /** From the answer until the detector has decided. */
  readonly detectPersonMean: number
  readonly detectPersonCv: number
  readonly detectPersonMost: number
  readonly detectMachineMean: number
  readonly detectMachineCv: number
  /** Share of the machines that the detector takes for people, and of the people that it takes for machines. */
  readonly missed: number
  readonly falsePositive: number
  /** A person without an agent so long after the answer is abandoned; the message then takes a channel. */
  readonly abandonAfter: number
  readonly message: number
  readonly talkMean: number
  readonly talkCv: number
  readonly wrapMean: number
  readonly wrapCv: number
  readonly shortTalks: { readonly share: number; readonly mean: number; readonly cv: number } | null
  /** How much the agents differ in speed. */
  readonly agentCv: number
  readonly channels: number
  readonly callsPerSecond: number
  readonly shifts: ((seed: number) => readonly Shift[]) | null
  readonly leads: LeadList | null
  /** Whether people may be called at this time; null: always. */
  readonly open: ((t: number) => boolean) | null
  /** By which the abandoned people are counted, as the product does it; null: 3 % over the time of the run. */
  readonly law: LawPolicy | null
  readonly tick: number
}

const base: Scenario = {
  agents: 50,
  answer: 0.3,
  hours: 4,
  otherwise: { machine: 0.35, busy: 0.08, invalid: 0.07, failed: 0.05 },
  ringTimeout: 22,
  ringbackMean: 2.5,
  ringbackCv: 0.4,
  ringMean: 9,
  ringCv: 0.55,
  detectPersonMean: 0.7,
  detectPersonCv: 0.4,
  detectPersonMost: 1.5,
  detectMachineMean: 2.8,
  detectMachineCv: 0.4,
  missed: 0,
  falsePositive: 0,
  abandonAfter: 2,
  message: 6,
  talkMean: 90,
  talkCv: 0.8,
  wrapMean: 15,
  wrapCv: 0.6,
  shortTalks: null,
  agentCv: 0,
  channels: Infinity,
  callsPerSecond: Infinity,
  shifts: null,
  leads: null,
  open: null,
  law: null,
  tick: 0.25,
}

const HOUR = 3_600

/** 30 stay; 10 leave together from 1:00 to 1:45; 10 come at 2:00; 10 go home at 3:00; a random break of 10 min each. */
function comingAndGoing(seed: number): Shift[] {
  const random = seededRandom(`shifts ${seed}`)
  return Array.from({ length: 50 }, (_, agent) => {
    const shifts: [number, number][] =
      agent < 20
        ? [[0, 4 * HOUR]]
        : agent < 30
          ? [
              [0, HOUR],
              [1.75 * HOUR, 4 * HOUR],
            ]
          : agent < 40
            ? [[2 * HOUR, 4 * HOUR]]
            : [[0, 3 * HOUR]]
    const pause = (0.3 + 3.4 * random()) * HOUR
    return shifts.flatMap(([on, off]) =>
      pause > on + 60 && pause + 600 < off - 60
        ? [
            { agent, on, off: pause },
            { agent, on: pause + 600, off },
          ]
        : [{ agent, on, off }],
    )
  }).flat()
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  S1: { ...base, agents: 10 },
  S2: base,
  S3: { ...base, agents: 200, answer: 0.2 },
  S4: { ...base, agents: 5, answer: 0.4 },
  S5: { ...base, answer: t => (t < 4_800 || t >= 9_600 ? 0.15 : 0.45) },
  S6: { ...base, shifts: comingAndGoing },
  S7a: { ...base, talkMean: 180, wrapMean: 30 },
  S7b: { ...base, talkMean: 45, wrapMean: 10 },
}

const HISTORIES: readonly LeadKind[] = [
  { history: 'new', share: 0.45, logit: 0 },
  { history: 'answered', share: 0.2, logit: 1.3 },
  { history: 'unanswered', share: 0.2, logit: -0.9 },
  { history: 'unanswered-often', share: 0.15, logit: -1.7 },
]

/** The default law of the product, with the deadline of this simulation. */
const anyDay: LawPolicy = { ...strict, deadlineFrom: 'answer' }

/** Two days of eight hours. Agents go home a little later. */
const twoDays = (agents: number) => () =>
  Array.from({ length: 2 * agents }, (_, n) => {
    const on = n < agents ? 0 : 24 * HOUR
    return { agent: n % agents, on, off: on + 8.1 * HOUR }
  })
const eightHours = (t: number) => t % (24 * HOUR) < 8 * HOUR

/** All calls are made within a few hours in which nobody is more likely at home. */
const byHistory: LeadList = { kinds: HISTORIES, zones: [0], from: 8, when: () => 0 }

/** An afternoon and an evening in three time zones: people are at home in the evening, less so on Fridays. */
const byAll: LeadList = {
  kinds: HISTORIES,
  zones: [0, 1, 3],
  from: 14,
  when: (hour, weekday) => (hour < 17 ? -0.5 : hour < 21 ? 0.7 : -0.2) - (weekday === 4 ? 0.4 : 0),
}

/** The same features, and none of them tells anything. */
const alike: LeadList = { ...byAll, kinds: HISTORIES.map(kind => ({ ...kind, logit: 0 })), when: () => 0 }

/** Not in the table of gates: what else a campaign meets. */
export const OTHERS: Readonly<Record<string, Scenario>> = {
  small: { ...base, agents: 20, answer: 0.25 },
  rich: { ...base, agents: 100, answer: 0.5 },
  drift: { ...base, answer: (t, seed) => 0.3 + 0.12 * Math.sin((t / HOUR) * 2 + seed) },
  short: { ...base, agents: 30, shortTalks: { share: 0.4, mean: 12, cv: 0.6 } },
  uneven: { ...base, agents: 30, agentCv: 0.3 },
  lines: { ...base, agents: 30, channels: 60, callsPerSecond: 2 },
  missed: { ...base, agents: 30, missed: 0.08 },
  /** Three of ten answer, but some leads more than others. */
  leads: { ...base, agents: 10, answer: 0.29, leads: byHistory },
  'leads 50': { ...base, answer: 0.29, leads: byHistory },
  /** The same, and the hour and the weekday of each lead count too. */
  evening: { ...base, agents: 10, answer: 0.29, leads: byAll },
  'evening 50': { ...base, answer: 0.29, leads: byAll },
  /** A list on which nothing tells the leads apart: knowing them must do no harm. */
  alike: { ...base, agents: 10, leads: alike },
  long: { ...base, agents: 30, ringTimeout: 30 },
  /** A law for any 24 hours: the share must be right at the end of a day of eight hours. */
  'day 5': { ...base, agents: 5, answer: 0.4, hours: 8, law: anyDay },
  'day 10': { ...base, agents: 10, hours: 8, law: anyDay },
  'day 50': { ...base, hours: 8, law: anyDay },
  /** On the second day the first one leaves the 24 hours. */
  'days 10': { ...base, agents: 10, hours: 32.1, law: anyDay, shifts: twoDays(10), open: eightHours },
}
