import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../../src/base/errors.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Door } from '../../src/call/entry.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import * as say from '../../src/esl/api.ts'
import { api, linger, subscribe } from '../../src/esl/command.ts'
import { Connection } from '../../src/esl/connection.ts'
import { openListener } from '../../src/esl/listener.ts'
import { connectTcp } from '../../src/esl/tcp.ts'
import { memoryPair, VirtualClock, type MemoryWire } from '#testing'

function open(slice?: number) {
  const clock = new VirtualClock()
  const [ours, theirs] = memoryPair(slice === undefined ? {} : { slice })
  const heard: string[] = []
  const writes: string[] = []
  let closed: Error | undefined | null = null
  theirs.listen({ data: chunk => void writes.push(chunk.toString('latin1')), close() {} })
  const connection = new Connection(ours, clock, {
    event: event => void heard.push(event.name),
    closed: error => (closed = error),
    refused: text => void heard.push(`refused ${text}`),
  })
  return { clock, connection, theirs, heard, writes, closed: () => closed }
}

const reply = (text: string) => `Content-Type: command/reply\nReply-Text: ${text}\n\n`
const event = (name: string) => {
  const body = `Event-Name: ${name}\nUnique-ID: 1\n\n`
  return `Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n${body}`
}

test('what is said in answer to one thing leaves in one write, also across awaits', async () => {
  const { clock, connection, theirs, writes } = open()
  const first = connection.send(api(say.status))
  connection.post(linger(5))
  await clock.settle()
  assert.deepEqual(writes, ['api status\n\nlinger 5\n\n'])
  void first.then(async () => {
    connection.post(subscribe('CHANNEL_HANGUP'))
    await Promise.resolve()
    await Promise.resolve()
    connection.post(linger(6))
  })
  theirs.write('Content-Type: api/response\nContent-Length: 2\n\nUP' + reply('+OK'))
  await clock.settle()
  assert.deepEqual(writes.slice(1), ['event plain CHANNEL_HANGUP\n\nlinger 6\n\n'])
})

for (const slice of [1, 7, undefined]) {
  test(`replies find their commands between events, in chunks of ${slice ?? 'any number of'} octets`, async () => {
    const { clock, connection, theirs, heard } = open(slice)
    const answers = [connection.send(linger(1)), connection.send(api(say.status)), connection.send(linger(3))]
    connection.post(linger(4))
    theirs.write(
      event('CHANNEL_ANSWER') +
        reply('+OK one') +
        event('DTMF') +
        'Content-Type: api/response\nContent-Length: 8\n\nUP\nlines',
    )
    theirs.write(event('CHANNEL_HANGUP') + reply('-ERR three') + reply('-ERR four'))
    await clock.settle()
    assert.deepEqual(
      (await Promise.all(answers)).map(answer => answer.text),
      ['+OK one', 'UP', '-ERR three'],
    )
    assert.equal((await answers[1]!).body, 'UP\nlines')
    assert.deepEqual(heard, ['CHANNEL_ANSWER', 'DTMF', 'CHANNEL_HANGUP', 'refused -ERR four'])
  })
}

test('when the wire closes, everybody who waits for a reply is told at once', async () => {
  const { clock, connection, theirs, closed } = open()
  const waiting = [connection.send(linger(1)), connection.send(linger(2))].map(promise =>
    promise.catch((error: { code: string }) => error.code),
  )
  theirs.end()
  await clock.settle()
  assert.deepEqual(await Promise.all(waiting), ['CALL_MOVED', 'CALL_MOVED'])
  assert.equal(closed(), undefined)
  await assert.rejects(connection.send(linger(3)), { code: 'CALL_MOVED' })
})

test('a connection that is reset is gone like any other: nobody sees the error of the machine, and the door stands', async () => {
  const { clock, connection, theirs } = open()
  const waiting = connection.send(linger(1)).catch((error: { code: string }) => error.code)
  theirs.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
  await clock.settle()
  assert.equal(await waiting, 'CALL_MOVED')

  const [ours, peer] = memoryPair()
  peer.listen({ data: () => peer.destroy(), close() {} })
  const door = new Door({
    clock,
    log: silentLog,
    switchboard: new Switchboard(),
    start: () => assert.fail('a flow began'),
  })
  const knocked = door.accept(ours as MemoryWire)
  await clock.settle()
  await knocked
})

test('half a frame and then nothing is dropped after five seconds; a slow one that goes on is not', async () => {
  const slow = open()
  slow.connection.post(linger(5))
  for (const part of ['Content-Type: comm', 'and/reply\nReply', '-Text: +OK\n', '\n']) {
    slow.theirs.write(part)
    await slow.clock.advance(1_200)
  }
  assert.equal(slow.closed(), null)
  const busy = open() // every chunk ends within the next frame
  for (let chunk = 0; chunk < 10; chunk++) {
    busy.connection.post(linger(5))
    busy.theirs.write(`${chunk === 0 ? '' : '/reply\nReply-Text: +OK\n\n'}Content-Type: command`)
    await busy.clock.advance(1_000)
  }
  assert.equal(busy.closed(), null)
  busy.connection.destroy()
  const stuck = open()
  stuck.theirs.write('Content-Type: comm')
  await stuck.clock.advance(4_900)
  assert.equal(stuck.closed(), null)
  await stuck.clock.advance(200)
  assert.equal((stuck.closed() as unknown as { code: string }).code, 'PROTOCOL')
  assert.equal(stuck.clock.pending().length, 0)
})

test('a reply to nothing and octets that are no event socket end the connection', async () => {
  for (const octets of [
    reply('+OK'),
    'Content-Length: -5\n\n',
    `GET / HTTP/1.1\r\nContent-Length: 5\nContent-Length: 6\n\n`,
  ]) {
    const { clock, theirs, closed } = open()
    theirs.write(octets)
    await clock.settle()
    assert.equal((closed() as unknown as { code: string } | null)?.code, 'PROTOCOL', octets)
  }
})

test('who connects and says nothing is sent away after five seconds and has learnt nothing', async () => {
  const clock = new VirtualClock()
  const [ours, theirs] = memoryPair()
  let gone = false
  const said: string[] = []
  theirs.listen({ data: chunk => void said.push(chunk.toString()), close: () => (gone = true) })
  const door = new Door({
    clock,
    log: silentLog,
    switchboard: new Switchboard(),
    start: () => assert.fail('a flow began'),
  })
  void door.accept(ours as MemoryWire)
  await clock.advance(4_900)
  assert.equal(gone, false)
  await clock.advance(300)
  assert.equal(gone, true)
  assert.match(said.join(''), /^connect\n\nlinger 5\n\n$/)
})

test('a connection from an address that is not allowed is closed before anything is said', async t => {
  const warned: string[] = []
  const log: Log = { ...silentLog, warn: ((fields: { peer: string }) => void warned.push(fields.peer)) as Log['warn'] }
  const listener = await openListener({
    host: '127.0.0.1',
    port: 0,
    allow: ['10.0.0.0/8', '::1/128'],
    log,
    onWire: () => assert.fail('it was let in'),
  })
  t.after(() => listener.close())
  const wire = await connectTcp('127.0.0.1', listener.port)
  const octets = await new Promise<string>(resolve => {
    let said = ''
    wire.listen({ data: chunk => void (said += chunk.toString()), close: () => resolve(said) })
  })
  assert.equal(octets, '')
  assert.deepEqual(warned, ['127.0.0.1'])
  await assert.rejects(openListener({ host: '127.0.0.1', port: 0, allow: ['lan'], log, onWire() {} }), InputError)
})
