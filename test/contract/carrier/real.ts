/**
 * A real FreeSWITCH, and its carrier in a second one, which keeps the book itself: a leg of the carrier tells when the
 * person has said the greeting, and when the tone of an agent's telephone has reached their ear.
 */
import { Scope } from '../../../src/base/scope.ts'
import { Ear, type Heard } from '../survival/ear.ts'
import { FLOW_SOUNDS } from '../survival/sounds.ts'
import { act, extension, SPEAKS_HZ } from '../switch/freeswitch-config.ts'
import { startFarEnd, startFreeSwitch } from '../switch/freeswitch.ts'
import { CarrierBook } from './book.ts'
import { digitsOf, PERSON, type Kind } from './kinds.ts'
import type { Outside } from './outside.ts'

export async function openReal(program: string): Promise<Outside> {
  const opened = new Scope()
  const near = await startFreeSwitch(program, { outside: 'other', sounds: FLOW_SOUNDS })
  opened.defer(() => near.stop())
  const far = await startFarEnd(program, near.ports, CARRIER)
  opened.defer(() => far.stop())
  const ears = await Promise.all([
    Ear.open(near.ports.eventSocket, near.password, { sounds: false }),
    Ear.open(far.ports.eventSocket, far.password, { sounds: false, applications: ['playback', HEARS_AGENT] }),
  ])
  opened.defer(() => Promise.all(ears.map(ear => ear.close())))
  const book = new CarrierBook()
  ears[1].on(heard => keep(book, heard))
  const { eventSocket, nodeA, nodeB } = near.ports
  return {
    settings: { FREESWITCH: `127.0.0.1:${eventSocket}`, FREESWITCH_PASSWORD: near.password, DOOR_KEY: near.doorKey },
    ports: [nodeA, nodeB],
    folder: near.folder,
    book,
    agent: n => `sofia/gateway/carrier/49301${String(n).padStart(3, '0')}0`,
    async legs() {
      const counts = await Promise.all(ears.map(ear => ear.api('show channels count')))
      return counts.reduce((sum, count) => sum + Number.parseInt(count, 10), 0)
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

function keep(book: CarrierBook, { name, app, data, to, at, outbound }: Heard): void {
  if (outbound || !to.startsWith('+1')) return
  const called = book.of(to)
  if (name === 'CHANNEL_CREATE') called.calls++
  else if (name === 'CHANNEL_ANSWER') called.answeredAt = at
  else if (name === 'CHANNEL_EXECUTE' && app === HEARS_AGENT) called.agentAt ??= at
  else if (name === 'CHANNEL_EXECUTE' && data.startsWith('silence_stream')) called.greetedAt ??= at
}

/** The application that a person's leg executes when it hears an agent: the talk ends after that. */
const HEARS_AGENT = 'sched_hangup'

const rings = [act('ring_ready'), act('sleep', String(PERSON.ringsMs))]
const speaks = (milliseconds: number) => act('playback', `tone_stream://%(${milliseconds},0,300,620)`)
/** A leg sends silence as packets: without them Switchhook hears no pause. */
const listens = act('playback', 'silence_stream://60000,1400')

const ANSWERS: Readonly<Record<Kind, readonly string[]>> = {
  person: [
    ...rings,
    act('set', `execute_on_tone_detect=${HEARS_AGENT} +${PERSON.talksSeconds}`),
    act('answer'),
    act('tone_detect', `agent ${SPEAKS_HZ.called} r`),
    act('sleep', String(PERSON.breathMs)),
    speaks(PERSON.wordMs),
    listens,
  ],
  'gone-at-once': [...rings, act('answer'), act('sleep', '100'), act('hangup')],
  machine: [...rings, act('answer'), speaks(3_000), listens],
  beep: [...rings, act('answer'), speaks(4_000), act('playback', 'tone_stream://%(500,0,1000)'), listens],
  congested: [act('respond', '503')],
  never: [act('ring_ready'), act('sleep', '120000')],
  busy: [act('respond', '486')],
  unallocated: [act('respond', '404')],
}

const CARRIER = Object.entries(ANSWERS)
  .map(([kind, actions]) => extension(`lead-${kind}`, `^\\+1\\d+${digitsOf(kind as Kind)}$`, ...actions))
  .join('\n')
