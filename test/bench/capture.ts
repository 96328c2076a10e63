/** Reads a recorded conversation with a real FreeSWITCH, so that the load has its real headers and sizes. */
import { readFileSync } from 'node:fs'

/** One header as it stood on the wire: the value still url-encoded. */
export type Field = readonly [name: string, value: string]

interface CapturedEvent {
  readonly name: string
  readonly application: string
  readonly fields: readonly Field[]
}

export interface Capture {
  /** The channel's uuid in the recording; the load replaces it by the uuid of each call. */
  readonly uuid: string
  readonly connectReply: readonly Field[]
  readonly events: readonly CapturedEvent[]
}

interface Line {
  readonly dir: string
  readonly bytes?: string
}

/** Reads one file of test/captures (outbound, plain events). Throws when it is not such a conversation. */
export function readCapture(file: string | URL): Capture {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  const text = lines
    .map(line => JSON.parse(line) as Line)
    .filter(line => line.dir === 'fs')
    .map(line => Buffer.from(line.bytes ?? '', 'utf8').toString('latin1'))
    .join('')
  const blocks = [...split(text)]
  const connectReply = fields(blocks[0]?.head ?? '')
  const uuid = value(connectReply, 'Unique-ID')
  if (!uuid) throw new Error(`${String(file)} does not begin with the reply to connect`)
  const events = blocks
    .filter(block => block.body.startsWith('Event-Name: '))
    .map(block => fields(block.body))
    .map(list => ({ name: value(list, 'Event-Name'), application: value(list, 'Application'), fields: list }))
  return { uuid, connectReply, events }
}

export function value(list: readonly Field[], name: string): string {
  return list.find(field => field[0] === name)?.[1] ?? ''
}

/** The first event of that name, or that name and application, in the capture. */
export function pick(capture: Capture, name: string, application?: string): readonly Field[] {
  const found = capture.events.find(
    event => event.name === name && (application === undefined || event.application === application),
  )
  if (!found) throw new Error(`the capture holds no ${name}${application === undefined ? '' : ` of ${application}`}`)
  return found.fields
}

function* split(text: string): Generator<{ head: string; body: string }> {
  let at = 0
  while (at < text.length) {
    const end = text.indexOf('\n\n', at)
    if (end < 0) return
    const head = text.slice(at, end)
    const length = Number(/^Content-Length: (\d+)/m.exec(head)?.[1] ?? 0)
    yield { head, body: text.slice(end + 2, end + 2 + length) }
    at = end + 2 + length
  }
}

function fields(block: string): Field[] {
  return block
    .split('\n')
    .filter(line => line.includes(': '))
    .map(line => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)])
}
