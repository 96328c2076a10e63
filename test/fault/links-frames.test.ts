/** Row 16: every reply is matched to its command, however the stream is cut and whatever arrives in between. */
import { test } from 'node:test'
import { simulate } from '#testing'
import { systemClock } from '../../src/base/clock.ts'
import { SwitchError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import * as say from '../../src/esl/api.ts'
import { CommandLink } from '../../src/esl/client.ts'
import { api, bgapi, execute, type Command } from '../../src/esl/command.ts'
import { Connection } from '../../src/esl/connection.ts'
import { newUuid, type Ident } from '../../src/esl/safe-text.ts'
import { memoryPair } from '../../src/testing/memory-wire.ts'
import { SimulatedSwitch } from '../../src/testing/switch/simulated-switch.ts'
import { PacketReader, type Packet } from '../../src/testing/switch/packet.ts'
import welcome from '../../scripts/welcome.ts'
import { many, row } from './matrix.ts'
import { openProxy } from './proxy.ts'
import { seeded } from './links-chance.ts'

/** An event with everything that a reader could take for something else. */
function event(number: number): string {
  const nested = `Content-Type: command/reply\nReply-Text: +OK not ${number}\n\n-ERR not this either\n`
  const block = `Event-Name: BACKGROUND_JOB\nJob-UUID: ${number}\nContent-Length: ${nested.length}\n\n${nested}`
  return `Content-Length: ${block.length}\nContent-Type: text/event-plain\n\n${block}`
}

/** FreeSWITCH's reply to a command: it contains the mark that the command carries. */
function answer({ command, headers }: Packet, marks: Set<string>): string {
  const mark = /[0-9a-f-]{36}/.exec(command)?.[0] ?? headers.get('event-uuid') ?? ''
  marks.add(mark)
  if (command.startsWith('bgapi'))
    return `Content-Type: command/reply\nReply-Text: +OK Job-UUID: ${headers.get('job-uuid')}\nJob-UUID: ${headers.get('job-uuid')}\n\n`
  if (command.startsWith('api')) return `Content-Type: api/response\nContent-Length: ${mark.length + 1}\n\n${mark}\n`
  // posted: refusals carry the mark
  return `Content-Type: command/reply\nReply-Text: ${mark.startsWith('0') ? `-ERR ${mark}` : '+OK'}\n\n`
}

row(
  16,
  'replies find their commands between events, in slices of one to seven octets',
  { injected: 'slices of 1 to 7 octets, events', quick: true },
  async (_t, told) => {
    const commands = many(100_000, 10_000)
    const random = seeded(16)
    let mismatches = 0
    let answered = 0
    let events = 0
    for (const slice of [1, 2, 3, 7]) {
      const [ours, theirs] = memoryPair({ slice })
      const reader = new PacketReader()
      const known = new Set<string>()
      theirs.listen({
        data: chunk => {
          for (const packet of reader.push(chunk)) {
            const between = random() < 0.3 ? event(events) : ''
            theirs.write(random() < 0.5 ? between + answer(packet, known) : answer(packet, known) + between)
          }
        },
        close() {},
      })
      const refused: string[] = []
      const posted: string[] = []
      const connection = new Connection(ours, systemClock, {
        event: () => void events++,
        closed() {},
        refused: text => void refused.push(text),
      })
      const asked: Promise<void>[] = []
      const ask = (command: Command, right: (reply: { text: string; body: string }) => boolean) => {
        asked.push(
          connection.send(command).then(reply => {
            answered++
            if (!right(reply)) mismatches++
          }),
        )
      }
      for (let number = 0; number < commands / 4; number++) {
        const mark = newUuid()
        const kind = random()
        if (kind < 0.4) ask(api(say.uuidExists(mark)), reply => reply.body.trim() === mark)
        else if (kind < 0.8)
          ask(bgapi(say.uuidExists(newUuid()), mark), reply => reply.text === `+OK Job-UUID: ${mark}`)
        else {
          posted.push(mark)
          connection.post(execute('playback' as Ident, mark))
        }
        const then = random()
        if (then < 0.2) await Promise.all(asked.splice(0)) // else they accumulate
        else if (then < 0.4) await new Promise(resolve => setImmediate(resolve))
      }
      ask(api(say.status), () => true)
      await Promise.all(asked)
      answered--
      const expected = posted.filter(mark => mark.startsWith('0')).map(mark => `-ERR ${mark}`)
      answered += posted.length
      if (refused.join() !== expected.join())
        mismatches += Math.max(1, expected.filter((text, at) => refused[at] !== text).length)
      connection.destroy()
    }
    told.trials = commands
    told.is(`${mismatches} mismatches of ${answered}`, mismatches === 0 && answered === commands)
    told.says(`${events} events in between`)
  },
)

row(
  16,
  'a link to the switch whose stream comes octet by octet gives every answer to its question',
  { injected: 'a proxy that slices TCP', quick: true },
  async (t, told) => {
    const commands = many(5_000, 400)
    const sim = new SimulatedSwitch({ clock: systemClock, heartbeat: false })
    t.after(() => sim.close())
    const proxy = await openProxy(t, { port: await sim.listen({ port: 0 }) })
    proxy.slice(1)
    const link = new CommandLink({
      name: 'sliced',
      host: '127.0.0.1',
      port: proxy.port,
      password: sim.password,
      clock: systemClock,
      log: silentLog,
    })
    t.after(() => link.close())
    await link.start()
    const names = Array.from({ length: 100 }, (_, number) => `mark_${number}`)
    for (const name of names) sim.globals.set(name, `value of ${name}`)
    let mismatches = 0
    let unanswered = 0
    for (let number = 0; number < commands; number += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, at) => {
          const name = names[(number + at * 7) % names.length]!
          try {
            if ((await link.run(say.globalVariable(name as Ident))).trim() !== `value of ${name}`) mismatches++
          } catch (error) {
            if (!(error instanceof SwitchError)) throw error
            unanswered++
          }
        }),
      )
    }
    told.trials = commands
    told.is(`${mismatches} mismatches`, mismatches === 0)
    told.is(`${unanswered} without an answer`, unanswered === 0)
  },
)

test('row 16: callers go through menu, queue and talk when every octet comes alone', async t => {
  const sim = simulate(t)
  sim.switch.slice(1)
  const agents = [sim.agent('alice'), sim.agent('bob')]
  for (const agent of agents) await agent.ready()
  const caller = sim.call(welcome)
  await caller.hears('ivr/welcome')
  await caller.presses('2')
  await Promise.any(agents.map(agent => agent.hears('whisper/press-1')))
  await agents.find(agent => agent.place.rang > 0)!.presses('1')
  await sim.until('they talk', () => agents.some(agent => agent.place.last?.talksWith !== undefined))
  await caller.hangsUp()
  await caller.outcome()
})
