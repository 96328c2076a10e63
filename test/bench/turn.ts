/**
 * Everything that FreeSWITCH sends at one time (a reply and the events after it), rendered once and kept. A call only
 * inserts its own uuid and the command's id. So the load costs less than the listener that it measures.
 */
import { pick, readCapture, type Field } from './capture.ts'

const capture = readCapture(new URL('../captures/outbound-ivr-plain.jsonl', import.meta.url))

/** The placeholder for the id of a command: a byte that FreeSWITCH would have encoded, so it occurs nowhere else. */
const ID_BYTE = '\x02'
const UUID_LENGTH = 36
/** More than a bench ever creates; only an unlimited number of different arguments would reach it. */
const KEPT_TURNS = 2_000

export interface Turn {
  readonly bytes: Buffer
  readonly uuidAt: readonly number[]
  readonly idAt: readonly number[]
  /**
   * The border between two writes: between a reply and an event. (mod_event_socket writes head and body of an event
   * separately. That doubles the cost of the load, and the listener's CPU per call stays the same: measured against a
   * generator in C that does so.)
   */
  readonly sends: readonly number[]
  readonly events: number
}

/** The differences between two renderings of the same event. */
export interface Moment {
  readonly answered: boolean
  /** Channel variables set during the call, in the spelling of the wire. */
  readonly variables: readonly Field[]
}

export interface Happening {
  readonly name: string
  readonly application?: string
  readonly argument?: string
  /** Length of the id (encoded) that EXECUTE and EXECUTE_COMPLETE carry. */
  readonly idLength?: number
  readonly response?: string
  readonly digit?: string
  readonly cause?: string
  /** The running state of a CHANNEL_STATE: CS_HANGUP, CS_REPORTING. */
  readonly state?: string
}

/**
 * URL encoding as FreeSWITCH does it: everything outside printable ASCII, and these characters; `/`, `,` and brackets
 * stay.
 */
