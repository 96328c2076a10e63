/** How people read the answers of the operations of queues. */
import { AGENT_WORDS } from '../../agent/words.ts'
import queueAdd from '../../operations/queue/add.ts'
import queueCallbacks from '../../operations/queue/callbacks.ts'
import { queueGive, queueTake } from '../../operations/queue/give.ts'
import queueImport from '../../operations/queue/import.ts'
import queueList from '../../operations/queue/list.ts'
import queuePut from '../../operations/queue/put.ts'
import queueRemove from '../../operations/queue/remove.ts'
import queueSet from '../../operations/queue/set.ts'
import queueShow from '../../operations/queue/show.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { sayEach } from '../../base/settings.ts'
import { QUEUE_SETTINGS } from '../../queue/settings.ts'
import { pairs, table } from '../table.ts'
import { sayCallbacks } from './callback.ts'
import { form } from './operations.ts'
import { ago, saySettings } from './output.ts'

type Queue = OutputOf<typeof queueList>[number]

export const queueForms = [
  form(queueAdd, { people: queue => `queue ${queue.name} exists (${sayGiven(queue)})\n` }),
  form(queueSet, { people: queue => `queue ${queue.name}: ${sayGiven(queue)}\n` }),
  form(queueShow, {
    people: (queue, { colour }) =>
      pairs([['strategy', queue.strategy]], colour) + saySettings(sayEach(QUEUE_SETTINGS, queue), colour),
  }),
  form(queueList, {
    help: '\nEntered, answered, abandoned, callback and left count since the creation of the queue. Offered callers count as waiting.\nOverdue: of those to call back, the customers who could be called now and are not: their time has come, in the calling hours.\nEstimate: how long somebody who comes now will wait; – until the queue has had 20 talks.',
    people: (queues, { colour }) => sayAll(queues, colour),
  }),
  form(queueGive, {
    help: `
The caller keeps place and waiting time when the agent does not answer. A caller for whom a telephone rings already
is transferred: switchhook call transfer <call> --agent <name>

Example:
  switchhook queue give 0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90 bob`,
    people: ({ call, queue, agent }) => `agent ${agent} gets call ${call} from ${queue}\n`,
  }),
  form(queueTake, {
    help: '\nExample:\n  switchhook queue take sales bob',
    people: ({ call, queue, agent }) => `agent ${agent} gets call ${call} from ${queue}\n`,
  }),
  form(queuePut, { people: ({ call, queue }) => `call ${call} is in the queue ${queue}\n` }),
  form(queueCallbacks, {
    people: (kept, { colour }) => (kept.length === 0 ? 'nobody waits for a callback\n' : sayCallbacks(kept, colour)),
  }),
  form(queueImport, {
    help: `
Queues and agents that exist get the settings of the file; others stay. docs/mod_callcenter.md tells what becomes of
each parameter.

Examples:
  switchhook queue import /etc/freeswitch/autoload_configs/callcenter.conf.xml --dry-run
  switchhook queue import callcenter.conf.xml`,
    people: (imported, { colour }) => sayImported(imported, colour),
  }),
  form(queueRemove, {
    help: '\nWith --move-to the name of the removed queue leads callers to the other one until a queue of that name is added or removed again.',
    people: ({ name, movedTo }) => `queue ${name} was removed${movedTo ? `; ${sayMoved(movedTo)}` : ''}\n`,
  }),
]

/** The strategy, and the settings that were given. */
function sayGiven(queue: OutputOf<typeof queueShow>): string {
  const given = sayEach(QUEUE_SETTINGS, queue).filter(one => one.given)
  return [queue.strategy, ...given.map(({ name, value }) => `${name} ${value}`)].join(', ')
}

function sayImported({ queues, agents, notTaken, dryRun }: OutputOf<typeof queueImport>, colour: boolean): string {
  const how = (isNew: boolean) => (isNew ? 'new' : 'changed')
  const rows = [
    ...queues.map(({ name, isNew, strategy }) => ['queue', name, how(isNew), strategy]),
    ...agents.map(({ name, isNew, endpoint, queues: of }) => [
      'agent',
      name,
      how(isNew),
      `${endpoint} ${of.join(',')}`,
    ]),
  ]
  const taken = rows.length === 0 ? 'nothing was taken over\n' : table(['', 'name', 'is', ''], rows, colour)
  const left = notTaken.map(({ of, parameter, value, why }) => [of, parameter, value, why])
  const notes =
    left.length === 0 ? '' : `\nnot taken over:\n${table(['of', 'parameter', 'value', 'why'], left, colour)}`
  return `${taken}${notes}${dryRun ? '\nnothing was written: --dry-run\n' : ''}`
}

function sayMoved({
  queue,
  waiting,
  talking,
  callbacks,
}: NonNullable<OutputOf<typeof queueRemove>['movedTo']>): string {
  const talks = talking > 0 ? `; callers who finish their talk first: ${talking}` : ''
  return `moved to ${queue}: ${waiting} waiting callers, ${callbacks} callbacks${talks}`
}

function sayAll(queues: readonly Queue[], colour: boolean): string {
  if (queues.length === 0) return 'there is no queue yet: switchhook queue add <name>\n'
  const row = ({
    name,
    waiting,
    offered,
    longestWaitMs,
    estimatedWaitMs,
    talking,
    callbacks,
    overdueCallbacks,
    agents,
    since,
  }: Queue) => {
    const present = AGENT_WORDS.filter(word => agents[word] > 0).map(word => `${agents[word]} ${word}`)
    return [
      name,
      waiting + offered,
      ago(longestWaitMs),
      ago(estimatedWaitMs),
      talking,
      callbacks,
      overdueCallbacks,
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
    '>estimate',
    '>talking',
    '>to call back',
    '>overdue',
    '>entered',
    '>answered',
    '>abandoned',
    '>callback',
    '>left',
    'agents',
  ]
  return table(titles, queues.map(row), colour)
}
