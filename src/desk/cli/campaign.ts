/** How people read the answers of the operations of campaigns. */
import { sayEach } from '../../base/settings.ts'
import { CALL_SETTINGS } from '../../campaign/call-settings.ts'
import { faultText } from '../../campaign/import.ts'
import campaignAdd from '../../operations/campaign/add.ts'
import campaignCreate from '../../operations/campaign/create.ts'
import campaignExport from '../../operations/campaign/export.ts'
import campaignList from '../../operations/campaign/list.ts'
import campaignRemove from '../../operations/campaign/remove.ts'
import campaignSet from '../../operations/campaign/set.ts'
import campaignShow from '../../operations/campaign/show.ts'
import { campaignPause, campaignStart, campaignStop } from '../../operations/campaign/state.ts'
import { sayCallerId } from '../../campaign/caller-ids.ts'
import { sayWay } from '../../campaign/ways.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { percent } from '../percent.ts'
import { pairs, table } from '../table.ts'
import { campaignAnswersForm } from './campaign-answers.ts'
import { campaignStatusForm } from './campaign-status.ts'
import { complianceForm } from './compliance.ts'
import { leadsForm, sayAdded, sayRejected } from './leads.ts'
import { form } from './operations.ts'
import { whyCampaignForm } from './why-campaign.ts'
import { timeOf } from './output.ts'

type Figures = OutputOf<typeof campaignList>[number]
type Campaign = OutputOf<typeof campaignShow>

export const campaignForms = [
  form(campaignAdd, {
    help: `
A new campaign needs --queue. Lines that cannot be used are written to <file.csv>.rejected.csv with the reason; the
others are added. When no line can be used, no campaign is created. Numbers that the campaign already has, and numbers
that opted out, are skipped and counted. Numbers without a country code need --country, or the setting COUNTRY.
docs/leads.md tells which files are read, and what is refused.

Examples:
  switchhook campaign add spring --leads spring.csv --queue sales --country DE
  switchhook campaign add spring --leads more.csv
  switchhook campaign start spring`,
    notes: ({ firstFaults }) => firstFaults.map(fault => `${fault.file}, ${faultText(fault)}`),
    people: sayImport,
  }),
  form(campaignCreate, {
    help: `
Leads follow with \`switchhook lead add\`, or from a file with \`switchhook campaign add\`. Programs create campaigns with
their lists by a job: docs/jobs.md.

Examples:
  switchhook campaign create spring --queue sales
  switchhook campaign create spring --queue sales --leads +493012345,+493012346`,
    notes: sayRejected,
    people: sayAdded,
  }),
  form(campaignSet, {
    help: '\nA running campaign dials with the new settings at once; live calls go on as they are.\n\nExample:\n  switchhook campaign set spring --max-lines 10',
    people: (campaign, { colour }) => sayOne(campaign, colour),
  }),
  ...[campaignStart, campaignPause, campaignStop].map(state => form(state, { notes: sayHours, people: sayState })),
  form(campaignRemove, { people: ({ name }) => `campaign ${name} was removed\n` }),
  leadsForm,
  form(campaignExport, {
    help: `
The file has the columns of the lists, and what came of each lead. It can be imported again.

Example:
  switchhook campaign export spring --file result.csv`,
    people: ({ campaign, file, leads }) => `campaign ${campaign}: ${leads} leads written to ${file}\n`,
  }),
  complianceForm,
  form(campaignList, { people: (all, { colour }) => sayAll(all, colour) }),
  campaignStatusForm,
  campaignAnswersForm,
  whyCampaignForm,
  form(campaignShow, { people: (campaign, { colour }) => sayOne(campaign, colour) }),
]

function sayHours({ campaign, state, callsAtAnyHour }: OutputOf<typeof campaignStart>): string[] {
  return state === 'running' && callsAtAnyHour
    ? [
        `people are called at any hour of the day: set the law (switchhook campaign set ${campaign} --rules us) or --hours; docs/calling-rules.md`,
      ]
    : []
}

function sayState({ campaign, state, queue, agentsReady }: OutputOf<typeof campaignStart>): string {
  const nobody =
    state === 'running' && agentsReady === 0
      ? `no agent of the queue ${queue} is ready: nobody is dialled until \`switchhook agent ready <name>\`\n`
      : ''
  return `campaign ${campaign} is ${state}\n${nobody}`
}

