/** One event of FreeSWITCH: rendered at most once per format, and only when a connection receives it. */
import type { Channel } from './channel.ts'
import { channelText } from './channel-text.ts'
import { jsonMember, plainLine } from './encoding.ts'
import { xmlOf } from './event-xml.ts'

export type Header = readonly [string, string]
/** Formats that events are rendered in directly. */
export type TextFormat = 'plain' | 'json'
/** Formats that a connection may request. */
export type EventFormat = TextFormat | 'xml'

export interface EventParts {
  /** Headers before the channel's own. */
  before?: readonly Header[]
  /** Headers after the channel's own. */
  after?: readonly Header[]
  body?: string
  subclass?: string
}

/** The values of FreeSWITCH itself in every event. */
export interface Core {
  readonly coreUuid: string
  nowMicros(): number
  nextSequence(): number
}

/** The origin of an event in the source of FreeSWITCH 1.10.12: file, function and line. */
const ORIGIN: Readonly<Record<string, readonly [string, string, number]>> = {
  CHANNEL_DATA: ['mod_event_socket.c', 'parse_command', 2021],
  CHANNEL_CREATE: ['switch_core_state_machine.c', 'switch_core_session_run', 626],
  CHANNEL_ORIGINATE: ['switch_core_state_machine.c', 'switch_core_session_run', 632],
  CHANNEL_PROGRESS: ['switch_channel.c', 'switch_channel_perform_mark_ring_ready_value', 3505],
  CHANNEL_PROGRESS_MEDIA: ['switch_channel.c', 'switch_channel_perform_mark_pre_answered', 3571],
  CHANNEL_ANSWER: ['switch_channel.c', 'switch_channel_perform_mark_answered', 3846],
  CALL_UPDATE: ['switch_channel.c', 'switch_channel_flip_cid', 3277],
  CHANNEL_PARK: ['switch_ivr.c', 'switch_ivr_park', 1002],
  CHANNEL_UNPARK: ['switch_ivr.c', 'switch_ivr_park', 1213],
  CHANNEL_EXECUTE: ['switch_core_session.c', 'switch_core_session_exec', 2944],
  CHANNEL_EXECUTE_COMPLETE: ['switch_core_session.c', 'switch_core_session_exec', 2967],
  CHANNEL_BRIDGE: ['switch_ivr_bridge.c', 'switch_ivr_multi_threaded_bridge', 1689],
  CHANNEL_UNBRIDGE: ['switch_ivr_bridge.c', 'switch_ivr_multi_threaded_bridge', 1879],
  CHANNEL_STATE: ['switch_channel.c', 'switch_channel_perform_set_running_state', 2408],
  CHANNEL_HANGUP: ['switch_channel.c', 'switch_channel_perform_hangup', 3445],
  CHANNEL_HANGUP_COMPLETE: ['switch_core_state_machine.c', 'switch_core_session_reporting_state', 943],
  CHANNEL_DESTROY: ['switch_core_session.c', 'switch_core_session_perform_destroy', 1584],
  DTMF: ['switch_channel.c', 'switch_channel_dequeue_dtmf', 677],
  BACKGROUND_JOB: ['mod_event_socket.c', 'api_exec', 1572],
  HEARTBEAT: ['switch_core.c', 'send_heartbeat', 95],
  RE_SCHEDULE: ['switch_scheduler.c', 'switch_scheduler_execute', 73],
}

/** Events with a channel's state but without its variables. */
const WITHOUT_VARIABLES = new Set(['CHANNEL_STATE', 'CHANNEL_CALLSTATE', 'DTMF', 'TALK', 'NOTALK'])

const ASCII = /^[\x00-\x7f]*$/

let second = -1
let dates = { local: '', gmt: '' }

/** Both dates of this second, formatted once per second. */
function datesOf(micros: number): { local: string; gmt: string } {
  const now = Math.floor(micros / 1_000_000)
  if (now !== second) {
    second = now
    const date = new Date(now * 1_000)
    dates = { local: date.toISOString().slice(0, 19).replace('T', ' '), gmt: date.toUTCString() }
  }
  return dates
}

export class SwitchEvent {
  readonly name: string
  readonly channel: Channel | undefined
  readonly parts: EventParts
  readonly #core: Core
  readonly #sequence: number
  #plain: string | undefined
  #json: string | undefined
  readonly #frames: Partial<Record<EventFormat, string | Buffer>> = {}

  constructor(core: Core, name: string, channel: Channel | undefined, parts: EventParts) {
    this.#core = core
    this.#sequence = core.nextSequence()
    this.name = name
    this.channel = channel
    this.parts = parts
  }

  get subclass(): string | undefined {
    return this.parts.subclass
  }

