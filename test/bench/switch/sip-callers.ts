/**
 * People who call a FreeSWITCH over SIP at very low cost: INVITE, ACK and BYE over UDP (RFC 3261), and no sound of
 * their own. So the load costs almost nothing beside the measured processes. The sound for them is sent to a port where
 * nobody listens.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'

/** RFC 863, discard. */
const NOBODY = 9

interface Dialog {
  readonly callId: string
  readonly tag: string
  readonly number: string
  /** With the tag of the other side, when it is known. */
  to: string
  state: 'calling' | 'talking' | 'over'
  readonly over: Promise<void>
  end(): void
}

export class SipCallers {
  readonly #socket: Socket
  readonly #target: number
  readonly #dialogs = new Map<string, Dialog>()
  #numbers = 0
  #closed = false
  /** Calls that were answered, and those that FreeSWITCH refused or ended by itself. */
  answered = 0
  ended = 0

  private constructor(socket: Socket, target: number) {
    this.#socket = socket
    this.#target = target
    socket.on('message', message => this.#hear(message.toString('latin1')))
  }

  /** `target` is the port of the SIP profile, on loopback. */
  static async open(target: number): Promise<SipCallers> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new SipCallers(socket, target)
  }

  /**
   * A person calls this number and stays on the line for this number of milliseconds. Resolves when the call is over.
   */
  async call(number: string, lastsMs: number): Promise<void> {
    let end = () => {}
    const over = new Promise<void>(resolve => (end = resolve))
    const dialog: Dialog = {
      callId: randomBytes(8).toString('hex'),
      tag: randomBytes(4).toString('hex'),
      number,
      to: `<sip:${number}@127.0.0.1>`,
      state: 'calling',
      over,
      end,
    }
    this.#dialogs.set(dialog.callId, dialog)
    const from = `4930${String(800_000 + (++this.#numbers % 100_000))}`
    const body = [
      'v=0',
      `o=- 1 1 IN IP4 127.0.0.1`,
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${NOBODY} RTP/AVP 0`,
      'a=rtpmap:0 PCMU/8000',
      '',
    ].join('\r\n')
    this.#say(dialog, 'INVITE', 1, body, from)
    const timer = setTimeout(() => this.#hangUp(dialog), lastsMs)
    await over
    clearTimeout(timer)
    this.#dialogs.delete(dialog.callId)
  }

  /** Ends all remaining calls, without a BYE. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const dialog of this.#dialogs.values()) this.#end(dialog)
    this.#socket.close()
  }

  #end(dialog: Dialog): void {
    dialog.state = 'over'
    dialog.end()
  }

  #hangUp(dialog: Dialog): void {
    if (dialog.state === 'over') return
    this.#say(dialog, dialog.state === 'calling' ? 'CANCEL' : 'BYE', dialog.state === 'calling' ? 1 : 2)
    dialog.state = 'over'
    setTimeout(dialog.end, 500) // also when no answer to it comes
  }

  #hear(text: string): void {
    const callId = /^Call-ID: *(\S+)/im.exec(text)?.[1] ?? ''
    const dialog = this.#dialogs.get(callId)
    if (!dialog) return
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1] ?? 0)
    if (status === 0) return this.#request(dialog, text)
    const method = /^CSeq: *\d+ +(\w+)/im.exec(text)?.[1]
    if (method !== 'INVITE' || status < 200) return
    dialog.to = /^To: *(.+?)\r?$/im.exec(text)?.[1] ?? dialog.to
    this.#say(dialog, 'ACK', 1)
    if (dialog.state !== 'calling') return
    if (status < 300) {
      dialog.state = 'talking'
      this.answered++
    } else {
      this.ended++
      this.#end(dialog)
    }
  }

  /** FreeSWITCH hangs up. */
  #request(dialog: Dialog, text: string): void {
    if (!text.startsWith('BYE')) return
    const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].flatMap(name =>
      [...text.matchAll(new RegExp(`^${name}: *.+?\\r?$`, 'gim'))].map(([line]) => line.trim()),
    )
    this.#socket.send(
      ['SIP/2.0 200 OK', ...copied, 'Content-Length: 0', '', ''].join('\r\n'),
      this.#target,
      '127.0.0.1',
    )
    if (dialog.state === 'talking') this.ended++
    this.#end(dialog)
  }

  #say(dialog: Dialog, method: string, sequence: number, body = '', from = 'x'): void {
    const { port } = this.#socket.address()
    const head = [
      `${method} sip:${dialog.number}@127.0.0.1:${this.#target} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${dialog.callId}${method === 'CANCEL' || method === 'ACK' ? 'INVITE' : method}`,
      `From: <sip:${from}@127.0.0.1>;tag=${dialog.tag}`,
      `To: ${dialog.to}`,
      `Call-ID: ${dialog.callId}`,
      `CSeq: ${sequence} ${method}`,
      `Contact: <sip:caller@127.0.0.1:${port}>`,
      'Max-Forwards: 70',
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
    ]
    this.#socket.send(`${head.join('\r\n')}\r\n\r\n${body}`, this.#target, '127.0.0.1')
  }
}
