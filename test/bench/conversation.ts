/** FreeSWITCH's side of one `socket … async full` conversation: reads commands and answers as mod_event_socket does. */
import { type Leg, MY_EVENTS, NOTICE, OK } from './leg.ts'
import { connectTurn, encode, Outgoing } from './turn.ts'

const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n'

const outgoing = new Outgoing()

export interface Line {
  /** Takes all bytes. Returns true while it still needs the memory. */
  write(bytes: Buffer): boolean
  end(): void
  /** Everything that one turn sends leaves in one write; FreeSWITCH uses many. */
  readonly inOne: boolean
}

/** The events of a call that the load receives. */
export interface Observer {
  now(): number
  connected(): void
  command(known: boolean): void
  sent(events: number, bytes: number): void
  /** Milliseconds from the end of an application to the listener's next command. */
  turnaround(ms: number): void
  parked(): void
  hungUp(applications: number): void
  /** After the hang-up the connection stays; `close()` is due in this number of seconds. */
  lingers(seconds: number, close: () => void): void
}

export class Conversation {
  readonly #line: Line
  readonly #observer: Observer
  readonly #uuid: string
  readonly #leg: Leg
  #unread = ''
  #connected = false
  #closed = false
  #mark = 0

  constructor(line: Line, observer: Observer, uuid: string, leg: Leg) {
    this.#line = line
    this.#observer = observer
    this.#uuid = uuid
    this.#leg = leg
  }

  get over(): boolean {
    return this.#leg.over
  }

