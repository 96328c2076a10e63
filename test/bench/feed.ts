/** FreeSWITCH's inbound port for a bench: accepts a client, and then sends events as fast as the client reads. */
import { createServer, type Server, type Socket } from 'node:net'
import { capturedUuid, eventText } from './turn.ts'

/** Different events in one round, each with its own leg and id. */
const ROUND = 512
/** From the last subscription to the first event: by then the client's other commands are answered. */
const BEGIN_AFTER_MS = 500

export interface FeedOptions {
  /** CHANNEL_EXECUTE_COMPLETE events to send; a CHANNEL_DESTROY ends them. */
  readonly events: number
}

/** Serves one client at a time on a free port. */
export function openFeed(options: FeedOptions): Promise<{ port: number; bytesPerEvent: number; close(): void }> {
  const rounds = { plain: round(false), json: round(true) }
  const server = createServer({ noDelay: true }, socket => serve(socket, options.events, rounds))
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () =>
      resolve({ port: portOf(server), bytesPerEvent: rounds.plain.length / ROUND, close: () => void server.close() }),
    )
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

function round(json: boolean): Buffer {
  const moment = { answered: true, variables: [['variable_digits', '4711'] as const] }
  const texts = Array.from({ length: ROUND }, (_, index) => {
    const id = `feed-${index.toString(36).padStart(4, '0')}`
    const what = {
      name: 'CHANNEL_EXECUTE_COMPLETE',
      application: 'playback',
      argument: '/sounds/welcome.wav',
      idLength: id.length,
      response: 'FILE PLAYED',
    }
    const uuid = `5eed0000-be2c-4000-8000-${index.toString(16).padStart(12, '0')}`
    return eventText(what, moment, json).replaceAll(capturedUuid, uuid).replaceAll('\x02'.repeat(id.length), id)
  })
  return Buffer.from(texts.join(''), 'latin1')
}

function serve(socket: Socket, events: number, rounds: { plain: Buffer; json: Buffer }): void {
  let unread = ''
  let json = false
  let begin: NodeJS.Timeout | undefined
  const say = (text: string) => socket.write(text, 'latin1')
  const api = (body: string) => say(`Content-Type: api/response\nContent-Length: ${body.length}\n\n${body}`)
  const obey = (command: string) => {
    const [word = '', ...rest] = (command.split('\n', 1)[0] ?? '').split(' ')
    if (word === 'api')
      return api(
        rest[0] === 'status' ? 'UP 0 years\nFreeSWITCH (Version 1.10.12)\n' : '0801c241-77bf-4789-910b-fc666884da81',
      )
    if (word === 'exit') return socket.end()
    if (word === 'auth') return say('Content-Type: command/reply\nReply-Text: +OK accepted\n\n')
    if (word === 'event') {
      json ||= rest[0] === 'json'
      clearTimeout(begin)
      begin = setTimeout(() => void blast(socket, events, json ? rounds.json : rounds.plain, json), BEGIN_AFTER_MS)
    }
    return say('Content-Type: command/reply\nReply-Text: +OK\n\n')
  }
  socket.on('data', chunk => {
    unread += chunk.toString('latin1')
    for (let end = unread.indexOf('\n\n'); end >= 0; end = unread.indexOf('\n\n')) {
      const command = unread.slice(0, end)
      unread = unread.slice(end + 2)
      if (command !== '') obey(command)
    }
  })
  socket.on('error', () => clearTimeout(begin))
  socket.on('close', () => clearTimeout(begin))
  say('Content-Type: auth/request\n\n')
}

async function blast(socket: Socket, events: number, all: Buffer, json: boolean): Promise<void> {
  let goOn = () => {}
  socket.on('drain', () => goOn())
  socket.on('close', () => goOn())
  for (let sent = 0; sent < events && socket.writable; sent += ROUND) {
    const kept = socket.write(all)
    if (!kept) await new Promise<void>(resolve => (goOn = resolve))
  }
  if (socket.writable)
    socket.write(eventText({ name: 'CHANNEL_DESTROY' }, { answered: true, variables: [] }, json), 'latin1')
}
