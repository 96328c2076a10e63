/** How people read the answers of the operations of agents. */
import agentAdd from '../../operations/agent/add.ts'
import agentDisposition from '../../operations/agent/disposition.ts'
import agentList from '../../operations/agent/list.ts'
import agentLogin from '../../operations/agent/login.ts'
import agentRemove from '../../operations/agent/remove.ts'
import agentSet from '../../operations/agent/set.ts'
import agentShow from '../../operations/agent/show.ts'
import { agentBreak, agentOnDemand, agentOut, agentReady } from '../../operations/agent/status.ts'
import agentWrapUp from '../../operations/agent/wrap-up.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { AGENT_SETTINGS } from '../../agent/settings.ts'
import { said } from '../../base/duration.ts'
import { sayEach } from '../../base/settings.ts'
import { pairs, table } from '../table.ts'
import { form } from './operations.ts'
import { ago, saySettings } from './output.ts'

type Agent = OutputOf<typeof agentList>[number]

const sayDefined = ({ name, queues, endpoint, word }: Agent): string =>
  `agent ${name} answers ${queues.map(tier => tier.queue).join(', ')} at ${endpoint} and is ${word} now\n`

export const agentForms = [
  form(agentAdd, {
    help: `
Durations carry their unit: 500ms, 30s, 2m. A new agent is logged out until \`switchhook agent ready <name>\`.
Settings that are not given stay as they are; in a new agent they are --wrap-up 30s --ring-for 20s.

Examples:
  switchhook agent add alice user/1001 --queues sales,support:2 --wrap-up 15s
  switchhook agent ready alice`,
    people: sayDefined,
  }),
  form(agentSet, {
    help: '\nA live call goes on as it is.\n\nExample:\n  switchhook agent set alice --wrap-up 15s',
    people: sayDefined,
  }),
  form(agentShow, {
    people: (agent, { colour }) =>
      pairs(
        [
          ['now', agent.word],
          ['telephone', agent.endpoint],
          ['queues', agent.queues.map(({ queue, level, position }) => `${queue}:${level}:${position}`).join(',')],
          ['wrap-up', said(agent.wrapUpMs)],
          ['rings for', said(agent.ringForMs)],
        ],
        colour,
      ) + saySettings(sayEach(AGENT_SETTINGS, agent), colour),
  }),
  form(agentList, { people: (agents, { colour, now }) => sayAll(agents, now, colour) }),
  ...[agentLogin, agentReady, agentOnDemand, agentBreak, agentOut].map(status =>
    form(status, {
      // a conversation goes on after the change of status: this tells what the agent does, not the status
      people: ({ name, state, word }) =>
        `agent ${name}: ${status.summary}${state === 'idle' ? '' : ` (still ${word})`}\n`,
    }),
  ),
  form(agentWrapUp, {
    people: ({ name, wrapUpUntil, word }, { now }) =>
      typeof wrapUpUntil === 'number'
        ? `agent ${name} is in wrap-up, for ${ago(wrapUpUntil - now)} more\n`
        : `agent ${name} is ${word} now\n`,
  }),
  form(agentDisposition, {
    people: ({ name, lastTalk, word }) =>
      `the call ${lastTalk?.call} of agent ${name}: ${lastTalk?.disposition}; the agent is ${word} now\n`,
  }),
  form(agentRemove, { people: ({ name }) => `agent ${name} was removed\n` }),
]

function sayAll(agents: readonly Agent[], now: number, colour: boolean): string {
  if (agents.length === 0) return 'there is no agent yet: switchhook agent add <name> <endpoint> --queues <queue>\n'
  const row = (one: Agent) => {
    const { word } = one
    const tone = word === 'ready' ? 'green' : word === 'out' || word === 'break' ? 'dim' : 'yellow'
    const queues = one.queues.map(({ queue, level }) => (level === 1 ? queue : `${queue}:${level}`)).join(',')
    return [
      one.name,
      { text: word, tone },
      word === 'resting' || word === 'unreachable'
        ? `${ago(one.restUntil - now)} left`
        : word === 'break' && one.statusSince !== undefined
          ? ago(now - one.statusSince)
          : one.state === 'idle'
            ? '–'
            : ago(now - one.stateSince),
      one.overdue ? `${one.reason ?? 'break'}: ${ago(now - one.breakUntil!)} too long` : (one.reason ?? '–'),
      one.nailedUp ? 'yes' : 'no',
      one.endpoint,
      queues,
    ] as const
  }
  return table(['agent', 'state', '>for', 'reason', 'nailed up', 'endpoint', 'queues'], agents.map(row), colour)
}