  receive(text: string): void {
    const before = this.#leg.applications
    this.#unread = (this.#unread + text).replaceAll('\r', '').replace(/^\n+/, '')
    for (let command = this.#next(); command !== undefined && !this.#closed; command = this.#next())
      this.#answer(command.head, command.body)
    this.#flush()
    if (this.#leg.applications > before && !this.#leg.over) this.#mark = this.#observer.now()
  }

  /** The caller hangs up. */
  hangUp(cause: string): void {
    if (this.#leg.over || this.#closed) return
    this.#hangUp(cause)
    this.#flush()
  }

  #flush(): void {
    this.#observer.sent(0, outgoing.length)
    outgoing.send(bytes => this.#line.write(bytes), this.#line.inOne)
  }

  #next(): { head: string; body: string } | undefined {
    const end = this.#unread.indexOf('\n\n')
    if (end < 0) return undefined
    const head = this.#unread.slice(0, end)
    const length = Number(/\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    if (this.#unread.length < end + 2 + length) return undefined
    const body = this.#unread.slice(end + 2, end + 2 + length)
    this.#unread = this.#unread.slice(end + 2 + length).replace(/^\n+/, '')
    return { head, body }
  }

  #answer(head: string, body: string): void {
    if (this.#mark > 0) {
      this.#observer.turnaround(this.#observer.now() - this.#mark)
      this.#mark = 0
    }
    const lineEnd = head.indexOf('\n')
    const [word = '', ...rest] = (lineEnd < 0 ? head : head.slice(0, lineEnd)).split(' ')
    const known = word === 'sendmsg' ? this.#message(rest[0], head, body) : this.#obey(word.toLowerCase(), rest, head)
    this.#observer.command(known)
  }

  /** False when the text is not a command. */
  #obey(word: string, rest: readonly string[], head: string): boolean {
    const leg = this.#leg
    switch (word) {
      case 'connect':
        if (!this.#connected) this.#observer.connected()
        this.#connected = true
        outgoing.turn(connectTurn, this.#uuid, '')
        return true
      case 'myevents':
        leg.json ||= rest.includes('json')
        leg.subscribe(MY_EVENTS)
        return this.#reply('+OK Events Enabled')
      case 'event': {
        const format = rest[0] === 'json' || rest[0] === 'plain' ? rest[0] : undefined
        if (format) leg.json = format === 'json'
        leg.subscribe(format ? rest.slice(1) : rest)
        return this.#reply(`+OK event listener enabled ${leg.json ? 'json' : 'plain'}`)
      }
      case 'nixevent':
        leg.unsubscribe(rest)
        return this.#reply('+OK events nixed')
      case 'noevents':
        leg.unsubscribe()
        return this.#reply('+OK no longer listening for events')
      case 'filter':
        return this.#reply(`+OK filter added. [${rest[0] ?? ''}]=[${rest.slice(1).join(' ')}]`)
      case 'divert_events':
        return this.#reply(`+OK events ${rest[0] === 'on' ? '' : 'not '}diverted`)
      case 'linger':
        leg.linger = Number(rest[0] ?? 3_600)
        return this.#reply(rest[0] === undefined ? '+OK will linger' : `+OK will linger ${rest[0]} seconds`)
      case 'nolinger':
        leg.linger = 0
        return this.#reply('+OK will not linger')
      case 'resume':
        return this.#reply('+OK')
      case 'api':
        return this.#api(rest)
      case 'bgapi': {
        const job = /\njob-uuid: *(\S+)/i.exec(head)?.[1] ?? 'b7a1f5de-0000-4000-8000-000000000001'
        return this.#reply(`+OK Job-UUID: ${job}\nJob-UUID: ${job}`)
      }
      case 'exit':
        this.#reply('+OK bye')
        this.#disconnect()
        return true
      default:
        this.#reply('-ERR command not found')
        return false
    }
  }

  #reply(text: string): true {
    outgoing.text(`Content-Type: command/reply\nReply-Text: ${text}\n\n`)
    return true
  }

  #api(words: readonly string[]): true {
    const body = words[0] === 'uuid_exists' ? 'true' : words[0] === 'uuid_getvar' ? '_undef_' : '+OK\n'
    outgoing.text(`Content-Type: api/response\nContent-Length: ${body.length}\n\n${body}`)
    if (words[0] === 'uuid_kill' && words[1] === this.#uuid && !this.#leg.over)
      this.#hangUp(words[2] ?? 'NORMAL_CLEARING')
    return true
  }

  #message(uuid: string | undefined, head: string, body: string): true {
    if (uuid !== undefined && uuid !== this.#uuid) return this.#reply(`-ERR invalid session id [${uuid}]`)
    const headers = new Map(
      head
        .split('\n')
        .slice(1)
        .map(
          line =>
            [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trimStart()] as const,
        ),
    )
    const what = headers.get('call-command')
    const application = headers.get('execute-app-name') ?? ''
    const argument = headers.get('execute-app-arg') || body
    if (this.#leg.over || (what !== 'execute' && what !== 'hangup')) {
      outgoing.text(OK)
    } else if (what === 'hangup' || application === 'hangup') {
      outgoing.text(OK)
      this.#hangUp((what === 'hangup' ? headers.get('hangup-cause') : argument) || 'NORMAL_CLEARING')
    } else {
      this.#execute(application, argument, encode(headers.get('event-uuid') ?? ''))
    }
    return true
  }

  #execute(application: string, argument: string, id: string): void {
    const parkedBefore = this.#leg.parked
    const turn = this.#leg.execute(application, argument, id.length)
    outgoing.turn(turn, this.#uuid, id)
    this.#observer.sent(turn.events, 0)
    if (this.#leg.parked && !parkedBefore) this.#observer.parked()
  }

  #hangUp(cause: string): void {
    const leg = this.#leg
    const turn = leg.hangUp(cause)
    outgoing.turn(turn, this.#uuid, '')
    this.#observer.sent(turn.events, 0)
    this.#observer.hungUp(leg.applications)
    if (leg.linger === 0) this.#disconnect()
    else this.#observer.lingers(leg.linger, () => this.#disconnect())
  }

  #disconnect(): void {
    if (this.#closed) return
    this.#closed = true
    outgoing.text(
      `${NOTICE}${this.#uuid}\nContent-Disposition: disconnect\nContent-Length: ${GOODBYE.length}\n\n${GOODBYE}`,
    )
    this.#flush()
    this.#line.end()
  }
}
