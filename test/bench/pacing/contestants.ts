/** The ways of pacing that `make bench-pacing` compares, by name. Each run gets a new one. */
import { LeadAnswers } from '../../../src/campaign/pacing/lead-answers.ts'
import { pacerOf, type PacingMode } from '../../../src/campaign/pacing/saved-pacer.ts'
import { lookahead } from './lookahead.ts'
import { oracle } from './oracle.ts'
import type { Scenario } from './scenarios.ts'
import type { Controller } from './simulator.ts'
import { vicidialAverage } from './vicidial.ts'

const ours = (mode: PacingMode): Controller => {
  const pacer = pacerOf(mode)
  return { onEvent: event => pacer.onEvent(event), decide: state => pacer.decide(state).howMany }
}

/** Predictive, with what its own calls have taught it about the leads. */
const withLeads = (): Controller => ({ ...ours({ mode: 'predictive' }), leads: new LeadAnswers() })

const ALL: Readonly<Record<string, () => Controller>> = {
  predictive: () => ours({ mode: 'predictive' }),
  progressive: () => ours({ mode: 'progressive' }),
  'ratio 2': () => ours({ mode: 'ratio', callsPerFreeAgent: 2 }),
  'VICIdial average': vicidialAverage,
  lookahead: () => lookahead(),
  oracle,
  'with lead model': withLeads,
}

export const contestant = (name: string): Controller => ALL[name]!()

/** Who takes part in a scenario: the model of the leads where they differ. */
export const contestantsOf = ({ leads }: Scenario): string[] =>
  Object.keys(ALL).filter(name => leads !== null || name !== 'with lead model')
