import { z } from 'zod'
import { agentSums, type AgentSums } from '../../store/agent-figures.ts'
import { nameOf } from '../fields.ts'
import { operation, type Immutable } from '../operation.ts'
import { mean, partOf, share, windowFields, windowOf } from './window.ts'

const count = z.number()
const lasted = z.number().nullable()
const rate = z.number().nullable()

/** Rates from 0 to 1 and times in milliseconds; null: there is nothing of which to compute it. docs/figures.md. */
const agentFigures = z.object({
  agent: z.string(),
  from: z.date(),
  to: z.date(),
  handled: count,
  offered: count,
  answered: count,
  missed: count,
  refused: count,
  callerLeft: count,
  handlingMs: lasted,
  averageTalkMs: lasted,
  averageHoldMs: lasted,
  averageWrapUpMs: lasted,
  occupancy: rate,
  utilisation: rate,
  talkMs: count,
  holdMs: count,
  consultMs: count,
  readyMs: count,
  restingMs: count,
  ringingMs: count,
  talkingMs: count,
  wrapUpMs: count,
  elsewhereMs: count,
  breakMs: count,
  outMs: count,
  /** Time on a break by its reason; '' without one. */
  breaks: z.record(z.string(), z.number()),
  /** The part of it after the limit of the reason. */
  breakOverMs: count,
  breaksOver: z.record(z.string(), z.number()),
  breakAdherence: rate,
  transfers: count,
  transfersBlind: count,
  transfersAttended: count,
})

export default operation({
  name: 'figures.agent',
  summary: 'what each agent did: calls handled, missed and transferred, handling time, occupancy, breaks',
  needs: 'database',
  role: 'reader',
  positional: ['agent'],
  input: z.strictObject({ agent: nameOf('agent').optional(), ...windowFields }),
  output: z.array(agentFigures),
  refusals: [],
  changes: false,
  async run({ sql, clock }, { agent, ...asked }) {
    const window = windowOf(asked, clock.now())
    const sums = await agentSums(sql, window, agent ?? null)
    return sums.map(({ part, ...one }) => ({ ...partOf(window, part), ...figuresOf(one) }))
  },
})

function figuresOf(sums: Omit<AgentSums, 'part'>): Immutable<Omit<z.input<typeof agentFigures>, 'from' | 'to'>> {
  const { handled, offered, answered, refused, callerLeft, talkMs, wrapUpMs, readyMs, breakMs } = sums
  const asideMs = sums.holdMs + sums.consultMs // the caller waits in both
  const busyMs = talkMs + asideMs + wrapUpMs
  const staffedMs = readyMs + sums.restingMs + sums.ringingMs + sums.talkingMs + wrapUpMs + sums.elsewhereMs + breakMs
  return {
    ...sums,
    missed: offered - answered - refused - callerLeft,
    handlingMs: mean(busyMs, handled),
    averageTalkMs: mean(talkMs, handled),
    averageHoldMs: mean(asideMs, handled),
    averageWrapUpMs: mean(wrapUpMs, handled),
    occupancy: share(busyMs, busyMs + readyMs),
    transfers: sums.transfersBlind + sums.transfersAttended,
    breakAdherence: share(breakMs - sums.breakOverMs, breakMs),
    utilisation: share(staffedMs - breakMs, staffedMs),
  }
}
