/** `switchhook agent …`: adds, changes, lists and removes agents, and sets their status. */
import type { Command } from 'commander'
import type { Agent, AgentStatus, Tier } from '../../agent/agent.ts'
import type { AgentSettings } from '../../agent/settings.ts'
import type { Roster } from '../../agent/roster.ts'
import { InputError, NotFoundError } from '../../base/errors.ts'
import { endpoint } from '../../esl/safe-text.ts'
import { defineAgent, removeAgent } from '../../recovery/definitions.ts'
import { wordOf } from '../floor.ts'
import { Refusal } from '../exit.ts'
import { table } from '../table.ts'
import type { Desk, DeskStores } from './actions.ts'
import { ago, answer, answers, argument, durationMs, mustBeQueues, type JsonOption } from './output.ts'

interface SettingOptions extends JsonOption {
  readonly endpoint?: string
  readonly queues?: readonly Tier[]
  readonly wrapUp?: number
  readonly ringFor?: number
}

/** The settings of a new agent that are not given. */
const STANDARD = { wrapUpMs: 30_000, ringForMs: 20_000 } as const

const CHOICES = [
  { verb: 'ready', status: 'ready', says: 'takes calls' },
  { verb: 'break', status: 'break', says: 'takes no new calls for a while' },
  { verb: 'out', status: 'logged-out', says: 'is logged out and takes no calls' },
] as const satisfies readonly { verb: string; status: AgentStatus; says: string }[]

export function agentCommands(program: Command, desk: Desk): void {
  const agent = program.command('agent').description('the agents, who answer calls').helpCommand(false)
  addCommand(agent, desk)
  setCommand(agent, desk)
  listCommand(agent, desk)
  for (const choice of CHOICES) statusCommand(agent, choice, desk)
  wrapUpCommand(agent, desk)
  removeCommand(agent, desk)
}

function addCommand(agent: Command, { actions, terminal }: Desk): void {
  withSettings(
    agent
      .command('add')
      .description('adds an agent, or changes the settings of an existing one')
      .argument('<name>')
      .argument('<endpoint>', 'the telephone: user/1001', argument(endpoint)),
  )
    .addHelpText(
      'after',
      `
Durations carry their unit: 500ms, 30s, 2m. A new agent is logged out until \`switchhook agent ready <name>\`.
Settings that are not given stay as they are; in a new agent they are --wrap-up 30s --ring-for 20s.

Examples:
  switchhook agent add alice user/1001 --queues sales,support:2 --wrap-up 15s
  switchhook agent ready alice`,
    )
    .action((name: string, where: string, options: SettingOptions) =>
      actions.withStores(async stores => {
        const known = await stores.roster.get(name, stores.clock.now())
        if (!known && options.queues === undefined)
          throw new InputError('a new agent needs queues: add --queues <names>')
        const added = await define(stores, { queues: [], ...STANDARD, ...known, name, endpoint: where }, options)
        answer(terminal, options, added, () => sayDefined(added, stores.clock.now()))
      }),
    )
}

function setCommand(agent: Command, { actions, terminal }: Desk): void {
  withSettings(
    agent.command('set').description('changes some settings of an agent; the others stay').argument('<name>'),
  )
    .option('--endpoint <endpoint>', 'the telephone: user/1001', argument(endpoint))
    .addHelpText('after', '\nA live call goes on as it is.\n\nExample:\n  switchhook agent set alice --wrap-up 15s')
    .action((name: string, options: SettingOptions) =>
      actions.withStores(async stores => {
        const { roster, clock } = stores
        const known = await agentNamed(roster, name, clock.now())
        const { json: _json, ...given } = options
        if (Object.keys(given).length === 0)
          throw new InputError('nothing to change: give --endpoint, --queues, --wrap-up or --ring-for')
        const changed = await define(stores, known, options)
        answer(terminal, options, changed, () => sayDefined(changed, clock.now()))
      }),
    )
}

function withSettings(command: Command): Command {
  return answers(command)
    .option(
      '--queues <names>',
      'the queues of the agent, separated by commas; sales:2: offered a call after the agents of level 1',
      argument(tiers),
    )
    .option('--wrap-up <duration>', 'wrap-up after each call, 1h at most', durationMs('0s', '1h'))
    .option('--ring-for <duration>', 'how long the telephone rings, 2m at most', durationMs('1s', '2m'))
}

/** Writes the settings `before` with those that are given. */
async function define(
  stores: DeskStores,
  before: AgentSettings,
  { endpoint: where, queues, wrapUp, ringFor }: SettingOptions,
): Promise<Agent> {
  if (queues !== undefined)
    await mustBeQueues(
      stores.queueStore,
      queues.map(tier => tier.queue),
    )
  return defineAgent(
    stores,
    {
      name: before.name,
      endpoint: where ?? before.endpoint,
      wrapUpMs: wrapUp ?? before.wrapUpMs,
      ringForMs: ringFor ?? before.ringForMs,
      queues: queues ?? before.queues,
    },
    stores.clock.now(),
  )
}

