/**
 * docs/asyncapi.json: every event for programs, as AsyncAPI 3.0 (https://www.asyncapi.com/docs/reference/specification/
 * v3.0.0), made from the catalogue. The desk serves it at /asyncapi.json; `make check` compares the page.
 */
import { z } from 'zod'
import { VERSION } from '../base/version.ts'
import { CATALOGUE } from './catalogue.ts'
import { typeOf } from './envelope.ts'
import type { EventEntry } from './event.ts'

const text = { type: 'string' } as const
const ENVELOPE = {
  specversion: { const: '1.0' },
  id: { ...text, description: 'with source the name of the event: it may come twice' },
  source: { ...text, format: 'uri-reference' },
  subject: { ...text, description: 'what the event is about; the events of one subject come in their order' },
  time: { ...text, format: 'date-time' },
  datacontenttype: { const: 'application/json' },
  sequence: { ...text, description: 'the place in the order of all events; compared as text' },
  node: { ...text, description: 'the process that told it' },
} as const

/** The text of the page. */
export function describeEvents(): string {
  const all = Object.entries(CATALOGUE) as readonly (readonly [string, EventEntry])[]
  const messages = Object.fromEntries(all.map(([name, entry]) => [name, messageOf(name, entry)]))
  const refs = (from: string) => all.map(([name]) => ({ $ref: `${from}/${name}` }))
  const described = {
    asyncapi: '3.0.0',
    info: { title: 'Switchhook', version: VERSION, description: 'docs/events-out.md explains the ways to hear them.' },
    defaultContentType: 'application/cloudevents+json',
    channels: {
      events: {
        address: '/v1/events',
        description: 'server-sent events; the same messages go to webhooks and message queues',
        messages: Object.fromEntries(all.map(([name]) => [name, { $ref: `#/components/messages/${name}` }])),
      },
    },
    operations: {
      tell: {
        action: 'send',
        channel: { $ref: '#/channels/events' },
        messages: refs('#/channels/events/messages'),
      },
    },
    components: { messages },
  }
  return `${JSON.stringify(described, null, 2)}\n`
}

function messageOf(name: string, { version, what, data }: EventEntry) {
  const { $schema: _, ...schema } = z.toJSONSchema(data, { io: 'output' }) as Record<string, unknown>
  const type = { const: typeOf(name, version) }
  return {
    name: typeOf(name, version),
    summary: what,
    contentType: 'application/cloudevents+json',
    payload: {
      type: 'object',
      required: [...Object.keys(ENVELOPE), 'type', 'data'],
      properties: { ...ENVELOPE, type, data: schema },
    },
  }
}
