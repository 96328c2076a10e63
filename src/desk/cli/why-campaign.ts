/** `switchhook why campaign`: one answer, and the figures behind it. */
import campaignWhy from '../../operations/campaign/why.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { whyNoMore } from '../dialling-words.ts'
import { percent } from '../percent.ts'
import { pairs } from '../table.ts'
import { form } from './operations.ts'
import { ago, timeOf } from './output.ts'

type Told = OutputOf<typeof campaignWhy>

export const whyCampaignForm = form(campaignWhy, {
  words: 'why campaign',
  help: `
The first line is the answer. It goes from the outside in: state, node, hours, law, list, FreeSWITCH and gateways,
agents, pacing. \`switchhook why lead\` tells about a single lead.

Example:
  switchhook why campaign spring`,
  people: (told, { colour, now }) => sayWhy(told, now, colour),
})

function sayWhy(told: Told, now: number, colour: boolean): string {
  const { answer, others, campaign, state, mode, node, decidedAt, calls, limits, law, list, agents, switches } = told
  const { dialling, ringing, waiting, talking, callsPerSecond } = calls
  const share = law.live === 0 ? null : law.abandoned / law.live
  const count = (what: Readonly<Record<string, number>>) =>
    Object.entries(what)
      .filter(([, n]) => n > 0)
      .map(([name, n]) => `${n} ${name}`)
      .join(', ') || '–'
  const rows: (readonly [string, string])[] = [
    ['campaign', `${campaign}, ${state}, ${mode}`],
    [
      'dialled by',
      node === null ? 'no node' : `${node}, last decision ${timeOf(decidedAt === null ? null : new Date(decidedAt))}`,
    ],
    [
      'calls',
      `${dialling} dialling, ${ringing} ringing, ${waiting} waiting, ${talking} talking; ${callsPerSecond.toFixed(1)} per second`,
    ],
    ['limits', `${limits.maxLines} lines, ${limits.cps} calls per second`],
    ['abandoned', `${percent(share)} of ${Math.round(law.live)} people; ${percent(law.limit)} are allowed`],
    [
      'leads',
      `${list.leads}: ${count({ 'dialable now': list.dialable, 'called now': list.claimed, 'outside their hours': list.outsideHours, 'waiting for their time': list.waiting, 'callbacks of busy agents': list.promised, 'not to be called': list.doNotCall, done: list.exhausted })}`,
    ],
    ...list.waits.map(
      ({ leads, why, after, next }) =>
        ['waiting', `${leads} ${after === null ? why : `after ${after}`}, first at ${timeOf(new Date(next))}`] as const,
    ),
    [
      'agents',
      `${agents.agents}: ${count({ free: agents.free, 'with a call under way': agents.withCall, talking: agents.talking, 'in wrap-up': agents.wrapUp, 'busy otherwise': agents.busyOtherwise, 'on a break': agents.onBreak, 'not on the line': agents.notOnLine, 'logged out': agents.loggedOut })}`,
    ],
    ...switches.map(
      ({ at, free, lines, why }) =>
        [
          `FreeSWITCH ${at ?? ''}`.trim(),
          `${free} agents free, ${lines} lines free; no more because ${whyNoMore(why)}`,
        ] as const,
    ),
  ]
  return `${[answer, ...others].map((one, n) => sayReason(one, now, n > 0)).join('')}\n${pairs(rows, colour)}`
}

function sayReason({ words, until }: Told['answer'], now: number, isOther: boolean): string {
  const end = until === null ? '' : `, until ${timeOf(new Date(until))} (${ago(Math.max(0, until - now))} more)`
  return `${isOther ? '  and ' : ''}${words}${end}\n`
}
