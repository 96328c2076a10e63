/** A recorded conversation with a real FreeSWITCH; one side of it is played again in virtual time. */
import { sleep } from '../../src/base/clock.ts'
import { utf8 } from '../../src/esl/event.ts'
import { FrameReader, type Frame } from '../../src/esl/frame.ts'
import type { Wire } from '../../src/esl/wire.ts'
import type { VirtualClock } from '../../src/testing/index.ts'
import { readCapture } from '../unit/captures.ts'

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
/** A frame may be late by this; then the conversation continues without it. */
const PATIENCE_MS = 20_000

/**
 * The parts of a frame that an application can distinguish, as one line. Values that differ from run to run are left
 * out.
 */
export function kindOf(frame: Frame): string {
  const head = headersOf(frame.head)
  const body = utf8(frame.body)
  const type = head.get('Content-Type') ?? ''
  if (head.get('Event-Name') === 'CHANNEL_DATA') return `connect ${head.get('Socket-Mode')} ${head.get('Control')}`
  if (type === 'command/reply') return `reply ${head.get('Reply-Text')!.replace(UUID, '<uuid>')}`
  if (type === 'api/response') return `api ${body.length > 120 ? body.slice(0, 1) : body.replace(UUID, '<uuid>')}`
  if (type === 'text/disconnect-notice')
    return `notice ${head.get('Content-Disposition') ?? ''} ${head.get('Linger-Time') ?? ''} ${head.get('Content-Length')}`
  if (!type.startsWith('text/event-')) return type
  const event =
    type === 'text/event-json'
      ? new Map(Object.entries(JSON.parse(body) as Record<string, string>))
      : headersOf(body, true)
  const told = [
    'Channel-State',
    'Channel-Call-State',
    'Channel-State-Number',
    'Answer-State',
    'Application',
    'Application-Data',
    'Application-Response',
    'Hangup-Cause',
    'DTMF-Digit',
    'Job-Command',
    '_body',
  ]
  const values = told
    .map(name => event.get(name)?.replace(UUID, '<uuid>').trimEnd())
    .filter(value => value !== undefined)
  return [type.slice(5), event.get('Event-Name'), ...values].join(' ')
}

export function headersOf(text: string, encoded = false): Map<string, string> {
  const [head = '', body] = text.split('\n\n', 2)
  const headers = new Map<string, string>()
  for (const line of head.split('\n')) {
    const colon = line.indexOf(': ')
    if (colon > 0)
      headers.set(
        line.slice(0, colon),
        encoded || /%[0-9A-F]{2}/.test(line) ? decodeURIComponent(line.slice(colon + 2)) : line.slice(colon + 2),
      )
  }
  if (encoded && body) headers.set('_body', body)
  return headers
}

/** A command of the application: after this number of frames, and this long after the last thing that happened. */
interface Turn {
  readonly bytes: string
  readonly afterFrames: number
  readonly gap: number
}

export interface Recorded {
  readonly kinds: string[]
  readonly frames: Frame[]
  readonly turns: Turn[]
  /** The application closes this long after its last command; undefined when FreeSWITCH ends the connection. */
  readonly hangsUp: number | undefined
}

export interface Cuts {
  /** Kinds of frames that are not compared. */
  readonly skip?: RegExp
  /** Cuts the recording before the first command that contains this. */
  readonly until?: string
  /** The application closes after its last command. */
  readonly closes?: true
}

/** One recording, cut as requested. */
export function recorded(name: string, { skip, until, closes }: Cuts): Recorded {
  const frames: Frame[] = []
  const turns: Turn[] = []
  const reader = new FrameReader(frame => {
    if (!skip?.test(kindOf(frame))) frames.push(frame)
  })
  let last = 0
  for (const said of readCapture(name)) {
    if (said.dir === 'fs') reader.push(Buffer.from(said.bytes ?? '', 'utf8'))
    if (said.dir === 'app') {
      if (until !== undefined && said.bytes!.includes(until)) break
      turns.push({ bytes: said.bytes!, afterFrames: frames.length, gap: said.ms - last })
    }
    last = said.ms
  }
  const kinds = frames.map(kindOf)
  return { kinds, frames, turns, hangsUp: closes ? 42 : undefined }
}

/** Plays one side of a recording against a wire of the simulated FreeSWITCH. */
export class Player {
  readonly frames: Frame[] = []
  readonly recording: Recorded
  /** uuids of the recording → uuids of the simulation. */
  readonly uuids = new Map<string, string>()
  readonly #clock: VirtualClock
  readonly #reader: FrameReader
  readonly #foreign: (uuid: string) => string
  #wire: Wire | undefined
  #wake = () => {}

  constructor(clock: VirtualClock, recording: Recorded, skip: RegExp | undefined, foreign: (uuid: string) => string) {
    this.recording = recording
    this.#clock = clock
    this.#foreign = foreign
    this.#reader = new FrameReader(frame => {
      if (!skip?.test(kindOf(frame))) this.frames.push(frame)
      this.#wake()
    })
  }

  take(wire: Wire): void {
    this.#wire = wire
    wire.listen({ data: chunk => this.#reader.push(chunk), close() {} })
    this.#wake()
  }

  async play(): Promise<void> {
    await this.#until(() => this.#wire !== undefined)
    for (const { bytes, afterFrames, gap } of this.recording.turns) {
      // The conversation continues without a missing frame: the comparison at the end names it.
      await this.#until(() => this.frames.length >= afterFrames)
      if (gap > 0) await sleep(this.#clock, gap)
      const own = this.frames[0] && headersOf(this.frames[0].head).get('Unique-ID')
      const recordedOwn = this.recording.frames[0] && headersOf(this.recording.frames[0].head).get('Unique-ID')
      if (own && recordedOwn) this.uuids.set(recordedOwn, own)
      this.#wire!.write(
        Buffer.from(
          bytes.replace(UUID, uuid => this.uuids.get(uuid) ?? this.#foreign(uuid)),
          'utf8',
        ),
      )
    }
    if (this.recording.hangsUp !== undefined) {
      await sleep(this.#clock, this.recording.hangsUp)
      this.#wire!.end()
    }
  }

  get kinds(): string[] {
    return this.frames.map(kindOf)
  }

  async #until(goal: () => boolean): Promise<void> {
    const end = this.#clock.monotonic() + PATIENCE_MS
    while (!goal() && this.#clock.monotonic() < end) {
      const awake = new Promise<void>(resolve => (this.#wake = resolve))
      await Promise.race([awake, sleep(this.#clock, end - this.#clock.monotonic())])
    }
  }
}
