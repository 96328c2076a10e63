/**
 * The entry to the test kit: `const sim = simulate(t)` creates a simulation for one test. It is closed after the test,
 * and the test fails when anything is left over.
 */
import { kindOf, type CallbackFlow, type CampaignFlow, type Flow } from '../flow/define.ts'
import type { Needs, Params } from '../flow/params.ts'
import type { Actor } from './actor.ts'
import type { CallbackOptions } from './simulated-callbacks.ts'
import type { LeadOptions } from './simulated-leads.ts'
import { Simulation, type SimulateOptions } from './simulation.ts'
import { takeoverEverywhere } from './takeover.ts'

/** The part of node:test's context that simulate uses. */
export interface TestScope {
  after(fn: () => Promise<void>): void
}

/** A scripted call to its end: what the caller (or the lead) and all others do and expect. */
export type Script<Who extends Actor = Actor> = (who: Who, sim: Simulation) => Promise<void>

export interface TakeoverOptions<N extends Needs> {
  /** Parameters of the flow. */
  params?: Params<N>
  /** The user of FreeSWITCH whose telephone calls with its password. Default: a call from outside. */
  user?: string
  /** For a campaignFlow: the lead who answers. */
  lead?: LeadOptions
  /** For a callbackFlow: the customer who is called back. */
  callback?: CallbackOptions
  /** Runs before the call; makes agents ready, for example. */
  before?: (sim: Simulation) => Promise<void>
  /** False: nobody drives another call while its node is dead, so its record may lack what happened. Default true. */
  records?: boolean
  /** Number of journal entries in a row at which a node dies, at least 1. Default 1. */
  kills?: number
}

/** A Simulation that can also run a scripted call with a takeover at every step. `simulate` creates it. */
export class TestedSimulation extends Simulation {
  readonly #options: SimulateOptions

  constructor(options: SimulateOptions) {
    super(options)
    this.#options = options
  }

  /**
   * Runs the scripted call undisturbed, then once for each journal entry with its node killed before the write, and
   * once with it killed after the write. Each run has its own simulation with the options of this one.
   * Returns the number of takeovers that the call survived.
   *
   * Fails with AssertionError when people hear something else (a repeated sound that was cut counts once) or when the
   * records differ.
   *
   * @example
   * await simulate(t).takeoverEverywhere(hello, async caller => {
   *   await caller.hears('ivr/hello')
   *   await caller.presses('2')
   *   await caller.outcome()
   * })
   */
  takeoverEverywhere<N extends Needs>(
    flow: Flow<N> | CampaignFlow | CallbackFlow,
    script: Script,
    { params, user, lead, callback, before, records = true, kills = 1 }: TakeoverOptions<N> = {},
  ): Promise<number> {
    const play = async (sim: Simulation) => {
      await before?.(sim)
      const kind = kindOf(flow)
      const who =
        kind === 'campaign'
          ? sim.lead(flow as CampaignFlow, lead)
          : kind === 'callback'
            ? sim.callback(flow as CallbackFlow, callback)
            : sim.call(flow as Flow<N>, { ...(params && { params }), ...(user !== undefined && { user, from: user }) })
      await script(who, sim)
    }
    return takeoverEverywhere(play, this.#options, { kills, records })
  }
}

/**
 * Creates a simulation for one test and closes it after the test. The test fails with AssertionError when a call, a
 * flow, a journal, a timer, a reservation or a command that the simulation does not know is left over.
 *
 * @example
 * test('a caller hears the welcome', async t => {
 *   const sim = simulate(t, { queues: ['sales'], sounds: { 'ivr/welcome': '4s' } })
 *   const caller = sim.call(welcome)
 *   await caller.hears('ivr/welcome')
 *   await caller.hangsUp()
 * })
 */
export function simulate(t: TestScope, options: SimulateOptions = {}): TestedSimulation {
  const simulation = new TestedSimulation(options)
  t.after(() => simulation.close())
  return simulation
}
