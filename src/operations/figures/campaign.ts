import { z } from 'zod'
import { takesLeadsOf } from '../../agent/settings.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import type { Campaign } from '../../campaign/campaign.ts'
import { meaningOf, type Flag } from '../../campaign/disposition.ts'
import { listNow } from '../../campaign/list-now.ts'
import { budget } from '../../campaign/law/budget.ts'
import { policyOf } from '../../campaign/law/laws.ts'
import { storedWord } from '../../campaign/own-dispositions.ts'
import { staffNow } from '../../campaign/staff-now.ts'
import { answeredSums } from '../../store/answered-calls.ts'
import { campaignNow, campaignSums, type CampaignSums } from '../../store/campaign-sums.ts'
import { campaigns } from '../../store/campaigns.ts'
import { ownDispositions, type OwnDispositionRow } from '../../store/dispositions.ts'
import { dialRatio } from '../../store/dial-ratio.ts'
import type { Window } from '../../store/figure-window.ts'
import { previewSums } from '../../store/previews.ts'
import { listShape, shownList } from '../campaign/list-shape.ts'
import { nameOf } from '../fields.ts'
import { operation, type Immutable, type StoreParts } from '../operation.ts'
import { mean, partOf, share, windowFields, windowOf } from './window.ts'

const HOUR_MS = 3_600_000
const count = z.number()
const lasted = z.number().nullable()
const rate = z.number().nullable()

/** Rates from 0 to 1 and times in milliseconds; null: there is nothing of which to compute it. docs/figures.md. */
const partShape = z.object({
  from: z.date(),
  to: z.date(),
  attempts: count,
  refused: count,
  answered: count,
  answerRate: rate,
  persons: count,
  machines: count,
  unknown: count,
  missedMachines: count,
  missedMachineRate: rate,
  falseMachines: count,
  falseMachineRate: rate,
  people: count,
  abandoned: count,
  abandonRate: rate,
  dropRate: rate,
  connected: count,
  connectedInTime: count,
  connectedInTimeRate: rate,
  connectedIn2s: count,
  connectedIn2sRate: rate,
  averageConnectMs: lasted,
  averageIdleMs: lasted,
  contacts: count,
  sales: count,
  saleRate: rate,
  notInterested: count,
  callbacks: count,
  optOuts: count,
  completed: count,
  /** Attempts by what came of them. */
  dispositions: z.record(z.string(), z.number()),
  /** The same ÷ the hours of this part, as far as they have passed. */
  dispositionsPerHour: z.record(z.string(), z.number()),
})

const campaignFigures = z.object({
  campaign: z.string(),
  state: z.enum(['draft', 'running', 'paused', 'stopped', 'done']),
  mode: z.string(),
  /** At this moment. */
  now: z.object({
    dialling: count,
    ringing: count,
    waiting: count,
    talking: count,
    callsPerSecond: z.number(),
    agentsReady: count,
    linesPerAgent: rate,
  }),
  /** linesPerAgent in the window, looked at in even steps; null: nobody was ready at any of them. */
  ratio: z.object({ lowest: rate, highest: rate }),
  /** Since midnight, whatever the window is. */
  today: z.object({ people: count, abandoned: count, abandonRate: rate }),
  list: listShape,
  /** In the window of the campaign's law that holds now. */
  law: z.object({
    name: z.string(),
    from: z.date(),
    to: z.date(),
    live: count,
    abandoned: count,
    share: rate,
    limit: z.number(),
  }),
  parts: z.array(partShape),
  /** In the mode preview, over the whole window: one for each agent who looked at leads. */
  previews: z.array(
    z.object({
      agent: z.string(),
      called: count,
      skipped: count,
      timedOut: count,
      agentLeft: count,
      withdrawn: count,
      skipRate: rate,
      averageLookMs: lasted,
    }),
  ),
})