function sayImport({
  campaign,
  state,
  read,
  added,
  duplicates,
  optedOut,
  rejected,
  rejectFile,
  encoding,
}: OutputOf<typeof campaignAdd>): string {
  const parts = [
    `${added} added`,
    `${duplicates} already there`,
    `${optedOut} opted out`,
    `${rejected} rejected${rejectFile ? ` (see ${rejectFile})` : ''}`,
  ]
  const readAs = encoding === 'utf-8' ? '' : `, as ${encoding}`
  return `campaign ${campaign} (${state}): ${read} lines read${readAs}, ${parts.join(', ')}\n`
}

function sayAll(all: readonly Figures[], colour: boolean): string {
  if (all.length === 0)
    return 'there is no campaign yet: switchhook campaign add <name> --leads <file.csv> --queue <queue>\n'
  const titles = ['campaign', 'state', '>dialled', '>answered', '>talked', '>abandoned', '>rate', '>left', '>leads']
  const row = (one: Figures) => [
    one.name,
    one.state,
    one.dialled,
    one.answered,
    one.talked,
    one.abandoned,
    percent(one.abandonRate),
    one.left,
    one.leads,
  ]
  return table(titles, all.map(row), colour)
}

function outgoing({ gateway, callerId, ...campaign }: Campaign): [string, string][] {
  const { gateways, callerIds, callerIdRotation, gatewayWhy } = campaign
  const over = gateways.length > 0 ? `gateways ${gateways.map(sayWay).join(', ')}` : `gateway ${gateway ?? '(GATEWAY)'}`
  const usual = callerId ?? '(CALLER_ID)'
  const turns = `${callerIds.map(sayCallerId).join(', ')} by ${callerIdRotation}, else ${usual}`
  const waits = campaign.state === 'running' && gatewayWhy !== null
  return [
    ['outgoing calls', `${over}, caller id ${callerIds.length > 0 ? turns : usual}`],
    ...(waits ? [['no more calls', gatewayWhy.words] as [string, string]] : []),
  ]
}

/** The settings of its calls that were given; the others have their default. */
function callsOf({ calls }: Campaign): string {
  const given = sayEach(CALL_SETTINGS, calls).filter(one => one.given)
  return given.map(({ name, value }) => `${name} ${value}`).join(', ') || 'all settings have their default'
}

function sayOne(campaign: Campaign, colour: boolean): string {
  const { rules, rulesVersion, hours, timeZone, holidays, numberLimits, otherNumbers, retry, order, callbackWait } =
    campaign
  const { mode, flow, queue, maxLines, cps, maxAttempts, startedAt, endedAt, law } = campaign
  const settings = pairs(
    [
      ['campaign', { text: campaign.name, tone: 'bold' }],
      ['state', campaign.state],
      ['mode', mode],
      ['queue, flow', `${queue}, ${flow}`],
      ['limits', `${maxLines} lines, ${cps} calls per second, ${maxAttempts} attempts`],
      ['law', `${law.name} (switchhook compliance ${campaign.name})`],
      ...outgoing(campaign),
      ['country of numbers', campaign.country ?? '(COUNTRY)'],
      ['rules', rulesVersion === null ? `${rules}: no hours by law` : `${rules} of ${rulesVersion}`],
      ['hours', `${hours}, by the clock of the lead (if unknown, of ${timeZone})`],
      ['holidays', holidays],
      ['calls to one number', numberLimits],
      ['other numbers', otherNumbers],
      ['retry', retry],
      ['order', `${order}, callbacks first; an agent's own callback waits ${callbackWait} for the agent`],
      ['calls', callsOf(campaign)],
      ['dialled on', campaign.switches ?? 'nothing yet'],
      ['started, ended', `${timeOf(startedAt)}, ${timeOf(endedAt)}`],
      ['leads', `${campaign.leads}, of them ${campaign.left} left`],
      ['dialled', `${campaign.dialled}, of them ${campaign.underWay} under way`],
      ['answered', `${campaign.answered}, of them ${campaign.people} people`],
      ['talked', campaign.talked],
      ['abandoned', `${campaign.abandoned} (${percent(campaign.abandonRate)} of the people)`],
    ],
    colour,
  )
  const counted = [
    [['ended', '>attempts'], campaign.ends],
    [['preview', '>leads'], campaign.previews],
  ] as const
  const tables = counted.flatMap(([titles, counts]) =>
    Object.keys(counts).length === 0 ? [] : [table(titles, Object.entries(counts), colour)],
  )
  return [settings, ...tables].join('\n')
}
