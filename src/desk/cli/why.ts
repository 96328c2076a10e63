/** `switchhook why`: how people read the timeline of one call, and the reasons of each decision about it. */
import callWhy from '../../operations/call/why.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { pairs, table } from '../table.ts'
import { form } from './operations.ts'
import { ago, timeOf } from './output.ts'

type Told = OutputOf<typeof callWhy>
type Call = Told['call']

export const whyForm = form(callWhy, {
  words: 'why',
  help: `
A queue keeps its last 200 decisions. Each tells who else could have had the call (in order), and who could not.

Example:
  switchhook why 0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90`,
  people: (told, { colour }) => sayAll(told, colour),
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
  if (offers.length > 0) {
    const rows = offers.map(({ at, queue, agent, strategy, waitedMs, ahead, candidates, skipped }) => [
      after(at),
      queue,
      agent,
      strategy,
      ago(waitedMs),
      ahead.length,
      candidates.flatMap(one => (one.agent === agent ? [] : one.agent)).join(', ') || 'nobody',
      skipped.flatMap(one => (one.agent === agent ? [] : `${one.agent} (${one.why})`)).join(', ') || 'nobody',
    ])
    parts.push(
      table(
        ['>after', 'queue', 'agent', 'strategy', '>waited', '>ahead', 'next in order', 'not available'],
        rows,
        colour,
      ),
    )
  }
  if (attempts.length > 0) {
    const rows = attempts.map(({ intendedAt, id, disposition, cause, heard, agent }) => [
      timeOf(intendedAt),
      id === call.attempt ? 'this call' : id,
      disposition ?? 'under way',
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
