/** `switchhook why`: the timeline of one call and the reasons of each decision about it, or those about one agent. */
import agentWhy from '../../operations/agent/why.ts'
import callWhy from '../../operations/call/why.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { pairs, table } from '../table.ts'
import { leftOut, sayAhead, sayLeftOut, whyFirst } from './decision-words.ts'
import { form } from './operations.ts'
import { ago, timeOf } from './output.ts'

type Told = OutputOf<typeof callWhy>
type Call = Told['call']
type Offer = Told['offers'][number]
type OfAgent = OutputOf<typeof agentWhy>

export const whyForm = form(callWhy, {
  words: 'why',
  help: `
A queue keeps its last 200 decisions. Each tells who else could have had the call (in order), and who could not.

Example:
  switchhook why 0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90`,
  people: (told, { colour }) => sayAll(told, colour),
})

export const whyAgentForm = form(agentWhy, {
  words: 'why agent',
  help: `
The counts are of the last 200 decisions of each queue.

Example:
  switchhook why agent alice`,
  people: (told, { colour, now }) => sayAgent(told, now, colour),
})

function sayAll({ call, offers, attempts }: Told, colour: boolean): string {
  const parts = [sayCall(call, colour)]
  const began = call.startedAt.getTime()
  const after = (at: number) => `${(Math.max(0, at - began) / 1_000).toFixed(1)}s`
  const timeline = call.queueTimeline
  if (timeline.length > 0) {
    const rows = timeline.map(({ at, event, queue, agent, to, path, leg, why, cause, said }) => [
      after(at),
      event,
      queue ?? '–',
      agent ?? '–',
      [to, path, why, cause, said, leg].filter(part => part !== undefined).join(', ') || '–',
    ])
    parts.push(table(['>after', 'event', 'queue', 'agent', 'details'], rows, colour))
  }
  for (const offer of offers) parts.push(sayOffer(offer, after(offer.at)))
  if (attempts.length > 0) {
    const rows = attempts.map(({ intendedAt, id, disposition, agentDisposition, cause, heard, agent }) => [
      timeOf(intendedAt),
      id === call.attempt ? 'this call' : id,
      agentDisposition ?? disposition ?? 'under way',
      cause ?? '–',
      heard ?? '–',
      agent ?? '–',
    ])
    parts.push(table(['attempt', 'call', 'disposition', 'cause', 'heard', 'agent'], rows, colour))
  }
  return parts.join('\n')
}

function sayCall(call: Call, colour: boolean): string {
  const { id, direction, from, to, flow, node, startedAt, answeredAt, endedAt, hangupCause, hungUpBy } = call
  return pairs(
    [
      ['call', { text: id, tone: 'bold' }],
      ['from, to', `${from ?? 'withheld'}, ${to ?? '–'} (${direction})`],
      ['flow, node', `${flow}, ${node ?? '–'}`],
      ['began, answered, ended', `${timeOf(startedAt)}, ${timeOf(answeredAt)}, ${timeOf(endedAt)}`],
      ['outcome', call.outcome ?? 'under way'],
      ['hung up by, cause', `${hungUpBy ?? '–'}, ${hangupCause ?? '–'}`],
      ['waited, talked, held', `${ago(call.waitMs)}, ${ago(call.talkMs)}, ${ago(call.holdMs)}`],
      ...(call.campaign === null ? [] : [['campaign, lead', `${call.campaign}, ${call.lead ?? '–'}`] as const]),
    ],
    colour,
  )
}

/** One decision of a queue, in sentences. */
function sayOffer({ queue, agent, others = [], strategy, waitedMs, ahead, candidates, skipped }: Offer, after: string) {
  const taken = new Set([agent, ...others])
  const next = candidates.flatMap(one => (taken.has(one.agent) ? [] : one.agent))
  const out = skipped.filter(one => !taken.has(one.agent))
  return [
    `after ${after} queue ${queue} offered the call to ${[...taken].join(', ')} (${strategy}); the caller had waited ${ago(waitedMs)}`,
    whyFirst({ strategy, candidates }),
    ...(next.length > 0 ? [`next in order: ${next.join(', ')}`] : []),
    ...(out.length > 0 ? [`not available: ${sayLeftOut(out)}`] : []),
    ...(ahead.length > 0 ? [`callers ahead in the queue: ${sayAhead(ahead)}`] : []),
  ]
    .filter(line => line !== '')
    .map((line, at) => (at === 0 ? `${line}\n` : `  ${line}\n`))
    .join('')
}

function sayAgent({ agent, reasons, past, decisions }: OfAgent, now: number, colour: boolean): string {
  const why = reasons.map(one => `  ${sayReason(one, now)}\n`).join('')
  const counts = past.map(({ queue, decisions: all, offered, behind, skipped }) => {
    const away = skipped.map(({ why: word, times }) => `${times} ${leftOut(word)}`).join(', ')
    return [queue, all, offered, behind, away || '–']
  })
  const parts = [`${agent.name} is ${agent.word} now\n${why}`]
  if (past.some(one => one.decisions > 0))
    parts.push(table(['queue', '>decisions', '>offered', '>another first', 'not available'], counts, colour))
  if (decisions.length > 0) {
    const rows = decisions.map(one => {
      const out = one.skipped.find(({ agent: name }) => name === agent.name)
      const took = [one.agent, ...(one.others ?? [])]
      const told = took.includes(agent.name) ? 'offered' : out ? leftOut(out.why) : whyFirst(one)
      return [`${ago(Math.max(0, now - one.at))} ago`, one.queue, took.join(', '), told]
    })
    parts.push(table(['>decision', 'queue', 'offered to', `${agent.name}`], rows, colour))
  }
  return parts.join('\n')
}

function sayReason(one: OfAgent['reasons'][number], now: number): string {
  const { why, queue = '', since, until, reason, callers = 0, leadsTo } = one
  const left = until === null || until === undefined ? '' : `, for ${ago(Math.max(0, until - now))} more`
  const long = since === null || since === undefined ? '' : ` for ${ago(Math.max(0, now - since))}`
  switch (why) {
    case 'no-queue':
      return 'serves no queue: switchhook agent set <name> --queues <queue>'
    case 'queue-unknown':
      return `queue ${queue}: there is no such queue`
    case 'queue-removed':
      return `queue ${queue} was removed${leadsTo ? `; its callers come to ${leadsTo}` : ''}`
    case 'nobody-waits':
      return `queue ${queue}: nobody waits`
    case 'next':
      return `queue ${queue}: ${callers} waiting, one of them may have this agent; who is offered a call is decided in the order of the queue`
    default:
      return queue === ''
        ? `${leftOut(why)}${reason ? ` (${reason})` : ''}${long}${left}`
        : `queue ${queue}: ${callers} waiting, but ${leftOut(why)}${left}`
  }
}
