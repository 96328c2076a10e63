/**
 * The predictive controller inside the whole product, in virtual time: two nodes as production composes them, the
 * shipped flow and its detection, agents who are nailed up, a simulated FreeSWITCH, and a real PostgreSQL
 * (../../fault/dialling-lab.ts). What people do is that of the simulator (fate.ts).
 */
import { detectionErrors } from '../../../src/campaign/detection.ts'
import { budget } from '../../../src/campaign/law/budget.ts'
import { policyOf } from '../../../src/campaign/law/laws.ts'
import type { Duration } from '../../../src/base/duration.ts'
import { moveCampaign, type LawSettings } from '../../../src/store/campaigns.ts'
import type { DatabaseAddress } from '../../../src/store/sql.ts'
import type { Behaviour } from '../../../src/testing/index.ts'
import type { Person } from '../../../src/testing/switch/person.ts'
import { DiallingLab } from '../../fault/dialling-lab.ts'
import { contestant } from './contestants.ts'
import { fateOf, type Fate } from './fate.ts'
import type { Scenario } from './scenarios.ts'
import { Simulator } from './simulator.ts'

export interface WholeResult {
  /** 0 to 1, in the product and of the controller alone. */
  readonly occupancy: number
  readonly alone: number
  readonly abandonedPercent: number
}

/** More leads than are dialled: a list that ends would end the campaign. */
const LEADS_OF_A_TALK = 1.5

/**
 * One campaign of the scenario, for its hours, and the controller alone with the same people. `database` has all
 * tables. A simulated voice is always recognised after the same time, so the controller alone gets the means of
 * the times that the product measured.
 */
export async function runWhole(of: Scenario, seed: number, database: DatabaseAddress): Promise<WholeResult> {
  const { answer } = of
  if (typeof answer !== 'number' || of.shifts || of.leads)
    throw new Error('only scenarios with one rate, without shifts')
  const law: LawSettings = {
    ...{ name: 'custom', maxAbandoned: 0.03, window: 'campaign', connectWithinMs: of.abandonAfter * 1_000 },
    ...{ deadlineFrom: 'answer', count: 'plain' },
  }
  const lab = await DiallingLab.open(database, of.agents, { wrapUp: '1h', message: `${of.message}s` })
  const { sim } = lab
  const { clock } = sim
  const leads = (LEADS_OF_A_TALK * of.agents * of.hours * 3_600) / (of.talkMean + of.wrapMean) / answer
  const people = Array.from({ length: Math.ceil(leads) }, (_, n) => fateOf(of, seed, n, answer, 0))
  let busyMs = 0
  const since = new Map<string, number>()

  /** As the agent does: talks, and ends the wrap-up. */
  function talks(person: Person, fate: Fate): void {
    person.on('talking', partner => {
      if (!partner) return
      const agent = partner.name
      since.set(agent, clock.now())
      clock.after(fate.talk * 1_000, () => {
        person.hangUp()
        clock.after(fate.wrap * 1_000, () => {
          busyMs += clock.now() - since.get(agent)!
          since.delete(agent)
          void sim.roster.finishWrapUp(agent, clock.now(), true)
        })
      })
    })
  }

  const campaign = await lab.campaign(
    'predictive',
    people.map((fate): Behaviour => behaviourOf(fate, person => talks(person, fate))),
    { law, ringForMs: of.ringTimeout * 1_000 },
  )
  await sim.advance('30s') // the agents are called, and are on the line
  const began = clock.now()
  busyMs = 0
  for (const agent of since.keys()) since.set(agent, began)
  await clock.runUntil(() => clock.now() >= began + of.hours * 3_600_000, of.hours * 3_600_000 + 1_000)
  let occupied = busyMs
  for (const at of since.values()) occupied += clock.now() - at
  const window = { from: 0, to: clock.now() }
  const { verdicts } = await clock.runUntil(detectionErrors(lab.sql, campaign.id, window), 60_000)
  const { share } = await clock.runUntil(budget(lab.sql, campaign, policyOf(law), clock.now()), 60_000)
  const mean = (heard: string) => {
    const all = verdicts.filter(one => one.heard === heard && one.meanMs !== null)
    return all.reduce((sum, { count, meanMs }) => sum + count * meanMs!, 0) / all.reduce((n, { count }) => n + count, 0)
  }
  const same: Scenario = {
    ...of,
    law: policyOf(law),
    ...{ detectPersonMean: mean('person') / 1_000, detectPersonCv: 0 },
    ...{ detectMachineMean: mean('machine') / 1_000, detectMachineCv: 0 },
  }
  const alone = new Simulator(same, seed, contestant('predictive', same)).run()
  await clock.runUntil(moveCampaign(lab.sql, campaign.id, ['running'], 'stopped', clock.now()), 60_000)
  await clock.runUntil(() => since.size === 0, 3_600_000)
  await lab.close()
  return {
    occupancy: occupied / (of.agents * of.hours * 3_600_000),
    alone: alone.occupancy,
    abandonedPercent: 100 * (share ?? 0),
  }
}

/** The telephone of this person. */
function behaviourOf({ person, answers, ringback, rings }: Fate, talks: (person: Person) => void): Behaviour {
  const ms = (seconds: number): Duration => `${Math.round(seconds * 1_000)}ms`
  const ringsAfter = ms(ringback)
  if (answers) return { ringsAfter, answers: ms(rings), speaks: person ? 'human' : 'machine', rings: talks }
  return rings < 1 ? { ringsAfter: ms(ringback + rings), answers: 'busy' } : { ringsAfter, answers: 'never' }
}
