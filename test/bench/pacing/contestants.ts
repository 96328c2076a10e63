/** The ways of pacing that `make bench-pacing` compares, by name. Each run gets a new one. */
import { LeadAnswers } from '../../../src/campaign/pacing/lead-answers.ts'
import { pacerOf, type PacingMode } from '../../../src/campaign/pacing/saved-pacer.ts'
import { callsBefore } from './fate.ts'
import { lookahead } from './lookahead.ts'
import { oracle } from './oracle.ts'
import type { Scenario } from './scenarios.ts'
import type { Controller } from './simulator.ts'
import { vicidialAverage } from './vicidial.ts'

const ours = (mode: PacingMode): Controller => {
  const pacer = pacerOf(mode)
  return { onEvent: event => pacer.onEvent(event), decide: state => pacer.decide(state).howMany }
}

/** So many calls teach the model before the run, for a campaign of which this is not the first day. */
const TAUGHT = 20_000

/** Predictive, with what earlier calls and its own have taught it about the leads. */
function withLeads(of: Scenario, before: number, sees = 0): Controller {
  const leads = new LeadAnswers()
  let n = 0
  for (const { facts, answered } of callsBefore(of, before)) {
    leads.dialled(`before ${n}`, facts, n - before)
    leads.over(`before ${n++}`, answered)
  }
  return { ...ours({ mode: 'predictive' }), leads, sees }
}

/** The model of the leads as the product uses it, in its first hours and later; and what the next leads would tell. */
export const OF_LEADS = ['with lead model', '.. taught', '.. sees 8 ahead']

const ALL: Readonly<Record<string, (of: Scenario) => Controller>> = {
  predictive: () => ours({ mode: 'predictive' }),
  progressive: () => ours({ mode: 'progressive' }),
  'ratio 2': () => ours({ mode: 'ratio', callsPerFreeAgent: 2 }),
  'VICIdial average': vicidialAverage,
  lookahead: () => lookahead(),
  oracle,
  'with lead model': of => withLeads(of, 0),
  '.. taught': of => withLeads(of, TAUGHT),
  '.. sees 8 ahead': of => withLeads(of, TAUGHT, 8),
}

export const contestant = (name: string, of: Scenario): Controller => ALL[name]!(of)

/**
 * Who takes part in a scenario: the model of the leads where there is something to know of them, and predictive alone
 * where it is about the law of the product.
 */
export const contestantsOf = ({ leads, law }: Scenario): string[] =>
  law === null ? Object.keys(ALL).filter(name => leads !== null || !OF_LEADS.includes(name)) : ['predictive']
