import { z } from 'zod'
import { readSettings } from '../../base/settings.ts'
import { QUEUE_SETTINGS, settingOf } from '../../queue/settings.ts'
import { queueRows } from '../../store/definitions.ts'
import { queueSums, WAIT_LIMITS_S, type QueueSums } from '../../store/queue-figures.ts'
import { nameOf } from '../fields.ts'
import { operation, type Immutable } from '../operation.ts'
import { mean, partOf, share, windowFields, windowOf } from './window.ts'

const count = z.number()
const lasted = z.number().nullable()
const rate = z.number().nullable()

/** Rates from 0 to 1 and times in milliseconds; null: there is nothing of which to compute it. docs/figures.md. */
const queueFigures = z.object({
  queue: z.string(),
  from: z.date(),
  to: z.date(),
  offered: count,
  answered: count,
  abandoned: count,
  shortAbandons: count,
  callbacks: count,
  leftOtherwise: count,
  lost: count,
  serviceLevel: rate,
  serviceLevelWithinMs: z.number(),
  serviceLevelGoal: rate,
  abandonRate: rate,
  averageWaitMs: lasted,
  waitP50Ms: lasted,
  waitP90Ms: lasted,
  averageAbandonMs: lasted,
  longestAbandonMs: lasted,
  /** Answered callers by their wait: at most so many seconds, and more than in the step before; null: longer. */
  waits: z.array(z.object({ seconds: z.number().nullable(), answered: count })),
  handled: count,
  handlingMs: lasted,
  averageTalkMs: lasted,
  averageHoldMs: lasted,
  averageWrapUpMs: lasted,
  talkMs: count,
  holdMs: count,
  consultMs: count,
  wrapUpMs: count,
  holds: count,
  refused: count,
  /** Refused callers by the reason. */
  refusedBy: z.record(z.string(), z.number()),
  transfers: count,
  transfersBlind: count,
  transfersAttended: count,
  requeues: count,
  repeats: count,
  repeatRate: rate,
  calledAgain: count,
  firstContactRate: rate,
})

export default operation({
  name: 'figures.queue',
  summary:
    'what became of the callers of each queue: service level, abandon rate, waits, handling time, who called again',
  needs: 'database',
  role: 'reader',
  positional: ['queue'],
  input: z.strictObject({ queue: nameOf('queue').optional(), ...windowFields }),
  output: z.array(queueFigures),
  refusals: [],
  changes: false,
  async run({ sql, clock }, { queue, ...asked }) {
    const window = windowOf(asked, clock.now())
    const goals = (await queueRows(sql)).map(({ name, settings }) =>
      goalOf(name, readSettings(QUEUE_SETTINGS, settings)),
    )
    const sums = await queueSums(sql, window, goals, goalOf('', {}), queue ?? null)
    return sums.map(({ part, ...one }) => {
      const { within, goal } = goals.find(({ queue: name }) => name === one.queue) ?? goalOf('', {})
      return {
        ...partOf(window, part),
        serviceLevelWithinMs: within,
        serviceLevelGoal: goal,
        ...figuresOf(one),
      }
    })
  },
})

const goalOf = (queue: string, settings: Parameters<typeof settingOf>[0]) => ({
  queue,
  within: settingOf(settings, 'serviceLevelWithinMs'),
  shortAbandon: settingOf(settings, 'shortAbandonMs'),
  repeatWithin: settingOf(settings, 'repeatWithinMs'),
  goal: settingOf(settings, 'serviceLevelGoal') / 100,
})

type Figures = Omit<z.input<typeof queueFigures>, 'from' | 'to' | 'serviceLevelWithinMs' | 'serviceLevelGoal'>

function figuresOf({ answeredWithin, waits, ...sums }: Omit<QueueSums, 'part'>): Immutable<Figures> {
  const { answered, abandoned, leftOtherwise, handled, talkMs, wrapUpMs } = sums
  const offered = answered + abandoned + leftOtherwise
  const asideMs = sums.holdMs + sums.consultMs // the caller waits in both
  const { answeredWaitMs, abandonedWaitMs, longestAbandonedMs, ...counts } = sums
  return {
    ...counts,
    offered,
    serviceLevel: share(answeredWithin, answered + abandoned),
    abandonRate: share(abandoned, answered + abandoned),
    averageWaitMs: mean(answeredWaitMs, answered),
    averageAbandonMs: mean(abandonedWaitMs, abandoned),
    longestAbandonMs: longestAbandonedMs,
    waits: waits.map((one, at) => ({ seconds: WAIT_LIMITS_S[at] ?? null, answered: one })),
    handlingMs: mean(talkMs + asideMs + wrapUpMs, handled),
    averageTalkMs: mean(talkMs, handled),
    averageHoldMs: mean(asideMs, handled),
    averageWrapUpMs: mean(wrapUpMs, handled),
    transfers: sums.transfersBlind + sums.transfersAttended,
    repeatRate: share(sums.repeats, offered),
    firstContactRate: share(answered - sums.calledAgain, answered),
  }
}
