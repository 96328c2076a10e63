/**
 * What becomes of a dial: a function of the seed, its number, the answer rate and, of some lists, the hour alone. So
 * every way of pacing meets the same people in the same order (common random numbers).
 */
import { seededRandom } from '../../../src/base/seeded-random.ts'
import type { LeadFacts } from '../../../src/campaign/pacing/lead-answers.ts'
import type { Scenario } from './scenarios.ts'

export interface Fate {
  /** A person answers. */
  readonly person: boolean
  readonly answers: boolean
  /** From the dial to the ringing, and from there to the answer or the end; seconds. */
  readonly ringback: number
  readonly rings: number
  readonly detect: number
  readonly missed: boolean
  readonly falsePositive: boolean
  readonly talk: number
  readonly wrap: number
}

/** The lead of a dial that is made `t` seconds after the begin: what is known before it, and what follows from that. */
export function leadOf(
  { leads }: Scenario,
  seed: number,
  dial: number,
  t: number,
): { readonly facts: LeadFacts; readonly logit: number } {
  if (!leads) return { facts: { hour: 12, weekday: 0, history: 'new' }, logit: 0 }
  const { kinds, zones, from, when } = leads
  const random = seededRandom(`lead ${seed}/${dial}`)
  random() // the first numbers of neighbours are alike
  let left = random()
  const kind = kinds.find(({ share }) => (left -= share) < 0) ?? kinds[0]!
  const hour = (from + zones[Math.floor(random() * zones.length)]! + Math.floor(t / 3_600)) % 24
  const weekday = seed % 5
  return { facts: { hour, weekday, history: kind.history }, logit: kind.logit + when(hour, weekday) }
}

/** A probability whose odds are multiplied. */
const withLogit = (usual: number, logit: number): number =>
  (usual * Math.exp(logit)) / (1 - usual + usual * Math.exp(logit))

/** Calls of the weeks before, and whether a person answered. */
export function* callsBefore(of: Scenario, most: number): Iterable<{ readonly facts: LeadFacts; answered: boolean }> {
  const random = seededRandom('the weeks before')
  for (let n = 0; n < most; n++) {
    const { facts, logit } = leadOf(of, 1 + Math.floor(random() * 5), -1 - n, random() * of.hours * 3_600)
    yield { facts, answered: random() < withLogit(of.answer as number, logit) }
  }
}

const gauss = (random: () => number) => Math.sqrt(-2 * Math.log(random() || 1e-12)) * Math.cos(2 * Math.PI * random())

export function logNormal(mean: number, cv: number, z: number): number {
  const variance = Math.log(1 + cv * cv)
  return mean * Math.exp(Math.sqrt(variance) * z - variance / 2)
}

/** Of a dial that is made `t` seconds after the begin. `usual`: the answer rate of a usual lead. */
export function fateOf(of: Scenario, seed: number, dial: number, usual: number, t: number): Fate {
  const answer = of.leads ? withLogit(usual, leadOf(of, seed, dial, t).logit) : usual
  const random = seededRandom(`${seed}/${dial}`)
  random() // the first numbers of neighbours are alike
  const u = random()
  const z = () => gauss(random)
  const ringback = Math.max(0.4, logNormal(of.ringbackMean, of.ringbackCv, z()))
  const ringZ = z()
  const spread = random()
  const detectZ = z()
  const heard = random()
  const talkZ = z()
  const wrapZ = z()
  const kind = random()
  const short = of.shortTalks
  const rest = {
    ringback,
    missed: false,
    falsePositive: false,
    talk: Math.max(
      2,
      short && kind < short.share ? logNormal(short.mean, short.cv, talkZ) : logNormal(of.talkMean, of.talkCv, talkZ),
    ),
    wrap: Math.max(0.5, logNormal(of.wrapMean, of.wrapCv, wrapZ)),
  }
  if (u < answer) {
    const rings = logNormal(of.ringMean, of.ringCv, ringZ)
    return {
      ...rest,
      person: true,
      answers: true,
      rings: rings > of.ringTimeout - 0.5 ? 1 + (of.ringTimeout - 2) * spread : rings,
      detect: Math.min(of.detectPersonMost, logNormal(of.detectPersonMean, of.detectPersonCv, detectZ)),
      falsePositive: heard < of.falsePositive,
    }
  }
  const none = { ...rest, person: false, answers: false, rings: of.ringTimeout, detect: 0 }
  const { machine, busy, invalid, failed } = of.otherwise
  const v = (u - answer) / (1 - answer)
  if (v < machine) {
    const rings = v < machine / 4 ? 0.5 + 2 * spread : Math.min(of.ringTimeout - 0.2, 15 + 5 * spread)
    const detect = logNormal(of.detectMachineMean, of.detectMachineCv, detectZ)
    if (heard >= of.missed) return { ...none, answers: true, rings, detect }
    const soon = Math.min(1.5, detect * 0.4)
    return { ...none, answers: true, rings, detect: soon, missed: true, talk: 4 + 4 * random(), wrap: 2 + 2 * random() }
  }
  if (v < machine + busy) return { ...none, rings: 0.8 }
  if (v < machine + busy + invalid) return { ...none, rings: 0.3 }
  if (v < machine + busy + invalid + failed) return { ...none, ringback: Math.min(ringback, 1.2), rings: 0 }
  return none
}
