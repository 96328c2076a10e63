/** How people read the figures of queues and agents, with their definitions in --help (docs/figures.md has all). */
import figuresAgent from '../../operations/figures/agent.ts'
import figuresCampaign from '../../operations/figures/campaign.ts'
import figuresGateway from '../../operations/figures/gateway.ts'
import figuresQueue from '../../operations/figures/queue.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { percent } from '../percent.ts'
import { table } from '../table.ts'
import { form } from './operations.ts'
import { ago, timeOf } from './output.ts'

type Queue = OutputOf<typeof figuresQueue>[number]
type Agent = OutputOf<typeof figuresAgent>[number]
type Campaign = OutputOf<typeof figuresCampaign>[number]

const WINDOWS = `
A window is half open, and what goes on has lasted until now. A rate or an average of nothing is –.`

export const figuresForms = [
  form(figuresQueue, {
    help: `${WINDOWS} A call counts in the window in which it left the queue, a
talk in the one in which it ended; times count where they passed.

  offered    answered + abandoned + left otherwise (overflow, transfer, time-out)
  abandoned  hung up while waiting, after more than the queue's --short-abandon; short: within it
  level      service level: answered within --service-level-within ÷ (answered + abandoned)
  rate       abandon rate: abandoned ÷ (answered + abandoned)
  wait       average wait of the answered callers (ASA); p90: nine of ten waited at most so long
  handling   (talk + hold + wrap-up) ÷ handled calls (AHT); then its three parts
  refused    not let in: full, closed, …; --json tells the reasons
  moved on   transfers by the agents, blind and attended
  again      offered callers whose number was answered here within --repeat-within before
  once       answered callers whose number has not come again within that time

Example:
  switchhook figures queue sales --window today --by 15m`,
    people: (all, { given, colour }) => (all.length === 0 ? NOTHING : queueTable(all, 'by' in given, colour)),
  }),
  form(figuresAgent, {
    help: `${WINDOWS} Click-to-dial, campaigns and transfers count as the agent's talks.

  missed       offered − answered, without the calls that the agent refused and those whose caller hung up first
  handling     (talk + hold + wrap-up) ÷ handled calls; then its three parts
  occupancy    (talk + hold + wrap-up) ÷ (talk + hold + wrap-up + ready); breaks are left out
  utilisation  (staffed − breaks) ÷ staffed; staffed is the time not logged out
  over         the part of the breaks after the limit of their reason
  moved on     transfers by the agent, blind and attended

Example:
  switchhook figures agent alice --window 2026-03-02`,
    people: (all, { given, colour }) => (all.length === 0 ? NOTHING : agentTable(all, 'by' in given, colour)),
  }),
  form(figuresCampaign, {
    help: `${WINDOWS} An attempt counts in the window in which it ended.

  now          lines: calls that ring or wait ÷ ready agents on the line; least–most: the same within the window
  today        abandoned ÷ people who answered since midnight
  list         dialable: may be called now; closed: outside their hours; waiting: for their next call
  law          abandoned ÷ live calls in the window of the campaign's law
  answer       answered ÷ attempts
  missed       machines that detection took for people and agents had ÷ people by detection whom agents had
  false        people whom detection took for machines and agents had all the same ÷ machines that agents had
  abandoned    no agent in the time of the law; rate: ÷ people who answered; drop: ÷ answered
  in time      connected in the time of the law ÷ connected; 2 s: within two seconds; wait: from the answer to the agent
  idle         how long agents were ready before a talk of the campaign
  of contacts  sales ÷ contacts
  skips        leads that an agent has skipped ÷ (called + skipped), in the mode preview

Example:
  switchhook figures campaign spring --window today --by 30m`,
    people: (all, { given, colour }) => (all.length === 0 ? NOTHING : campaignTables(all, 'by' in given, colour)),
  }),
  form(figuresGateway, {
    help: '\nShare: of all calls over the gateway in the last hour.\n\nExample:\n  switchhook figures gateway carrier',
    people: (causes, { colour }) =>
      causes.length === 0
        ? 'no call of a campaign has ended in the last hour\n'
        : table(
            ['gateway', 'hang-up cause', '>1 min', '>5 min', '>15 min', '>60 min', '>share'],
            causes.map(one => [
              one.gateway ?? '–',
              one.cause ?? '–',
              ...[one.last1m, one.last5m, one.last15m, one.last60m],
              percent(one.share),
            ]),
            colour,
          ),
  }),
]

const NOTHING = 'nothing happened in this window\n'

const began = ({ from }: { readonly from: Date }) => timeOf(from).slice(11, 16)

