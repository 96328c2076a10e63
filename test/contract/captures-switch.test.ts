/**
 * Compares what the simulated FreeSWITCH sends with what FreeSWITCH 1.10.12 sent: each recorded conversation is
 * repeated in virtual time. The application writes the same commands at the same points, and the same kinds of frames
 * must return, in the same order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/esl/event.ts'
import { SimulatedSwitch, VirtualClock, type Action, type Person } from '../../src/testing/index.ts'
import { headersOf, kindOf, Player, recorded, type Cuts } from './captured-conversation.ts'

/** The events outside, in milliseconds after the connection. */
type Outside = (after: (ms: number, act: () => void) => void, caller: Person) => void

interface Scenario extends Cuts {
  /** Recordings of one call, one for each connection. */
  readonly captures: readonly string[]
  readonly outside?: Outside
  /** Sounds that do not exist. */
  readonly missing?: string
  /** The warnings that the simulation must give. */
  readonly unknown?: readonly string[]
}

const action = (application: string, data = ''): Action => ({ application, data })
const LINES: Action[] = [
  action('set', 'socket_resume=true'),
  action('socket', '127.0.0.1:8084 async full'),
  action('answer'),
  action('playback', 'tone_stream://%(200,0,600)'),
  action('hangup', 'NORMAL_TEMPORARY_FAILURE'),
]

function openSwitch(missing?: string): { clock: VirtualClock; sim: SimulatedSwitch } {
  const clock = new VirtualClock()
  const sim = new SimulatedSwitch({ clock, heartbeat: false, sounds: missing ? { [missing]: 'missing' } : {} })
  for (const number of ['9100', '9200']) sim.dialplan.extension(number, LINES, { context: 'default' })
  sim.dialplan.extension('1000', [action('answer'), action('sleep', '60000')], { context: 'default' })
  return { clock, sim }
}

const CALLS: Record<string, Scenario> = {
  'a menu, a missing sound, a hangup': { captures: ['outbound-ivr-plain.jsonl'], missing: '/nonexistent' },
  'the same in JSON': { captures: ['outbound-ivr-json.jsonl'], missing: '/nonexistent' },
  'three commands sent together': { captures: ['outbound-two-executes-queued.jsonl'] },
  'an application that the switch does not know': {
    captures: ['outbound-unknown-app.jsonl'],
    unknown: ['application no_such_app'],
  },
  'commands that make no sense': {
    captures: ['outbound-bad-commands.jsonl'],
    unknown: ['command bogus', 'api no_such_api', 'log', 'call-command bogus'],
  },
  'a break, loops, a text body, words that are not English': {
    captures: ['outbound-async-control.jsonl'],
    until: 'conference',
  },
  'a caller who hangs up while we linger': {
    captures: ['outbound-caller-hangs-up-linger.jsonl'],
    outside: (after, caller) => after(420, () => caller.hangUp()),
  },
  'a caller who hangs up and nobody lingers': {
    captures: ['outbound-caller-hangs-up-no-linger.jsonl'],
    outside: (after, caller) => after(430, () => caller.hangUp()),
    // It is chance whether these still come: elsewhere the connection ended right after CHANNEL_HANGUP. In the
    // simulation they never come.
    skip: /CHANNEL_(EXECUTE_COMPLETE|UNPARK|STATE|HANGUP_COMPLETE) .* hangup /,
  },
  'an application that closes, with socket_resume': {
    captures: ['outbound-app-closes-socket-resume.jsonl'],
    closes: true,
    // Sent to an application that is gone: a Switchhook wire does not read after its own end.
    skip: /^notice disconnect/,
  },
  'a talk that the other side ends': { captures: ['outbound-bridge-answered.jsonl'] },
  'a busy number': { captures: ['outbound-bridge-busy.jsonl'] },
  'a number that nobody answers': { captures: ['outbound-bridge-no-answer.jsonl'] },
  'a number that does not exist': { captures: ['outbound-bridge-unallocated.jsonl'] },
  'a group of numbers': { captures: ['outbound-bridge-group.jsonl'] },
  'a caller who leaves while it rings': {
    captures: ['outbound-bridge-caller-abandons.jsonl'],
    outside: (after, caller) => after(940, () => caller.hangUp('ORIGINATOR_CANCEL')),
  },
  'two legs bridged by their uuids': {
    captures: ['outbound-bridge-two-sockets.jsonl', 'outbound-bridge-two-sockets.2.jsonl'],
  },
  'a recording, hold, a talk that parks, a transfer': { captures: ['outbound-record-hold-transfer.jsonl'] },
}

for (const [what, scenario] of Object.entries(CALLS)) {
  test(`the simulated switch holds this conversation as the real one did: ${what}`, async () => {
    const { clock, sim } = openSwitch(scenario.missing)
    const foreign = (uuid: string) =>
      players.map(player => player.uuids.get(uuid)).find(known => known !== undefined) ?? partnerOf(sim)
    const players: Player[] = scenario.captures.map(
      name => new Player(clock, recorded(name, scenario), scenario.skip, foreign),
    )
    const waiting = [...players]
    sim.listeners.set('127.0.0.1:8084', wire => waiting.shift()?.take(wire))
    const people: Person[] = []
    for (const [at] of scenario.captures.entries()) {
      people.push(
        sim.world.call({
          from: at === 0 ? '13800138000' : '1002',
          name: at === 0 ? 'Alice' : '1002',
          to: at === 0 ? '9100' : '9200',
          context: 'default',
        }),
      )
      await clock.advance(20)
    }
    scenario.outside?.((ms, act) => void clock.after(ms - 20, act), people[0]!)
    await clock.runUntil(Promise.all(players.map(player => player.play())), 60_000)
    await clock.advance(12_000)
    for (const player of players) assert.deepEqual(player.kinds, player.recording.kinds)
    assert.deepEqual(sim.unknown, scenario.unknown ?? [])
    await sim.close()
  })
}