function sayDefined(agent: Agent, now: number): string {
  const queues = agent.queues.map(tier => tier.queue).join(', ')
  return `agent ${agent.name} answers ${queues} at ${agent.endpoint} and is ${wordOf(agent, now)} now\n`
}

/** Parses 'sales,support:2' into the queues of an agent and the agent's level in each. Throws InputError. */
function tiers(text: string): Tier[] {
  const found = text.split(',').map(part => {
    const [, queue = '', level = '1'] = /^\s*([^:]+?)\s*(?::([1-9]\d{0,2}))?\s*$/.exec(part) ?? []
    if (queue === '')
      throw new InputError(
        `'${part}' is not a queue; allowed: names separated by commas, each with a level 1 to 999 after a colon`,
      )
    return { queue, level: Number(level), position: 1 }
  })
  const twice = found.find((tier, index) => found.findIndex(other => other.queue === tier.queue) !== index)
  if (twice) throw new InputError(`the queue ${twice.queue} is named twice`)
  return found
}

function listCommand(agent: Command, { actions, terminal }: Desk): void {
  answers(agent.command('list').description('all agents, and what each is doing')).action((options: JsonOption) =>
    actions.withRedis(async ({ roster, clock }) => {
      const now = clock.now()
      const agents = await roster.list(now)
      answer(terminal, options, agents, () => sayAll(agents, now, terminal.colour))
    }),
  )
}

function sayAll(agents: readonly Agent[], now: number, colour: boolean): string {
  if (agents.length === 0) return 'there is no agent yet: switchhook agent add <name> <endpoint> --queues <queue>\n'
  const row = (one: Agent) => {
    const word = wordOf(one, now)
    const tone = word === 'ready' ? 'green' : word === 'out' || word === 'break' ? 'dim' : 'yellow'
    const queues = one.queues.map(({ queue, level }) => (level === 1 ? queue : `${queue}:${level}`)).join(',')
    return [
      one.name,
      { text: word, tone },
      word === 'resting' || word === 'unreachable'
        ? `${ago(one.restUntil - now)} left`
        : one.state === 'idle'
          ? '–'
          : ago(now - one.stateSince),
      one.reason ?? '–',
      one.nailed ? 'yes' : 'no',
      one.endpoint,
      queues,
    ] as const
  }
  return table(['agent', 'state', '>for', 'reason', 'on line', 'endpoint', 'queues'], agents.map(row), colour)
}

function statusCommand(
  agent: Command,
  { verb, status, says }: (typeof CHOICES)[number],
  { actions, terminal }: Desk,
): void {
  answers(agent.command(verb).description(says).argument('<name>').argument('[reason]')).action(
    (name: string, reason: string | undefined, options: JsonOption) =>
      actions.withRedis(async ({ roster, clock }) => {
        const changed = await roster.setStatus(name, status, clock.now(), reason)
        // a conversation goes on after the change of status: this tells what the agent does, not the status
        const still = changed.state === 'idle' ? '' : ` (still ${wordOf(changed, clock.now())})`
        answer(terminal, options, changed, () => `agent ${name}: ${says}${still}\n`)
      }),
  )
}

function wrapUpCommand(agent: Command, { actions, terminal }: Desk): void {
  answers(
    agent.command('wrap-up').description('ends the wrap-up of an agent now, or makes it longer').argument('<name>'),
  )
    .option('--extend <duration>', 'so much longer, 1h at most (default: the wrap-up ends now)', durationMs('1s', '1h'))
    .action((name: string, { extend, ...options }: JsonOption & { extend?: number }) =>
      actions.withRedis(async ({ roster, clock }) => {
        const now = clock.now()
        const before = await agentNamed(roster, name, now)
        const done =
          extend === undefined ? await roster.finishWrapUp(name, now) : await roster.extendWrapUp(name, extend, now)
        if (!done) throw new Refusal(`agent ${name} is not in wrap-up, but ${wordOf(before, now)}`)
        const after = await agentNamed(roster, name, now)
        const until = after.wrapUpUntil
        answer(terminal, options, after, () =>
          typeof until === 'number'
            ? `agent ${name} is in wrap-up, for ${ago(until - now)} more\n`
            : `agent ${name} is ${wordOf(after, now)} now\n`,
        )
      }),
    )
}

async function agentNamed(roster: Roster, name: string, now: number): Promise<Agent> {
  const found = await roster.get(name, now)
  if (found) return found
  const known = (await roster.list(now)).map(one => one.name)
  throw new NotFoundError('agent', name, known)
}

function removeCommand(agent: Command, { actions, terminal }: Desk): void {
  answers(agent.command('remove').description('removes an agent; a live call goes on').argument('<name>')).action(
    (name: string, options: JsonOption) =>
      actions.withStores(async stores => {
        await removeAgent(stores, name, stores.clock.now())
        answer(terminal, options, { agent: name, removed: true }, () => `agent ${name} was removed\n`)
      }),
  )
}