export function encode(text: string): string {
  return text.replace(
    /[^!$'()*,\-./0-9A-Z_a-z~]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

const ABOUT_THE_APPLICATION =
  /^(Application|variable_current_application|variable_(my_var|menu_choice|read_result|current_loop|total_loops|digits_dialed)$)/

const without = (list: readonly Field[]) => list.filter(([name]) => !ABOUT_THE_APPLICATION.test(name))
const ringing = without(pick(capture, 'CHANNEL_EXECUTE', 'answer'))
const answered = without(pick(capture, 'CHANNEL_EXECUTE', 'playback'))
const hangupComplete = without(pick(capture, 'CHANNEL_HANGUP_COMPLETE'))
const hungUp = new Map(['CHANNEL_HANGUP', 'CHANNEL_UNPARK'].map(name => [name, without(pick(capture, name))]))
const afterSocket = without(pick(capture, 'CHANNEL_EXECUTE_COMPLETE', 'socket'))
const short = pick(capture, 'CHANNEL_STATE')
const key = pick(capture, 'DTMF')

/** The variables that the entry extension of the dialplan sets on a channel, besides those of the capture. */
const ENTRY: readonly Field[] = [
  ['variable_playback_terminators', 'none'],
  ['variable_switchhook_key', '4f1c9a0e7d2b'],
  ['variable_last_sched_id', '4711'],
  ['variable_socket_path', 'standard-call'],
]

function base(name: string, moment: Moment, application: string | undefined): readonly Field[] {
  switch (name) {
    case 'CHANNEL_STATE':
    case 'CHANNEL_CALLSTATE':
    case 'PRIVATE_COMMAND':
      return short
    case 'DTMF':
      return key
    case 'CHANNEL_HANGUP_COMPLETE':
      return hangupComplete
    case 'CHANNEL_HANGUP':
    case 'CHANNEL_UNPARK':
      return hungUp.get(name) ?? answered
    default:
      return application === 'socket' ? afterSocket : moment.answered ? answered : ringing
  }
}

function eventFields(what: Happening, moment: Moment): Field[] {
  const named = base(what.name, moment, what.application).map(([name, value]): Field => {
    if (name === 'Event-Name') return [name, what.name]
    if (name === 'Hangup-Cause' && what.cause) return [name, what.cause]
    if (name === 'DTMF-Digit' && what.digit) return [name, what.digit]
    if (name === 'Channel-State' && what.state) return [name, what.state]
    return [name, value]
  })
  if (what.state || what.digit) return named
  named.push(...ENTRY, ...moment.variables)
  if (what.application === undefined) return named
  const argument = what.argument ? encode(what.argument) : '_undef_'
  const id = ID_BYTE.repeat(what.idLength ?? 0)
  if (id) named.push(['variable_app_uuid', id])
  named.push(['variable_current_application', what.application], ['variable_current_application_data', argument])
  if (what.response) named.push(['variable_current_application_response', encode(what.response)])
  named.push(['Application', what.application], ['Application-Data', argument])
  if (what.response) named.push(['Application-Response', encode(what.response)])
  if (id) named.push(['Application-UUID', id])
  return named
}

const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
const decode = (value: string) => (value === '_undef_' ? '' : decodeURIComponent(value))

/** One event; the captured uuid and ID_BYTE are still in the places to be filled. */
export function eventText(what: Happening, moment: Moment, json: boolean): string {
  const list = eventFields(what, moment)
  const body = json
    ? utf8(JSON.stringify(Object.fromEntries(list.map(([name, value]) => [name, decode(value)])))).replaceAll(
        '\\u0002',
        ID_BYTE,
      )
    : `${list.map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n`
  return `Content-Length: ${body.length}\nContent-Type: text/event-${json ? 'json' : 'plain'}\n\n${body}`
}

/** Finds the places to be filled. Each part is one write. */
export function turnOf(parts: readonly string[], events: number): Turn {
  const text = parts.join('')
  const uuidAt: number[] = []
  for (let at = text.indexOf(capture.uuid); at >= 0; at = text.indexOf(capture.uuid, at + UUID_LENGTH)) uuidAt.push(at)
  const idAt = [...text.matchAll(new RegExp(`${ID_BYTE}+`, 'g'))].map(match => match.index)
  let end = 0
  const sends = parts.map(part => (end += part.length))
  return { bytes: Buffer.from(text, 'latin1'), uuidAt, idAt, sends, events }
}

/** The reply to `connect`: one block, with the reply's own headers last. */
export const connectTurn: Turn = (() => {
  const own = /^(Content-Type|Reply-Text|Socket-Mode|Control)$/
  const list = [
    ...capture.connectReply.filter(([name]) => !own.test(name)),
    ...ENTRY,
    ...capture.connectReply.filter(([name]) => own.test(name)),
  ]
  return turnOf([`${list.map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n`], 0)
})()

export const capturedUuid = capture.uuid

/** Turns, by the values that they depend on. */
export class TurnBook {
  readonly #turns = new Map<string, Turn>()

  turn(name: string, render: () => Turn): Turn {
    const known = this.#turns.get(name)
    if (known) return known
    if (this.#turns.size >= KEPT_TURNS) this.#turns.clear()
    const turn = render()
    this.#turns.set(name, turn)
    return turn
  }
}

/** Collects what one turn sends and passes it to the socket, from memory that is used again and again. */
export class Outgoing {
  #memory = Buffer.allocUnsafe(1 << 18)
  #length = 0
  #sends: number[] = []

  get length(): number {
    return this.#length
  }

  turn(turn: Turn, uuid: string, id: string): void {
    const at = this.#room(turn.bytes.length)
    const memory = this.#memory
    turn.bytes.copy(memory, at)
    for (const place of turn.uuidAt) memory.write(uuid, at + place, 'latin1')
    for (const place of turn.idAt) memory.write(id, at + place, 'latin1')
    for (const end of turn.sends) this.#sends.push(at + end)
  }

  text(text: string): void {
    const at = this.#room(text.length)
    this.#memory.write(text, at, 'latin1')
    this.#sends.push(this.#length)
  }

  /** In one write, or in one for each reply and event. `write` returns whether the bytes are still needed after it. */
  send(write: (bytes: Buffer) => boolean, inOne: boolean): void {
    let stillNeeded = false
    let from = 0
    for (const to of inOne ? [this.#length] : this.#sends) {
      if (to > from) stillNeeded = write(this.#memory.subarray(from, to)) || stillNeeded
      from = to
    }
    if (stillNeeded) this.#memory = Buffer.allocUnsafe(this.#memory.length)
    this.#length = 0
    this.#sends = []
  }

  #room(bytes: number): number {
    const at = this.#length
    this.#length = at + bytes
    if (this.#length > this.#memory.length) {
      const larger = Buffer.allocUnsafe(this.#length * 2)
      this.#memory.copy(larger, 0, 0, at)
      this.#memory = larger
    }
    return at
  }
}
