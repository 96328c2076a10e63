/** How people read what `campaign status` answers. */
import campaignStatus from '../../operations/campaign/status.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { whyNoMore } from '../dialling-words.ts'
import { percent } from '../percent.ts'
import { pairs } from '../table.ts'
import { form } from './operations.ts'
import { timeOf } from './output.ts'

type Status = OutputOf<typeof campaignStatus>
type At = Status['switches'][number]

export const campaignStatusForm = form(campaignStatus, {
  help: `
Example:
  switchhook campaign status spring`,
  people: (status, { colour }) => sayStatus(status, colour),
})

function sayStatus(status: Status, colour: boolean): string {
  const { name, state, mode, node, decidedAt, budget, switches, dialled, answered, talked, abandoned, left } = status
  const share = budget.live === 0 ? null : budget.abandoned / budget.live
  const whole: (readonly [string, string])[] = [
    ['campaign', `${name}, ${state}, ${mode}`],
    ['dialled by', node === null ? 'no node' : `${node}, last decision ${timeOf(new Date(decidedAt!))}`],
    ['calls', `${dialled} dialled, ${answered} answered, ${talked} talked, ${abandoned} abandoned; ${left} leads left`],
    [
      'abandoned',
      `${percent(share)} of ${Math.round(budget.live)} people who answered; ${percent(budget.limit)} are allowed`,
    ],
  ]
  return [pairs(whole, colour), ...switches.map(one => pairs(sayAt(one), colour))].join('\n')
}

function sayAt(one: At): (readonly [string, string])[] {
  const { at, free, why, callsPerAgent, risk, theta, predictedAnswers, answerRate } = one
  const lines: (readonly [string, string])[] = [
    ['FreeSWITCH', at ?? 'none'],
    ['agents', `${free} free`],
    ['no more because', whyNoMore(why)],
  ]
  if (callsPerAgent !== null) lines.push(['ratio', `${callsPerAgent.toFixed(1)} calls for each agent`])
  if (answerRate !== null) lines.push(['people answer', percent(answerRate)])
  if (predictedAnswers !== null) lines.push(['answers expected', predictedAnswers.toFixed(1)])
  if (theta !== null) lines.push(['risk', `${percent(risk)} for the next call; ${percent(theta)} is allowed`])
  return lines
}