  /** The value of a header, for filters. Names are case-insensitive. */
  header(name: string): string | undefined {
    const wanted = name.toLowerCase()
    if (wanted === 'event-name') return this.name
    if (wanted === 'event-subclass') return this.subclass
    if (wanted === 'unique-id' && this.channel) return this.channel.uuid
    if (wanted.startsWith('variable_') && this.channel) return this.channel.variables.get(wanted.slice(9))
    for (const [key, value] of [...(this.parts.before ?? []), ...(this.parts.after ?? [])])
      if (key.toLowerCase() === wanted) return value
    if (!this.channel) return undefined
    const line = new RegExp(`^${name.replace(/[^\w-]/g, '\\$&')}: (.*)$`, 'im').exec(this.plain())
    return line ? decodeURIComponent(line[1]!) : undefined
  }

  /** The text of a plain event: encoded headers, a blank line, and the body with its length when there is one. */
  plain(): string {
    if (this.#plain !== undefined) return this.#plain
    let text = this.subclass === undefined ? '' : plainLine('Event-Subclass', this.subclass)
    text += this.#coreHeaders('plain')
    for (const [name, value] of this.parts.before ?? []) text += plainLine(name, value)
    if (this.channel) text += channelText(this.channel, 'plain', !WITHOUT_VARIABLES.has(this.name))
    for (const [name, value] of this.parts.after ?? []) text += plainLine(name, value)
    const body = this.parts.body
    return (this.#plain = body ? `${text}Content-Length: ${Buffer.byteLength(body)}\n\n${body}` : `${text}\n`)
  }

  json(): string {
    if (this.#json !== undefined) return this.#json
    let text = this.subclass === undefined ? '' : jsonMember('Event-Subclass', this.subclass)
    text += this.#coreHeaders('json')
    for (const [name, value] of this.parts.before ?? []) text += jsonMember(name, value)
    if (this.channel) text += channelText(this.channel, 'json', !WITHOUT_VARIABLES.has(this.name))
    for (const [name, value] of this.parts.after ?? []) text += jsonMember(name, value)
    const body = this.parts.body
    if (body) text += jsonMember('Content-Length', String(Buffer.byteLength(body))) + jsonMember('_body', body)
    return (this.#json = `{${text.slice(1)}}`)
  }

  /** The whole frame as sent, shared by all connections with this format. */
  frame(format: EventFormat): string | Buffer {
    return (this.#frames[format] ??= this.#render(format))
  }

  #render(format: EventFormat): string | Buffer {
    const body = format === 'plain' ? this.plain() : format === 'json' ? this.json() : xmlOf(this.json())
    const head = (length: number) => `Content-Length: ${length}\nContent-Type: text/event-${format}\n\n`
    // The encoding of plain headers yields ASCII only.
    if ((format === 'plain' && !this.parts.body) || ASCII.test(body)) return head(body.length) + body
    const bytes = Buffer.from(body, 'utf8')
    return Buffer.concat([Buffer.from(head(bytes.length), 'latin1'), bytes])
  }

  #coreHeaders(format: TextFormat): string {
    const micros = this.#core.nowMicros()
    const { local, gmt } = datesOf(micros)
    const [file, fn, line] = ORIGIN[this.name] ?? ['simulated_switch.c', 'fire', 1]
    const { coreUuid } = this.#core
    if (format === 'plain') {
      return (
        `Event-Name: ${this.name}\nCore-UUID: ${coreUuid}\nFreeSWITCH-Hostname: sim\nFreeSWITCH-Switchname: sim\n` +
        `FreeSWITCH-IPv4: 192.0.2.2\nFreeSWITCH-IPv6: fd00%3A%3A2\n${plainLine('Event-Date-Local', local)}` +
        `${plainLine('Event-Date-GMT', gmt)}Event-Date-Timestamp: ${micros}\nEvent-Calling-File: ${file}\n` +
        `Event-Calling-Function: ${fn}\nEvent-Calling-Line-Number: ${line}\nEvent-Sequence: ${this.#sequence}\n`
      )
    }
    return (
      `,"Event-Name":"${this.name}","Core-UUID":"${coreUuid}","FreeSWITCH-Hostname":"sim","FreeSWITCH-Switchname":"sim",` +
      `"FreeSWITCH-IPv4":"192.0.2.2","FreeSWITCH-IPv6":"fd00::2","Event-Date-Local":"${local}","Event-Date-GMT":"${gmt}",` +
      `"Event-Date-Timestamp":"${micros}","Event-Calling-File":"${file}","Event-Calling-Function":"${fn}","Event-Calling-Line-Number":"${line}",` +
      `"Event-Sequence":"${this.#sequence}"`
    )
  }
}
