/** A simulated FreeSWITCH in this process, in real time and over TCP, and its carrier. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/base/clock.ts'
import { Scope } from '../../../src/base/scope.ts'
import { SimulatedSwitch, type Behaviour } from '../../../src/testing/index.ts'
import { takePort } from '../cli-process.ts'
import { Ear } from '../survival/ear.ts'
import { CarrierBook } from './book.ts'
import { digitsOf, PERSON, type Kind } from './kinds.ts'
import type { Outside } from './outside.ts'

const PASSWORD = 'of-the-campaign'
export async function openSimulated(): Promise<Outside> {
  const opened = new Scope()
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-campaign-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const sim = new SimulatedSwitch({
    clock: systemClock,
    password: PASSWORD,
    network: 'tcp',
    sounds: { 'campaign/safe-harbour': '600ms' },
  })
  opened.defer(() => sim.close())
  const port = await sim.listen({ port: 0 })
  const taken = await Promise.all([takePort(), takePort()])
  await Promise.all(taken.map(one => one.close()))
  const ports = taken.map(one => one.port)
  sim.installEntry(ports.map(one => `127.0.0.1:${one}`))
  const book = new CarrierBook()
  const ear = await Ear.open(port, PASSWORD, { sounds: false })
  opened.defer(() => ear.close())
  /** By the uuid of the leg: when it has answered, its destination is the extension of the campaign. */
  const numbers = new Map<string, string>()
  ear.on(({ name, uuid, to, at, outbound }) => {
    if (outbound && name === 'CHANNEL_CREATE' && to.startsWith('+1')) {
      numbers.set(uuid, to)
      book.of(to).calls++
    }
    const number = numbers.get(uuid)
    if (number === undefined || name !== 'CHANNEL_ANSWER') return
    book.of(number).answeredAt = at
    book.of(number).greetedAt = at + PERSON.breathMs + PERSON.wordMs
  })
  for (const [kind, behaviour] of Object.entries(behaviours(book)))
    sim.world.at(new RegExp(`^sofia/gateway/carrier/\\+1\\d+${digitsOf(kind as Kind)}$`), behaviour)
  return {
    settings: { FREESWITCH: `127.0.0.1:${port}`, FREESWITCH_PASSWORD: PASSWORD },
    ports,
    folder,
    book,
    agent(n) {
      const telephone = `user/agent-${n}`
      sim.world.at(telephone, { answers: '100ms', speaks: 'human' })
      return telephone
    },
    legs: async () => sim.channels.size,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

function behaviours(book: CarrierBook): Record<Kind, Behaviour> {
  const answers = `${PERSON.ringsMs}ms` as const
  return {
    person: {
      answers,
      rings(person) {
        person.on('answered', () => person.says(`${PERSON.wordMs}ms`, `${PERSON.breathMs}ms`))
        person.on('talking', other => {
          if (!other) return
          book.of(person.name).agentAt ??= Date.now()
          setTimeout(() => person.hangUp(), PERSON.talksSeconds * 1_000).unref()
        })
      },
    },
    'gone-at-once': { answers, talksFor: '100ms' },
    machine: { answers, speaks: 'machine-without-beep' },
    beep: { answers, speaks: 'machine' },
    congested: { answers: 'congested' },
    never: { answers: 'never' },
    busy: { answers: 'busy' },
    unallocated: { answers: 'unallocated' },
  }
}
