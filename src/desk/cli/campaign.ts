/**
 * `switchhook campaign …`: creates campaigns from lists of leads, changes, starts, pauses, stops and removes them,
 * and shows their figures.
 */
import type { Command } from 'commander'
import { InputError } from '../../base/errors.ts'
import { COMMANDS, type Campaign, type CampaignCommand } from '../../campaign/campaign.ts'
import { faultText, type ImportSummary } from '../../campaign/import.ts'
import {
  commandCampaign,
  defineCampaign,
  deleteCampaign,
  findCampaign,
  importCampaign,
} from '../../campaign/campaign-commands.ts'
import { kindOf } from '../../flow/define.ts'
import { loadFlows } from '../../flow/catalogue.ts'
import { campaignNamed, campaigns, type CampaignSettings } from '../../store/campaigns.ts'
import { campaignFigures, percent, type CampaignFigures } from '../campaign-figures.ts'
import { pairs, table } from '../table.ts'
import type { DatabaseStores, Desk, DeskStores } from './actions.ts'
import { leadsCommand } from './leads.ts'
import { answer, answers, mustBeQueues, refuse, timeOf, wholeNumber, type JsonOption } from './output.ts'

interface SettingOptions extends JsonOption {
  readonly queue?: string
  readonly flow?: string
  readonly callerId?: string
  readonly maxLines?: number
  readonly cps?: number
}

interface AddOptions extends SettingOptions {
  readonly leads: string
  readonly phoneColumn?: string
}

export function campaignCommands(program: Command, desk: Desk): void {
  const campaign = program.command('campaign').description('lists of people to call').helpCommand(false)
  addCommand(campaign, desk)
  setCommand(campaign, desk)
  for (const command of Object.keys(COMMANDS) as CampaignCommand[]) steerCommand(campaign, command, desk)
  removeCommand(campaign, desk)
  leadsCommand(campaign, desk)
  answers(
    campaign.command('status').description('the figures of all campaigns, or of one in full').argument('[name]'),
  ).action((name: string | undefined, options: JsonOption) =>
    desk.actions.withDatabase(stores => status(stores, desk, name, options)),
  )
}

function addCommand(campaign: Command, { actions, terminal }: Desk): void {
  withSettings(
    campaign
      .command('add')
      .description('creates a campaign from a CSV file, or adds the leads of the file to an existing one')
      .argument('<name>')
      .requiredOption('--leads <file.csv>', 'the first line names the columns; one of them holds the numbers'),
  )
    .option('--phone-column <name>', 'the column with the numbers, if its name is not phone, number, mobile or similar')
    .addHelpText(
      'after',
      `
A new campaign needs --queue. Lines that cannot be used are written to <file.csv>.rejected.csv with the reason; the
others are added. When no line can be used, no campaign is created. Numbers that the campaign already has, and numbers
that opted out, are skipped and counted.

Examples:
  switchhook campaign add spring --leads spring.csv --queue sales
  switchhook campaign add spring --leads more.csv
  switchhook campaign start spring`,
    )
    .action((name: string, options: AddOptions) =>
      actions.withStores(async stores => {
        const isNew = (await campaignNamed(stores.sql, name)) === null
        if (isNew && options.queue === undefined)
          throw new InputError(`a new campaign needs a queue: add --queue <queue>`)
        await mustBeUsable(stores, isNew ? { flow: 'campaign-leg', ...options } : options)
        const { leads: file, phoneColumn: column } = options
        const list = { file, column, now: stores.clock.now() }
        const { campaign: made, summary } = await importCampaign(stores, { name, ...givenOf(options) }, list)
        for (const fault of summary.firstFaults) terminal.err(`${file}, ${faultText(fault)}\n`)
        answer(terminal, options, { campaign: made.name, state: made.state, ...summary }, () =>
          sayImport(made, summary),
        )
      }),
    )
}

function setCommand(campaign: Command, { actions, terminal }: Desk): void {
  withSettings(
    campaign.command('set').description('changes some settings of a campaign; the others stay').argument('<name>'),
  )
    .addHelpText(
      'after',
      '\nA running campaign dials with the new settings at once; live calls go on as they are.\n\nExample:\n  switchhook campaign set spring --max-lines 10',
    )
    .action((name: string, options: SettingOptions) =>
      actions.withStores(async stores => {
        await findCampaign(stores.sql, name)
        const given = givenOf(options)
        if (Object.keys(given).length === 0)
          throw new InputError('nothing to change: give --queue, --flow, --caller-id, --max-lines or --cps')
        await mustBeUsable(stores, options)
        const after = await defineCampaign(stores, { name, ...given })
        const figures = await campaignFigures(stores.sql, after)
        answer(terminal, options, { ...after, ...figures }, () => sayOne(after, figures, terminal.colour))
      }),
    )
}

function withSettings(command: Command): Command {
  return answers(command)
    .option('--queue <queue>', 'its agents talk with the people who answer')
    .option('--flow <flow>', 'the flow of answered calls (in a new campaign: campaign-leg)')
    .option('--caller-id <number>', 'the number that called people see (in a new campaign: CALLER_ID)')
    .option('--max-lines <n>', 'lines in use at one time (in a new campaign: 30)', wholeNumber(1, 10_000))
    .option('--cps <n>', 'calls started per second (in a new campaign: 5)', Number)
}

