import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryPair, VirtualClock } from '#testing'
import type { Clock } from '../../src/base/clock.ts'
import { Conversation } from '../../src/call/conversation.ts'
import { ident } from '../../src/esl/safe-text.ts'

const LEG = '11111111-2222-4333-8444-555555555555'
const event = (name: string, cause: string) => {
  const body = `Event-Name: ${name}\nUnique-ID: ${LEG}\nHangup-Cause: ${cause}\n\n`
  return `Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n${body}`
}
const LINGERS = 'Content-Type: text/disconnect-notice\nContent-Disposition: linger\nContent-Length: 0\n\n'

/** A conversation that has been greeted, and the far end of its wire. */
async function greeted() {
  const clock = new VirtualClock()
  const [near, far] = memoryPair()
  far.listen({ data() {}, close() {} })
  const conversation = new Conversation(near, clock, () => {})
  const greeting = conversation.greet()
  far.write(`Event-Name: CHANNEL_DATA\nUnique-ID: ${LEG}\nContent-Type: command/reply\nReply-Text: %2BOK%0A\n\n`)
  await greeting
  const told: string[] = []
  const note = (what: string) => void told.push(what)
  conversation.attach({
    maySend: () => true,
    key() {},
    bridged() {},
    recorded() {},
    hungUp: last => note(`hung up ${last?.get('Hangup-Cause') ?? 'unheard'}`),
    complete: () => note('complete'),
    closed: () => note('closed'),
  })
  return { clock, far, conversation, told }
}

test('a hang-up that is told of one look behind the notice of it keeps its cause, and the last event is heard', async () => {
  const { clock, far, conversation, told } = await greeted()
  const playing = conversation.execute(ident('playback'))
  far.write(LINGERS)
  await clock.advance(20)
  far.write(event('CHANNEL_HANGUP', 'ORIGINATOR_CANCEL'))
  await assert.rejects(playing, { code: 'CALL_ENDED', hangupCause: 'ORIGINATOR_CANCEL' })
  far.write(event('CHANNEL_HANGUP_COMPLETE', 'ORIGINATOR_CANCEL'))
  await clock.advance(1_000)
  assert.deepEqual(told.slice(0, 2), ['hung up ORIGINATOR_CANCEL', 'complete'])
  assert.deepEqual(clock.pending(), [])
})

test('a hang-up of which no event ever tells is noticed all the same', async () => {
  const { clock, far, conversation, told } = await greeted()
  const playing = conversation.execute(ident('playback'))
  const over = assert.rejects(playing, { code: 'CALL_ENDED' })
  far.write(LINGERS)
  await clock.advance(1_000)
  await over
  assert.deepEqual(told, ['hung up unheard'])
  conversation.destroy()
  await clock.settle()
  assert.deepEqual(clock.pending(), [])
})

test('a connection that is closed before the hang-up was told has told it all the same: nobody looks for the leg', async () => {
  const { clock, far, told } = await greeted()
  far.write(LINGERS)
  await clock.advance(20)
  far.end()
  await clock.settle()
  assert.deepEqual(told, ['hung up unheard', 'closed'])
  assert.deepEqual(clock.pending(), [])
})

test('a switch that answered while this process stood still is not taken for silent', async () => {
  const clock = new VirtualClock()
  const turns: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    turn: fn => clock.turn(fn),
    after: (ms, fn) => clock.after(Math.max(1, ms), fn),
  } // a turn takes a millisecond
  const [near, far] = memoryPair()
  far.listen({ data() {}, close() {} })
  const conversation = new Conversation(near, turns, () => {})
  const greeting = conversation.greet()
  // timers run before sockets: the limit of five seconds is first
  clock.after(5_000, () =>
    far.write(`Event-Name: CHANNEL_DATA\nUnique-ID: ${LEG}\nContent-Type: command/reply\nReply-Text: %2BOK%0A\n\n`),
  )
  const [headers] = await Promise.all([greeting, clock.advance(5_002)])
  assert.equal(headers.get('Unique-ID'), LEG)
  const silent = new Conversation(memoryPair()[0], turns, () => {}).greet()
  await Promise.all([assert.rejects(silent, /no answer to connect within 5000 ms/), clock.advance(5_002)])
  conversation.destroy()
})
