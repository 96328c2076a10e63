/**
 * The end of a leg comes over two connections, in no common order: FreeSWITCH's event link, and the leg's own
 * connection, which also has the results of what it ran.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryPair, VirtualClock } from '#testing'
import { silentLog } from '../../src/base/log.ts'
import { Conversation } from '../../src/call/conversation.ts'
import { Leg } from '../../src/call/leg.ts'
import { SwitchEvent } from '../../src/esl/event.ts'
import { ident, newUuid } from '../../src/esl/safe-text.ts'
import type { Switch } from '../../src/switch/switchboard.ts'

const arrival = {
  uuid: newUuid(),
  path: 'welcome',
  from: '',
  fromName: '',
  to: '',
  direction: 'in',
  answered: true,
  core: '',
  socketResume: true,
  key: '',
} as const

const body = (name: string, more = '') => `Event-Name: ${name}\nUnique-ID: ${arrival.uuid}\n${more}\n`
const framed = (text: string) => `Content-Length: ${text.length}\nContent-Type: text/event-plain\n\n${text}`
const LINGERS = 'Content-Type: text/disconnect-notice\nContent-Disposition: linger\nContent-Length: 0\n\n'

/** A leg that runs `app`. `link` is the event link, `own` its own connection; both deliver what the test says. */
async function running(app: string) {
  const clock = new VirtualClock()
  const [near, far] = memoryPair()
  const end = { said: '', closed: false }
  far.listen({ data: chunk => (end.said += String(chunk)), close: () => (end.closed = true) })
  let link: (event: SwitchEvent) => void = () => {}
  const home = {
    watch(_uuid: string, hear: typeof link) {
      link = hear
      return { [Symbol.dispose]() {} }
    },
    ended: () => null,
    timeOf: () => clock.now(),
    sharedTime: (told: number) => told,
  } as unknown as Switch
  const leg = new Leg({ arrival, home, clock, log: silentLog })
  const conversation = new Conversation(near, clock, () => {})
  const greeting = conversation.greet()
  far.write(`Event-Name: CHANNEL_DATA\nContent-Type: command/reply\nReply-Text: %2BOK%0A\n\n`)
  await greeting
  leg.bind(conversation)
  const result = conversation.execute(ident(app))
  result.catch(() => {}) // the test looks at it later
  await clock.settle()
  const id = /Event-UUID: (\S+)/i.exec(end.said)![1]
  return {
    clock,
    leg,
    end,
    result,
    completed: body('CHANNEL_EXECUTE_COMPLETE', `Application-UUID: ${id}\nvariable_key: 1\n`),
    hungUp: (cause: string) => [
      body('CHANNEL_HANGUP', `Hangup-Cause: ${cause}\n`),
      body('CHANNEL_HANGUP_COMPLETE', `Hangup-Cause: ${cause}\n`),
    ],
    link: (events: readonly string[]) => events.forEach(text => link(new SwitchEvent(text))),
    own: (events: readonly string[]) => far.write(events.map(framed).join('')),
    lingers: () => far.write(LINGERS),
    breaks: () => far.end(),
  }
}

test('a caller who presses a key and hangs up has pressed it, although the event link tells the hang-up first', async () => {
  const { clock, leg, end, result, completed, hungUp, link, own } = await running('play_and_get_digits')
  let over = false
  void leg.ended.then(() => (over = true))
  link(hungUp('NORMAL_CLEARING'))
  await clock.settle()
  assert.equal(leg.reason?.hangupCause, 'NORMAL_CLEARING')
  assert.deepEqual([over, end.closed], [false, false])
  own([completed, ...hungUp('NORMAL_CLEARING')])
  assert.equal((await result).variable('key'), '1')
  await clock.settle()
  assert.deepEqual([over, end.closed], [true, true])
  assert.deepEqual(clock.pending(), [])
})

test('an application that FreeSWITCH does not know has its name, although the event link tells the hang-up first', async () => {
  const { clock, result, hungUp, link, own, lingers } = await running('no_such_application')
  lingers()
  link(hungUp('DESTINATION_OUT_OF_ORDER'))
  await clock.settle()
  own(hungUp('DESTINATION_OUT_OF_ORDER'))
  await assert.rejects(result, { code: 'APP_UNKNOWN', message: /no_such_application/ })
  await clock.settle()
  assert.deepEqual(clock.pending(), [])
})

for (const [what, afterMs] of [
  ['is closed', 0],
  ['says nothing more', 3_000],
] as const)
  test(`a call ends although its own connection ${what} before it tells the hang-up`, async () => {
    const { clock, leg, result, hungUp, link, breaks } = await running('playback')
    link(hungUp('USER_BUSY'))
    await clock.settle()
    if (what === 'is closed') breaks()
    await clock.advance(afterMs)
    const { cause, facts } = await leg.ended
    assert.deepEqual([cause, facts?.name], ['USER_BUSY', 'CHANNEL_HANGUP_COMPLETE'])
    await assert.rejects(result)
    assert.deepEqual(clock.pending(), [])
  })