function queueTable(all: readonly Queue[], byPart: boolean, colour: boolean): string {
  const titles = ['>offered', '>answered', '>abandoned', '>short', '>callbacks', '>level', '>rate', '>wait', '>p90']
  const rows = all.map(one => {
    const { offered, answered, abandoned, shortAbandons, callbacks, serviceLevel, serviceLevelGoal } = one
    const isMissed = serviceLevel !== null && serviceLevelGoal !== null && serviceLevel < serviceLevelGoal
    return [
      one.queue,
      ...(byPart ? [began(one)] : []),
      offered,
      answered,
      abandoned,
      shortAbandons,
      callbacks,
      isMissed ? ({ text: percent(serviceLevel), tone: 'yellow' } as const) : percent(serviceLevel),
      percent(one.abandonRate),
      ago(one.averageWaitMs),
      ago(one.waitP90Ms),
      ...handling(one),
      one.refused,
      one.transfers,
      percent(one.repeatRate),
      percent(one.firstContactRate),
    ]
  })
  const more = ['>refused', '>moved on', '>again', '>once']
  return table(['queue', ...(byPart ? ['from'] : []), ...titles, ...HANDLING, ...more], rows, colour)
}

function agentTable(all: readonly Agent[], byPart: boolean, colour: boolean): string {
  const titles = ['>handled', '>missed', '>refused', '>occupancy', '>utilisation']
  const rows = all.map(one => [
    one.agent,
    ...(byPart ? [began(one)] : []),
    one.handled,
    one.missed,
    one.refused,
    percent(one.occupancy),
    percent(one.utilisation),
    ...handling(one),
    ago(one.readyMs),
    ago(one.breakMs),
    ago(one.breakOverMs),
    ago(one.outMs),
    one.transfers,
  ])
  const times = ['>ready', '>break', '>over', '>out', '>moved on']
  return table(['agent', ...(byPart ? ['from'] : []), ...titles, ...HANDLING, ...times], rows, colour)
}

const HANDLING = ['>handling', '>talk', '>hold', '>wrap-up']
const handling = (one: Queue | Agent) =>
  [one.handlingMs, one.averageTalkMs, one.averageHoldMs, one.averageWrapUpMs].map(ago)

function campaignTables(all: readonly Campaign[], byPart: boolean, colour: boolean): string {
  const tenths = (value: number | null) => (value === null ? '–' : value.toFixed(1))
  const present = all.map(({ campaign, state, now, ratio, today, law }) => [
    campaign,
    state,
    now.dialling,
    now.ringing,
    now.waiting,
    now.talking,
    now.callsPerSecond.toFixed(1),
    now.agentsReady,
    tenths(now.linesPerAgent),
    ratio.lowest === null ? '–' : `${tenths(ratio.lowest)}–${tenths(ratio.highest)}`,
    percent(today.abandonRate),
    `${law.name}: ${percent(law.share)} of ${percent(law.limit)}`,
  ])
  const heads = [
    '>dialling',
    '>ringing',
    '>waiting',
    '>talking',
    '>calls/s',
    '>agents',
    '>lines',
    '>least–most',
    '>today',
  ]
  const past = all.flatMap(({ campaign, parts }) =>
    parts.map(one => [
      campaign,
      ...(byPart ? [began(one)] : []),
      one.attempts,
      percent(one.answerRate),
      one.persons,
      one.machines,
      percent(one.missedMachineRate),
      percent(one.falseMachineRate),
      one.abandoned,
      percent(one.abandonRate),
      percent(one.dropRate),
      percent(one.connectedInTimeRate),
      percent(one.connectedIn2sRate),
      ago(one.averageConnectMs),
      ago(one.averageIdleMs),
      one.contacts,
      one.sales,
      percent(one.saleRate),
    ]),
  )
  const heard = ['>attempts', '>answer', '>people', '>machines', '>missed', '>false', '>abandoned', '>rate', '>drop']
  const more = ['>in time', '>2 s', '>wait', '>idle', '>contacts', '>sales', '>of contacts']
  const lists = all.map(({ campaign, list }) => [
    campaign,
    ...[list.leads, list.dialable, list.claimed, list.outsideHours, list.waiting, list.doNotCall, list.exhausted],
  ])
  const kinds = ['>leads', '>dialable', '>called now', '>closed', '>waiting', '>do not call', '>exhausted']
  const looks = all.flatMap(({ campaign, previews }) =>
    previews.map(({ agent, called, skipped, timedOut, agentLeft, withdrawn, skipRate, averageLookMs }) => [
      ...[campaign, agent, called, skipped, timedOut, agentLeft, withdrawn],
      ...[percent(skipRate), ago(averageLookMs)],
    ]),
  )
  const ends = ['>called', '>skipped', '>timed out', '>left', '>withdrawn', '>skips', '>look']
  const now = [
    table(['campaign', 'now', ...heads, 'law'], present, colour),
    table(['campaign', ...kinds], lists, colour),
  ].join('\n')
  const parts = [
    ...(past.length === 0 ? [] : [table(['campaign', ...(byPart ? ['from'] : []), ...heard, ...more], past, colour)]),
    ...(looks.length === 0 ? [] : [table(['campaign', 'agent', ...ends], looks, colour)]),
  ]
  return parts.length === 0 ? `${now}${NOTHING}` : [now, ...parts].join('\n')
}
