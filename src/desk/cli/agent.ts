/** `switchhook agent …`: adds, lists and removes agents, and sets their status. */
import { Option, type Command } from 'commander'
import type { Agent, AgentStatus, Tier } from '../../agent/agent.ts'
import { InputError } from '../../base/errors.ts'
import { endpoint } from '../../esl/safe-text.ts'
import { defineAgent, removeAgent } from '../../recovery/definitions.ts'
import { wordOf } from '../floor.ts'
import { table } from '../table.ts'
import type { Desk } from './actions.ts'
import { ago, answer, answers, argument, durationMs, mustBeQueues, type JsonOption } from './output.ts'

interface AddOptions extends JsonOption {
  readonly queues: readonly Tier[]
  readonly wrapUp: number
  readonly ringFor: number
}

const CHOICES = [
  { verb: 'ready', status: 'ready', says: 'takes calls' },
  { verb: 'break', status: 'break', says: 'takes no new calls for a while' },
  { verb: 'out', status: 'logged-out', says: 'is logged out and takes no calls' },
] as const satisfies readonly { verb: string; status: AgentStatus; says: string }[]

export function agentCommands(program: Command, desk: Desk): void {
  const agent = program.command('agent').description('the agents, who answer calls').helpCommand(false)
  addCommand(agent, desk)
  listCommand(agent, desk)
  for (const choice of CHOICES) statusCommand(agent, choice, desk)
  removeCommand(agent, desk)
}

function addCommand(agent: Command, { actions, terminal }: Desk): void {
  answers(
    agent
      .command('add')
      .description('adds an agent, or changes the settings of an existing one')
      .argument('<name>')
      .argument('<endpoint>', 'the telephone: user/1001', argument(endpoint)),
  )
    .requiredOption(
      '--queues <names>',
      'the queues of the agent, separated by commas; sales:2: offered a call after the agents of level 1',
      argument(tiers),
    )
    .addOption(
      new Option('--wrap-up <duration>', 'wrap-up after each call, 1h at most')
        .argParser(durationMs('0s', '1h'))
        .default(30_000, '30s'),
    )
    .addOption(
      new Option('--ring-for <duration>', 'how long the telephone rings, 2m at most')
        .argParser(durationMs('1s', '2m'))
        .default(20_000, '20s'),
    )
    .addHelpText(
      'after',
      `
Durations carry their unit: 500ms, 30s, 2m. A new agent is logged out until \`switchhook agent ready <name>\`.

Examples:
  switchhook agent add alice user/1001 --queues sales,support:2 --wrap-up 15s
  switchhook agent ready alice`,
    )
    .action((name: string, where: string, { queues, wrapUp, ringFor, ...options }: AddOptions) =>
      actions.withStores(async stores => {
        const { queueStore, clock } = stores
        await mustBeQueues(
          queueStore,
          queues.map(tier => tier.queue),
        )
        const added = await defineAgent(
          stores,
          { name, endpoint: where, wrapUpMs: wrapUp, ringForMs: ringFor, queues },
          clock.now(),
        )
        answer(
          terminal,
          options,
          added,
          () =>
            `agent ${name} answers ${queues.map(tier => tier.queue).join(', ')} at ${where} and is ${wordOf(added, clock.now())} now\n`,
        )
      }),
    )
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

function removeCommand(agent: Command, { actions, terminal }: Desk): void {
  answers(agent.command('remove').description('removes an agent; a live call goes on').argument('<name>')).action(
    (name: string, options: JsonOption) =>
      actions.withStores(async stores => {
        await removeAgent(stores, name, stores.clock.now())
        answer(terminal, options, { agent: name, removed: true }, () => `agent ${name} was removed\n`)
      }),
  )
}