const givenOf = ({ queue, flow, callerId, maxLines, cps }: SettingOptions): Partial<CampaignSettings> =>
  Object.fromEntries(
    Object.entries({ queue, flow, callerId, maxLines, cps }).filter(([, value]) => value !== undefined),
  )

async function mustBeUsable(stores: DeskStores, { queue, flow }: SettingOptions): Promise<void> {
  if (queue !== undefined) await mustBeQueues(stores.queueStore, [queue])
  if (flow !== undefined) await mustBeCampaignFlow(stores.scripts, flow)
}

/**
 * Throws NotFoundError with the known flows, or InputError for a flow of another kind: now, not when the first lead has
 * answered.
 */
async function mustBeCampaignFlow(scripts: string, name: string): Promise<void> {
  const flows = await loadFlows(scripts)
  if (kindOf(flows.get(name)) !== 'campaign')
    throw new InputError(
      `the flow '${name}' is not a campaignFlow: use one that returns a disposition, such as campaign-leg`,
    )
}

function steerCommand(campaign: Command, command: CampaignCommand, { actions, terminal }: Desk): void {
  const says = {
    start: 'starts dialling, or resumes it',
    pause: 'stops dialling until the next start; calls go on',
    stop: 'ends the campaign; calls go on',
  }
  answers(campaign.command(command).description(says[command]).argument('<name>')).action(
    (name: string, options: JsonOption) =>
      actions.withStores(async stores => {
        const after = await commandCampaign(stores, name, command, stores.clock.now()).catch(refuse)
        const agents = after.state === 'running' ? await stores.roster.list(stores.clock.now()) : null
        const isStaffed = agents?.some(one => one.status === 'ready' && one.queues.some(of => of.queue === after.queue))
        answer(
          terminal,
          options,
          { campaign: after.name, state: after.state },
          () =>
            `campaign ${after.name} is ${after.state}\n` +
            (isStaffed === false
              ? `no agent of the queue ${after.queue} is ready: nobody is dialled until \`switchhook agent ready <name>\`\n`
              : ''),
        )
      }),
  )
}

function removeCommand(campaign: Command, { actions, terminal }: Desk): void {
  answers(
    campaign
      .command('remove')
      .description('deletes a campaign with its leads, when it does not run; the records of its calls stay')
      .argument('<name>'),
  ).action((name: string, options: JsonOption) =>
    actions.withStores(async stores => {
      await deleteCampaign(stores, name).catch(refuse)
      answer(terminal, options, { campaign: name, removed: true }, () => `campaign ${name} was removed\n`)
    }),
  )
}

async function status(
  stores: DatabaseStores,
  { terminal }: Desk,
  name: string | undefined,
  options: JsonOption,
): Promise<void> {
  if (name === undefined) {
    const all = await Promise.all((await campaigns(stores.sql)).map(campaign => campaignFigures(stores.sql, campaign)))
    return answer(terminal, options, all, () => sayAll(all, terminal.colour))
  }
  const campaign = await findCampaign(stores.sql, name)
  const figures = await campaignFigures(stores.sql, campaign)
  answer(terminal, options, { ...campaign, ...figures }, () => sayOne(campaign, figures, terminal.colour))
}

function sayImport(
  { name, state }: Campaign,
  { read, added, duplicates, optedOut, rejected, rejectFile }: ImportSummary,
): string {
  const parts = [
    `${added} added`,
    `${duplicates} already there`,
    `${optedOut} opted out`,
    `${rejected} rejected${rejectFile ? ` (see ${rejectFile})` : ''}`,
  ]
  return `campaign ${name} (${state}): ${read} lines read, ${parts.join(', ')}\n`
}

function sayAll(all: readonly CampaignFigures[], colour: boolean): string {
  if (all.length === 0)
    return 'there is no campaign yet: switchhook campaign add <name> --leads <file.csv> --queue <queue>\n'
  const titles = ['campaign', 'state', '>dialled', '>answered', '>talked', '>abandoned', '>rate', '>left', '>leads']
  const row = (one: CampaignFigures) => [
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

function sayOne(campaign: Campaign, figures: CampaignFigures, colour: boolean): string {
  const { flow, queue, maxLines, cps, maxAttempts, gateway, callerId, startedAt, endedAt } = campaign
  const settings = pairs(
    [
      ['campaign', { text: campaign.name, tone: 'bold' }],
      ['state', campaign.state],
      ['queue, flow', `${queue}, ${flow}`],
      ['limits', `${maxLines} lines, ${cps} calls per second, ${maxAttempts} attempts`],
      ['outgoing calls', `gateway ${gateway ?? '(GATEWAY)'}, caller id ${callerId ?? '(CALLER_ID)'}`],
      ['dialled on', campaign.switches ?? 'nothing yet'],
      ['started, ended', `${timeOf(startedAt)}, ${timeOf(endedAt)}`],
      ['leads', `${figures.leads}, of them ${figures.left} left`],
      ['dialled', `${figures.dialled}, of them ${figures.underWay} under way`],
      ['answered', `${figures.answered}, of them ${figures.people} people`],
      ['talked', figures.talked],
      ['abandoned', `${figures.abandoned} (${percent(figures.abandonRate)} of the people)`],
    ],
    colour,
  )
  const ends = Object.entries(figures.ends)
  return ends.length === 0 ? settings : `${settings}\n${table(['ended', '>attempts'], ends, colour)}`
}