export default operation({
  name: 'figures.campaign',
  summary:
    'what came of the calls of each campaign: answers, detection, abandoned calls, contacts, sales, and what goes on',
  needs: 'stores',
  role: 'reader',
  positional: ['campaign'],
  input: z.strictObject({ campaign: nameOf('campaign').optional(), ...windowFields }),
  output: z.array(campaignFigures),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run(parts, { campaign, ...asked }) {
    const window = windowOf(asked, parts.clock.now())
    const { sql } = parts
    const all = campaign === undefined ? await campaigns(sql) : [await findCampaign(sql, campaign)]
    return Promise.all(all.map(one => figuresOf(parts, one, window)))
  },
})

async function figuresOf(
  { sql, roster }: StoreParts,
  campaign: Campaign,
  window: Window,
): Promise<Immutable<z.input<typeof campaignFigures>>> {
  const { id, name, state, mode, queue, law } = campaign
  const policy = policyOf(law)
  const { now } = window
  const agents = (await roster.list(now)).filter(agent => takesLeadsOf(agent, queue))
  const today = windowOf({ window: { day: 'today' } }, now)
  const [sums, present, spent, own, looks, ratio, list, day] = await Promise.all([
    campaignSums(sql, id, window, policy),
    campaignNow(sql, id, now),
    budget(sql, campaign, policy, now),
    ownDispositions(sql, id),
    previewSums(sql, id, window),
    dialRatio(
      sql,
      id,
      agents.map(({ name: agent }) => agent),
      window,
    ),
    listNow(sql, campaign, now),
    answeredSums(sql, id, today),
  ])
  const { free, withCall } = staffNow(agents, queue, now)
  const ready = free + withCall
  const people = day.served + day.abandoned
  const { dialling, ringing, waiting, talking, sentLastMinute } = present
  const { windowStart, windowEnd, live, abandoned, share: part, limit } = spent
  return {
    campaign: name,
    state,
    mode,
    now: {
      dialling,
      ringing,
      waiting,
      talking,
      callsPerSecond: sentLastMinute / 60,
      agentsReady: ready,
      linesPerAgent: share(dialling + ringing + waiting, ready),
    },
    ratio,
    today: { people, abandoned: day.abandoned, abandonRate: share(day.abandoned, people) },
    list: shownList(list),
    law: { name: law.name, from: new Date(windowStart), to: new Date(windowEnd), live, abandoned, share: part, limit },
    parts: sums.map(one => {
      const interval = partOf(window, one.part)
      const hours = (interval.to.getTime() - interval.from.getTime()) / HOUR_MS
      return { ...interval, ...partFigures(one, own, hours) }
    }),
    previews: looks.map(({ lookMs, ...one }) => ({
      ...one,
      skipRate: share(one.skipped, one.called + one.skipped),
      averageLookMs: mean(lookMs, one.called + one.skipped),
    })),
  }
}

function partFigures(
  { part: _part, connectMs, checked, checkedMachines, idleMs, idles, ...sums }: CampaignSums,
  own: readonly OwnDispositionRow[],
  hours: number,
): Omit<z.input<typeof partShape>, 'from' | 'to'> {
  const { attempts, answered, people, abandoned, connected, connectedInTime, dispositions } = sums
  const withFlag = (flag: Flag) =>
    Object.entries(dispositions).reduce(
      (sum, [name, n]) => (meaningOf(storedWord(name, own).as).is.includes(flag) ? sum + n : sum),
      0,
    )
  const [contacts, sales] = [withFlag('contact'), withFlag('sale')]
  return {
    ...sums,
    dispositions: { ...dispositions },
    dispositionsPerHour: Object.fromEntries(Object.entries(dispositions).map(([word, n]) => [word, n / hours])),
    answerRate: share(answered, attempts),
    missedMachineRate: share(sums.missedMachines, checked),
    falseMachineRate: share(sums.falseMachines, checkedMachines),
    connectedIn2sRate: share(sums.connectedIn2s, connected),
    abandonRate: share(abandoned, people),
    dropRate: share(abandoned, answered),
    connectedInTimeRate: share(connectedInTime, connected),
    averageConnectMs: mean(connectMs, connected),
    averageIdleMs: mean(idleMs, idles),
    contacts,
    sales,
    saleRate: share(sales, contacts),
    notInterested: withFlag('not-interested'),
    callbacks: withFlag('callback'),
    optOuts: withFlag('dnc'),
    completed: withFlag('completed'),
  }
}
