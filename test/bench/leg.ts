/**
 * One channel of the bench's FreeSWITCH: its subscription, its variables, the applications it runs (in no time) and its
 * end.
 */
import { capturedUuid, encode, eventText, TurnBook, turnOf, type Happening, type Moment, type Turn } from './turn.ts'

/** The events of `myevents` (mod_event_socket.c); all others need `event`. */
export const MY_EVENTS = [
  'CHANNEL_ANSWER',
  'CHANNEL_APPLICATION',
  'CHANNEL_BRIDGE',
  'CHANNEL_CREATE',
  'CHANNEL_DATA',
  'CHANNEL_DESTROY',
  'CHANNEL_EXECUTE',
  'CHANNEL_EXECUTE_COMPLETE',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'CHANNEL_ORIGINATE',
  'CHANNEL_UUID',
  'CHANNEL_OUTGOING',
  'CHANNEL_PARK',
  'CHANNEL_UNPARK',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_STATE',
  'CHANNEL_UNBRIDGE',
  'CALL_UPDATE',
  'DETECTED_SPEECH',
  'DTMF',
  'NOTALK',
  'TALK',
] as const

/** The keys that callers press: a few different ones, so that their prepared bytes can be used again. */
const PINS = ['4711', '1234', '9081', '5550', '2468', '3141', '8080', '7007'] as const

export const OK = 'Content-Type: command/reply\nReply-Text: +OK\n\n'
export const NOTICE = 'Content-Type: text/disconnect-notice\nControlled-Session-UUID: '

const book = new TurnBook()

export class Leg {
  /** Seconds that the connection stays after the hang-up. */
  linger = 0
  json = false
  readonly #number: number
  readonly #parkIn: string | undefined
  #events = new Set<string>()
  #listening = ''
  #parked = false
  #over = false
  #applications = 0
  #state = ''
  #moment: Moment = { answered: false, variables: [] }

  /** `number` counts the calls of a run. In the application `parkIn` the channel stays until it is hung up. */
  constructor(number: number, parkIn?: string) {
    this.#number = number
    this.#parkIn = parkIn
  }

  get over(): boolean {
    return this.#over
  }

  get parked(): boolean {
    return this.#parked
  }

  /** The number of applications that have ended. */
  get applications(): number {
    return this.#applications
  }

  subscribe(names: readonly string[]): void {
    for (const name of names) this.#events.add(name)
    this.#listening = `${[...this.#events].sort().join()}${this.json ? '+json' : ''}`
  }

  unsubscribe(names: readonly string[] = [...this.#events]): void {
    for (const name of names) this.#events.delete(name)
    this.subscribe([])
  }

  /**
   * The reply, and everything that FreeSWITCH sends because of the application, as one prepared turn. Empty once the
   * channel is parked.
   */
  execute(application: string, argument: string, idLength: number): Turn {
    if (this.#parked) return book.turn('parked', () => turnOf([OK], 0))
    const parks = application === this.#parkIn
    const pin = application === 'play_and_get_digits' ? this.#pin(argument) : ''
    const name = `${this.#listening}|${this.#state}|${application}|${argument}|${pin}|${idLength}|${parks}`
    const before = this.#moment
    if (!parks) this.#remember(application, argument, pin)
    this.#parked = parks
    if (!parks) this.#applications++
    return book.turn(name, () => {
      const about = { application, argument, idLength }
      const start: Happening[] = [
        { name: 'PRIVATE_COMMAND', state: 'CS_EXECUTE' },
        { name: 'CHANNEL_EXECUTE', ...about },
      ]
      const end: Happening[] = [
        ...during(application, pin),
        { name: 'CHANNEL_EXECUTE_COMPLETE', ...about, response: response(application) },
      ]
      const first = this.#render(start, before)
      const last = parks ? { parts: [], events: 0 } : this.#render(end, this.#moment)
      return turnOf([OK, ...first.parts, ...last.parts], first.events + last.events)
    })
  }

  /** Everything that FreeSWITCH sends at a hang-up, up to and including HANGUP_COMPLETE. */
  hangUp(cause: string): Turn {
    this.#over = true
    return book.turn(`${this.#listening}|${this.#state}|hangup|${cause}|${this.linger}`, () => {
      const first = this.#render(
        [
          { name: 'CHANNEL_CALLSTATE', state: 'CS_EXECUTE' },
          { name: 'CHANNEL_HANGUP', cause },
        ],
        this.#moment,
      )
      const last = this.#render(
        [
          { name: 'CHANNEL_UNPARK' },
          {
            name: 'CHANNEL_EXECUTE_COMPLETE',
            application: 'socket',
            argument: '127.0.0.1:8084 async full',
            response: '_none_',
          },
          { name: 'CHANNEL_STATE', state: 'CS_HANGUP' },
          { name: 'CHANNEL_STATE', state: 'CS_REPORTING' },
          { name: 'CHANNEL_HANGUP_COMPLETE', cause },
        ],
        this.#moment,
      )
      const notice =
        `${NOTICE}${capturedUuid}\nContent-Disposition: linger\nChannel-Name: sofia/internal/13800138000@127.0.0.1\n` +
        `Linger-Time: ${this.linger}\nContent-Length: 0\n\n`
      return turnOf([...first.parts, ...(this.linger > 0 ? [notice] : []), ...last.parts], first.events + last.events)
    })
  }

  #render(happenings: readonly Happening[], moment: Moment): { parts: string[]; events: number } {
    const heard = happenings.filter(what => this.#events.has(what.name) || this.#events.has('ALL'))
    return { parts: heard.map(what => eventText(what, moment, this.json)), events: heard.length }
  }

  /** The keys for `min max tries …`: as many as the command asks for, four at most. */
  #pin(argument: string): string {
    const [min = '1', max = '4'] = argument.split(' ')
    return (PINS[this.#number % PINS.length] ?? '').slice(0, Math.max(Number(min) || 1, Math.min(4, Number(max) || 4)))
  }

  #remember(application: string, argument: string, pin: string): void {
    if (application === 'answer') {
      this.#state = 'answered'
      this.#moment = { ...this.#moment, answered: true }
      return
    }
    const set = application === 'set' ? argument : pin ? `${argument.split(' ')[7] ?? 'digits'}=${pin}` : ''
    const equals = set.indexOf('=')
    if (equals < 1) return
    this.#state += `;${set}`
    const heard = pin ? [['variable_read_result', 'success'] as const] : []
    this.#moment = {
      ...this.#moment,
      variables: [
        ...this.#moment.variables,
        ...heard,
        [`variable_${set.slice(0, equals)}`, encode(set.slice(equals + 1))],
      ],
    }
  }
}

function during(application: string, pin: string): Happening[] {
  switch (application) {
    case 'answer':
      return [{ name: 'CHANNEL_CALLSTATE', state: 'CS_EXECUTE' }, { name: 'CHANNEL_ANSWER' }]
    case 'playback':
      return [{ name: 'PLAYBACK_START' }, { name: 'PLAYBACK_STOP' }]
    case 'play_and_get_digits':
      return [
        { name: 'PLAYBACK_START' },
        ...[...pin].map(digit => ({ name: 'DTMF', digit })),
        { name: 'PLAYBACK_STOP' },
      ]
    default:
      return []
  }
}

const response = (application: string) => (application === 'playback' ? 'FILE PLAYED' : '_none_')
