/**
 * The call inspector: the last calls, found by number, campaign or the id of the CRM, and one call as a timeline: what
 * happened when, for how long each part lasted, and why the call got the agent that it got.
 */
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { ask } from './api.tsx'
import { duration, timeOf } from './shown.tsx'
import { Table } from './table.tsx'
import { words } from './words.tsx'

interface Happened {
  readonly at: number
  readonly event: string
  readonly [field: string]: unknown
}

interface Call {
  readonly id: string
  readonly flow: string
  readonly direction: string
  readonly from: string | null
  readonly to: string | null
  readonly startedAt: string
  readonly endedAt: string | null
  readonly outcome: string | null
  readonly hungUpBy: string | null
  readonly agent: string | null
  readonly queue: string | null
  readonly campaign: string | null
  readonly node: string | null
  readonly waitMs: number | null
  readonly talkMs: number | null
  readonly crm: Readonly<Record<string, string>>
  readonly queueTimeline: readonly Happened[]
}

interface Offer {
  readonly at: number
  readonly queue: string
  readonly agent: string
  readonly strategy: string
  readonly candidates: readonly { readonly agent: string; readonly key: readonly (number | string)[] }[]
  readonly skipped: readonly { readonly agent: string; readonly why: string }[]
}

interface Why {
  readonly call: Call
  readonly offers: readonly Offer[]
}

const calls = signal<readonly Call[]>([])
const shown = signal<Why | null>(null)
const error = signal('')

/** `kind`: what `value` is; '': the last calls of all. */
export async function findCalls(kind: string, value: string): Promise<void> {
  const query = new URLSearchParams({ limit: '50', ...(value !== '' && { [kind]: value }) })
  error.value = ''
  try {
    calls.value = await ask<Call[]>(`GET /v1/calls?${query}`)
  } catch (failure) {
    error.value = (failure as Error).message
  }
}

async function show(id: string): Promise<void> {
  try {
    shown.value = await ask<Why>(`GET /v1/calls/${id}/why`)
  } catch (failure) {
    error.value = (failure as Error).message
  }
}

export function Calls(): JSX.Element {
  const text = words()
  return (
    <main>
      <Search />
      {error.value !== '' && <p role="alert">{error.value}</p>}
      {shown.value && <Timeline why={shown.value} />}
      <Table
        title={text.calls}
        empty={text.noCalls}
        heads={[
          [text.began],
          [text.from],
          [text.to],
          [text.queue],
          [text.agent],
          [text.waited],
          [text.talked],
          [text.outcome],
          [text.command],
        ]}
      >
        {calls.value.map(call => (
          <CallRow key={call.id} call={call} />
        ))}
      </Table>
    </main>
  )
}

function Search(): JSX.Element {
  const text = words()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    shown.value = null
    void findCalls(String(form.get('kind')), String(form.get('value')).trim())
  }
  return (
    <form class="search" onSubmit={event => submit(event as unknown as SubmitEvent)}>
      <label>
        {text.findBy}{' '}
        <select name="kind">
          <option value="number">{text.number}</option>
          <option value="campaign">{text.campaign}</option>
          <option value="crmuuid">{text.crmId}</option>
        </select>
      </label>
      <label>
        {text.value} <input name="value" />
      </label>
      <button type="submit">{text.find}</button>
    </form>
  )
}

function CallRow({ call }: { readonly call: Call }): JSX.Element {
  const text = words()
  const { id, startedAt, from, to, queue, agent, waitMs, talkMs, outcome } = call
  return (
    <tr data-call={id}>
      <th scope="row">{timeOf(startedAt)}</th>
      <td>{from ?? '–'}</td>
      <td>{to ?? '–'}</td>
      <td>{queue ?? '–'}</td>
      <td>{agent ?? '–'}</td>
      <td>{duration(waitMs)}</td>
      <td>{duration(talkMs)}</td>
      <td>{outcome ?? text.goesOn}</td>
      <td>
        <button
          type="button"
          aria-label={`${text.timeline} ${timeOf(startedAt)} ${from ?? ''}`}
          onClick={() => void show(id)}
        >
          {text.timeline}
        </button>
      </td>
    </tr>
  )
}

function Timeline({ why: { call, offers } }: { readonly why: Why }): JSX.Element {
  const text = words()
  const began = Date.parse(call.startedAt)
  const facts: readonly (readonly [string, string | null])[] = [
    [text.flow, call.flow],
    [text.from, call.from],
    [text.to, call.to],
    [text.queue, call.queue],
    [text.agent, call.agent],
    [text.campaign, call.campaign],
    [text.node, call.node],
    [text.waited, call.waitMs === null ? null : duration(call.waitMs)],
    [text.talked, call.talkMs === null ? null : duration(call.talkMs)],
    [text.outcome, call.outcome],
    [text.hungUpBy, call.hungUpBy],
    ...Object.entries(call.crm),
  ]
  const line = [
    ...call.queueTimeline.map(one => ({ at: one.at, what: one.event, more: detailsOf(one) })),
    ...offers.map(offer => ({ at: offer.at, what: text.decision, more: decisionOf(offer, text.skipped) })),
  ].toSorted((a, b) => a.at - b.at)
  return (
    <section aria-label={`${text.timeline} ${call.id}`} class="timeline">
      <h2>
        {timeOf(began)} · {call.id}
      </h2>
      <dl class="facts">
        {facts.flatMap(([name, value]) =>
          value === null
            ? []
            : [
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>,
              ],
        )}
      </dl>
      <ol>
        {line.map(({ at, what, more }, n) => (
          <li key={n}>
            <time>+{duration(at - began)}</time> <b>{what}</b> {more}
          </li>
        ))}
      </ol>
      <button type="button" onClick={() => (shown.value = null)}>
        {text.close}
      </button>
    </section>
  )
}

const detailsOf = ({ at: _at, event: _event, v: _v, ...more }: Happened): string =>
  Object.entries(more)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')

const decisionOf = ({ queue, agent, strategy, candidates, skipped }: Offer, word: string): string =>
  [
    `${queue}, ${strategy}: ${agent}`,
    ...candidates.map(one => `${one.agent} (${one.key.join(', ')})`),
    ...skipped.map(one => `${one.agent} ${word}: ${one.why}`),
  ].join('; ')
