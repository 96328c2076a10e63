/** `switchhook queue …`: creates and removes queues, and lists them and their callbacks. */
import type { Command } from 'commander'
import { defineQueue, removeQueue } from '../../recovery/definitions.ts'
import { STRATEGIES } from '../../queue/store.ts'
import { AGENT_WORDS, queueFigures, type QueueFigures } from '../floor.ts'
import { table } from '../table.ts'
import type { Desk } from './actions.ts'
import { ago, answer, answers, mustBeQueues, refuse, type JsonOption } from './output.ts'

export function queueCommands(program: Command, desk: Desk): void {
  const { actions, terminal } = desk
  const queue = program.command('queue').description('the queues, in which callers wait').helpCommand(false)
  answers(queue.command('add').description('creates a queue; has no effect when it exists').argument('<name>')).action(
    (name: string, options: JsonOption) =>
      actions.withStores(async stores => {
        const settings = { name, strategy: STRATEGIES[0] }
        await defineQueue(stores, settings, stores.clock.now())
        answer(terminal, options, settings, () => `queue ${name} exists (${settings.strategy})\n`)
      }),
  )
  answers(queue.command('list').description('the callers, waiting times and agents of each queue'))
    .addHelpText(
      'after',
      '\nEntered, answered, abandoned, callback and left count since the creation of the queue. Offered callers count as waiting.',
    )
    .action((options: JsonOption) =>
      actions.withRedis(async ({ roster, queueStore, clock }) => {
        const queues = await queueFigures({ roster, queueStore }, clock.now())
        answer(terminal, options, queues, () => sayAll(queues, terminal.colour))
      }),
    )
  answers(
    queue
      .command('callbacks')
      .description('the callbacks that callers were promised in the last 30 days, oldest first')
      .argument('<name>'),
  ).action((name: string, options: JsonOption) =>
    actions.withRedis(async ({ queueStore, clock }) => {
      await mustBeQueues(queueStore, [name])
      const kept = await queueStore.callbacks(name)
      const rows = kept.map(({ number, keptAt, call }) => [number, ago(clock.now() - keptAt), call])
      answer(terminal, options, kept, () =>
        kept.length === 0
          ? 'nobody waits for a callback\n'
          : table(['number', '>promised', 'call'], rows, terminal.colour),
      )
    }),
  )
  removeCommand(queue, desk)
}

function removeCommand(queue: Command, { actions, terminal }: Desk): void {
  answers(
    queue
      .command('remove')
      .description('removes a queue that no caller, agent or campaign is in')
      .argument('<name>')
      .option('--drop-callbacks', 'also when callers wait for a promised callback, which nobody makes then'),
  ).action((name: string, options: JsonOption & { dropCallbacks?: boolean }) =>
    actions.withStores(async stores => {
      await removeQueue(stores, name, stores.clock.now(), options).catch(refuse)
      answer(terminal, options, { queue: name, removed: true }, () => `queue ${name} was removed\n`)
    }),
  )
}

function sayAll(queues: readonly QueueFigures[], colour: boolean): string {
  if (queues.length === 0) return 'there is no queue yet: switchhook queue add <name>\n'
  const row = ({ name, waiting, offered, longestWaitMs, talking, agents, since }: QueueFigures) => {
    const present = AGENT_WORDS.filter(word => agents[word] > 0).map(word => `${agents[word]} ${word}`)
    return [
      name,
      waiting + offered,
      ago(longestWaitMs),
      talking,
      since.entered,
      since.answered,
      since.abandoned,
      since.callback,
      since.left,
      present.join(', ') || 'none',
    ]
  }
  const titles = [
    'queue',
    '>waiting',
    '>longest',
    '>talking',
    '>entered',
    '>answered',
    '>abandoned',
    '>callback',
    '>left',
    'agents',
  ]
  return table(titles, queues.map(row), colour)
}