const LINKS: Record<string, Scenario> = {
  'a password that is right': { captures: ['inbound-auth-accepted.jsonl'] },
  'a password that is wrong': { captures: ['inbound-auth-refused.jsonl'] },
  'a call that is answered': { captures: ['inbound-originate-answered.jsonl'] },
  'a call to a machine, ended by us': { captures: ['inbound-originate-machine.jsonl'] },
  'a call to a busy number': { captures: ['inbound-originate-busy.jsonl'] },
  'a call that nobody answers': { captures: ['inbound-originate-no-answer.jsonl'] },
  'a call to a number that does not exist': { captures: ['inbound-originate-unallocated.jsonl'] },
  // Log lines and the scheduler's own events are not simulated.
  'a heartbeat, an event of our own': {
    captures: ['inbound-heartbeat-log.jsonl'],
    skip: /^log|RE_SCHEDULE/,
    unknown: ['log'],
  },
}

for (const [what, scenario] of Object.entries(LINKS)) {
  test(`the simulated switch answers the event link as the real one did: ${what}`, async () => {
    const clock = new VirtualClock()
    const sim = new SimulatedSwitch({ clock })
    // The real one began its heartbeat before the connection: its first beat comes after 17.3 s.
    if (what.includes('heartbeat')) await clock.advance(2_664)
    const player = new Player(clock, recorded(scenario.captures[0]!, scenario), scenario.skip, uuid => uuid)
    player.take(sim.connect())
    await clock.runUntil(player.play(), 60_000)
    await clock.advance(12_000)
    assert.deepEqual(player.kinds, player.recording.kinds)
    assert.deepEqual(sim.unknown, scenario.unknown ?? [])
    await sim.close()
  })
}

for (const [what, digit] of [
  ['a person', '1'],
  ['a machine', '6'],
] as const) {
  test(`the simulated switch hears ${what} as the real one did`, async () => {
    const { clock, sim } = openSwitch()
    const player = new Player(
      clock,
      recorded(`outbound-detect-${what === 'a person' ? 'human' : 'machine'}.jsonl`, {}),
      undefined,
      uuid => uuid,
    )
    sim.listeners.set('127.0.0.1:8087', wire => player.take(wire))
    const link = sim.connect()
    link.listen({ data() {}, close() {} })
    link.write(
      `auth ClueCon\n\nbgapi originate {ignore_early_media=true}sofia/gateway/carrier/200${digit} '&socket(127.0.0.1:8087 async full)'\n\n`,
    )
    await clock.runUntil(player.play(), 60_000)
    await clock.advance(12_000)
    assert.deepEqual(player.kinds, player.recording.kinds)
    await sim.close()
  })
}

test('single commands are answered to the letter', async () => {
  const { clock, sim } = openSwitch()
  // the recorded FreeSWITCH had this user in its directory; the telephone was off
  sim.world.at('user/1001', { answers: 'never' })
  sim.world.remove('user/1001')
  const { frames, turns } = recorded('inbound-state.jsonl', {})
  const told =
    /uuid_exists|uuid_kill|originate|module_exists|bridged_calls|show registrations|fsctl max_sessions|version|global_getvar|sofia_contact/
  const player = new Player(
    clock,
    {
      kinds: [],
      frames: [],
      turns: turns.filter(turn => told.test(turn.bytes)).map(turn => ({ ...turn, afterFrames: 0, gap: 1 })),
      hangsUp: undefined,
    },
    undefined,
    uuid => uuid,
  )
  const wire = sim.connect()
  player.take(wire)
  wire.write('auth ClueCon\n\n')
  await clock.runUntil(player.play(), 60_000)
  await clock.advance(1_000)
  const real = turns.flatMap(turn => (told.test(turn.bytes) ? [utf8(frames[turn.afterFrames]!.body)] : []))
  assert.deepEqual(
    player.frames.slice(2).map(frame => utf8(frame.body)),
    real,
  )
  await sim.close()
})

test('headers come under their real names, in the real order', async () => {
  const { clock, sim } = openSwitch()
  const player = new Player(
    clock,
    recorded('outbound-bridge-two-sockets.jsonl', { until: 'call-command: hangup' }),
    undefined,
    () => '',
  )
  const other = new Player(
    clock,
    recorded('outbound-bridge-two-sockets.2.jsonl', {}),
    undefined,
    uuid => player.uuids.get(uuid) ?? '',
  )
  const waiting = [player, other]
  sim.listeners.set('127.0.0.1:8084', wire => waiting.shift()?.take(wire))
  sim.world.call({ from: '13800138000', name: 'Alice', to: '9100', context: 'default' })
  await clock.advance(20)
  sim.world.call({ from: '1002', to: '9200', context: 'default' })
  await clock.runUntil(Promise.all([player.play(), other.play()]), 60_000)
  for (const one of [player, other]) {
    for (const [at, frame] of one.frames.entries()) {
      const [ours, real] = [frame, one.recording.frames[at]!].map(f =>
        [...headersOf(f.body || f.head).keys()].filter(name => !name.startsWith('variable_')),
      )
      assert.deepEqual(ours, real, kindOf(frame))
    }
  }
  await sim.close()
})

/** The other leg of the talk, for recordings that name a leg that they did not create. */
function partnerOf(sim: SimulatedSwitch): string {
  for (const channel of sim.channels.values()) {
    const partner = channel.variables.get('bridge_uuid')
    if (partner) return partner
  }
  return '00000000-0000-0000-0000-000000000000'
}
