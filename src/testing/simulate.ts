/** How a test gets a house: with `const sim = simulate(t)` everything is gone when the test is over, and the test fails on what it left behind. */
import { kindOf, type CampaignFlow, type Flow } from '../flow/define.ts'
import type { Needs, Params } from '../flow/params.ts'
import type { Actor } from './actor.ts'
import type { LeadOptions } from './simulated-leads.ts'
import { Simulation, type SimulateOptions } from './simulation.ts'
import { takeoverEverywhere } from './takeover.ts'

/** What simulate needs of node:test's context. */
export interface TestScope {
  after(fn: () => Promise<void>): void
}

/** What the caller (or the lead) and everybody else does, in sentences, to the end of the call. */
export type Script<Who extends Actor = Actor> = (who: Who, sim: Simulation) => Promise<void>

export interface TakeoverOptions<N extends Needs> {
  params?: Params<N>
  /** Of a campaign's flow: the lead who answers. */
  lead?: LeadOptions
  /** Happens before the call: agents who are ready, say. */
  before?: (sim: Simulation) => Promise<void>
  /** The node dies at so many entries in a row. Default 1. */
  kills?: number
}

export class TestedSimulation extends Simulation {
  readonly #options: SimulateOptions

  constructor(options: SimulateOptions) {
    super(options)
    this.#options = options
  }

  /**
   * Runs the scripted call once undisturbed, and then with its node killed at every step, before and after the step is written down.
   * Fails when somebody hears something else (repeats of a sound that was cut taken out) or something else comes of the call. Each run
   * has a house of its own, like this one. Gives the number of deaths that the call survived.
   */
  takeoverEverywhere<N extends Needs>(
    flow: Flow<N> | CampaignFlow,
    script: Script,
    { params, lead, before, kills = 1 }: TakeoverOptions<N> = {},
  ): Promise<number> {
    const play = async (sim: Simulation) => {
      await before?.(sim)
      const who =
        kindOf(flow) === 'campaign'
          ? sim.lead(flow as CampaignFlow, lead)
          : sim.call(flow as Flow<N>, params === undefined ? {} : { params })
      await script(who, sim)
    }
    return takeoverEverywhere(play, this.#options, kills)
  }
}

export function simulate(t: TestScope, options: SimulateOptions = {}): TestedSimulation {
  const simulation = new TestedSimulation(options)
  t.after(() => simulation.close())
  return simulation
}
