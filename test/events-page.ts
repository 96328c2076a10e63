/**
 * docs/events.md, made from the catalogue of events. Compared by test/unit/events.test.ts; `make pages` writes it.
 */
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { CATALOGUE } from '../src/events/catalogue.ts'
import type { EventEntry } from '../src/events/event.ts'

export const PAGE = fileURLToPath(new URL('../docs/events.md', import.meta.url))

export interface Field {
  readonly name: string
  readonly optional: boolean
  readonly personal: boolean
  readonly description: string
}

/** The fields of an event, as its schema describes them. */
export const fieldsOf = ({ data }: Pick<EventEntry, 'data'>): Field[] =>
  Object.entries(data.shape).map(([name, schema]) => {
    const inner = unwrapped(schema as z.ZodType)
    const { description = '', personal = false } = inner.meta() ?? {}
    return { name, optional: schema instanceof z.ZodOptional, personal: personal === true, description }
  })

/** The schema that has the description: what `optional()` and `nullable()` wrap. */
function unwrapped(schema: z.ZodType): z.ZodType {
  const isWrapper = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable
  return isWrapper && !schema.meta() ? unwrapped(schema.unwrap() as z.ZodType) : schema
}

export const EVENTS: readonly (readonly [name: string, entry: EventEntry])[] = Object.entries(CATALOGUE)

const HEAD = `# Events

Everything that Switchhook tells is in this list. An event has a name, a version and fields. The version grows when the
event or a field changes its meaning; a new field that may be absent leaves it. This page is made from the catalogue in
\`src/events/\`, and a test compares the two.

* The log has a line for each event, at the level in the table: its text is the one under "what happened", its fields
  are those of the event. The log masks personal data.
* An event with "timeline" is written to the journal of its call, and stands in the call's record: the column
  \`queue_timeline\` ([records](records.md)), \`switchhook why\`, \`switchhook calls --json\`. There it has \`at\`
  (milliseconds since the epoch), \`event\` (the name), \`v\` (the version) and its fields without \`uuid\`.
* Programs hear events by a stream, a webhook or a message queue: [events out](events-out.md).
* One process tells an event: the one that did it or wrote it. An event of a timeline, and one that belongs to a change
  in PostgreSQL (campaigns, leads, callbacks, the end of a call), is not lost when that process dies: another one tells
  it. An event about a record in Redis (agents) is not told when the node dies right after the write. The command line
  tells the events of its commands while PostgreSQL is up.

A field that may be absent has a \`?\`. A field in **bold** is personal data of a caller or a lead. The name of an agent is
not: it is a name that the installation gave.
`

export function eventsPage(): string {
  const nouns = [...new Set(EVENTS.map(([name]) => nounOf(name)))]
  const fields = new Map(EVENTS.flatMap(([, entry]) => fieldsOf(entry).map(field => [field.name, field] as const)))
  const parts = [
    HEAD,
    ...nouns.map(noun => `## ${noun}\n\n${events(noun)}`),
    `## Fields\n\n${table(
      ['field', 'meaning', 'personal'],
      [...fields.values()]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, description, personal }) => [`\`${name}\``, description, personal ? 'yes' : '']),
    )}`,
  ]
  return parts.join('\n')
}

const nounOf = (name: string): string => name.slice(0, name.indexOf('.'))

const events = (noun: string): string =>
  table(
    ['event', 'v', 'what happened', 'fields', 'log', 'timeline', 'told by'],
    EVENTS.filter(([name]) => nounOf(name) === noun).map(([name, entry]) => [
      `\`${name}\``,
      String(entry.version),
      entry.what,
      fieldsOf(entry).map(shown).join(', '),
      entry.level,
      entry.timeline ? 'yes' : '',
      `\`${entry.toldBy}\``,
    ]),
  )

function shown({ name, optional, personal }: Field): string {
  const text = `\`${name}${optional ? '?' : ''}\``
  return personal ? `**${text}**` : text
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |\n`).join('')
