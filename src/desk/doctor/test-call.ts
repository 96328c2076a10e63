/**
 * A call through the whole way in: originated by the switch without a telephone, led by its dialplan to the place where nodes listen.
 *
 * It goes to the extension of legs that we have dialled (path `leg`). When LISTEN is free, the doctor opens the real door there for a
 * moment and the call arrives here. When it is not, a node should be behind it, and a node hangs up a leg that nobody waits for with
 * ORIGINATOR_CANCEL: that cause proves that a node took the connection, liked its key and read who it is. Other calls that come while
 * the doctor's door is open are given on at once, as if nobody had listened.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { SwitchError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { Door } from '../../call/arrive.ts'
import { Switchboard } from '../../call/switchboard.ts'
import { uuidKill } from '../../esl/api.ts'
import type { SwitchEvent } from '../../esl/event.ts'
import { openListener } from '../../esl/listener.ts'
import type { TcpListener } from '../../esl/tcp.ts'
import { newUuid, type Ident, type Uuid } from '../../esl/words.ts'
import { fault, ok, warning, type Finding } from './finding.ts'
import type { DoctorSettings } from './house.ts'
import * as question from './questions.ts'
import type { SwitchLine } from './switch-line.ts'

/** Below the patience of the dialplan (15 s): the call is ours to end. */
const LIMIT_MS = 6_000
const TAKEN_BY_A_NODE = 'ORIGINATOR_CANCEL'

/** How the test call ended. */
type Ending =
  | { what: 'arrived' }
  | { what: 'by-node' }
  | { what: 'refused-here'; why: string }
  | { what: 'nobody' }
  | { what: 'silence' }
  | { what: 'hung-up'; cause: string }
  | { what: 'not-made'; why: string }

export async function checkCall(name: string, line: SwitchLine, settings: DoctorSettings, clock: Clock): Promise<Finding> {
  const uuid = newUuid()
  const complaints: string[] = []
  const door = new Door({ clock, log: collecting(complaints), switchboard: new Switchboard(), key: settings.doorKey ?? undefined, start: leg => leg.giveAway() })
  using expected = door.expect(uuid)
  const listener = await listen(settings, door, complaints)
  try {
    const ending = await makeCall(line, uuid, expected.arrived, complaints, clock)
    return told(name, ending, listener !== null, settings)
  } finally {
    for (const leg of door.legs.values()) leg.giveAway()
    listener?.stopListening()
  }
}

/** Null when the place is taken: a node runs there, or somebody else. */
async function listen({ listen: { host, port }, listenAllow: allow }: DoctorSettings, door: Door, complaints: string[]): Promise<TcpListener | null> {
  try {
    return await openListener({ host, port, allow, log: collecting(complaints), onWire: wire => void door.knock(wire) })
  } catch (error) {
    if (error instanceof SwitchError && error.code === 'LINK_DOWN') return null
    throw error
  }
}

async function makeCall(line: SwitchLine, uuid: Uuid, arrived: Promise<unknown>, complaints: readonly string[], clock: Clock): Promise<Ending> {
  await line.watch('CHANNEL_EXECUTE', 'CHANNEL_HANGUP')
  let timer: Timer | null = null
  let listening: Disposable | null = null
  const over = new Promise<Ending>(resolve => {
    timer = clock.after(LIMIT_MS, () => resolve({ what: 'silence' }))
    listening = line.on('event', event => {
      const ending = event.raw('Unique-ID') === uuid ? endingOf(event) : null
      if (ending) resolve(ending)
    })
    void arrived.then(() => resolve({ what: 'arrived' }))
  })
  try {
    const answer = await line.ask(question.testCall(uuid))
    if (!answer.startsWith('+OK')) return { what: 'not-made', why: answer }
    const ending = await over
    const why = complaints[0]
    return ending.what === 'nobody' && why !== undefined ? { what: 'refused-here', why } : ending
  } finally {
    ;(timer as Timer | null)?.cancel()
    ;(listening as Disposable | null)?.[Symbol.dispose]()
    await line.ask(uuidKill(uuid, 'NORMAL_CLEARING' as Ident)) // -ERR when it is gone already
  }
}

/** On the way to the extension that says sorry every node has been asked. */
function endingOf(event: SwitchEvent): Ending | null {
  if (event.name === 'CHANNEL_EXECUTE') {
    const sorry = event.get('Application') === 'transfer' && (event.get('Application-Data') ?? '').startsWith('switchhook-sorry')
    return sorry ? { what: 'nobody' } : null
  }
  if (event.name !== 'CHANNEL_HANGUP') return null
  const cause = event.get('Hangup-Cause') ?? 'unknown'
  return cause === TAKEN_BY_A_NODE ? { what: 'by-node' } : { what: 'hung-up', cause }
}

function told(name: string, ending: Ending, weListened: boolean, { listen: { host, port } }: DoctorSettings): Finding {
  const place = `${host}:${port}`
  const compare = `LISTEN is ${place}: switchhook_node_a or switchhook_node_b in switchhook_vars.xml must lead there, and no firewall may stand between`
  switch (ending.what) {
    case 'arrived':
      return ok(name, `a test call came in at ${place}`)
    case 'by-node':
      return ok(name, weListened ? `a test call was taken by a node that runs, not at ${place}` : 'a test call was taken by the node that runs')
    case 'refused-here':
      return fault(name, `a test call was refused at the door: ${ending.why}`, 'see dialplan/ and DOOR_KEY, LISTEN_ALLOW')
    case 'nobody':
      return weListened
        ? fault(name, 'a test call reached nobody', compare)
        : fault(name, `a test call was taken by nobody, though ${place} is in use`, `if it is no node that listens there, end it or set LISTEN; if it is one, its log says why; else ${compare}`)
    case 'silence':
      return fault(name, `a test call got no answer in ${LIMIT_MS / 1_000} s: something takes the connection and says nothing`, compare)
    case 'hung-up':
      return fault(name, `a test call was hung up with ${ending.cause}`, 'look at its log for the extension switchhook-leg')
    case 'not-made':
      return warning(name, `no test call could be made (it said '${ending.why}'): the way in is not proven`, 'load mod_loopback for the time of the check')
  }
}

/** The door tells its log what was wrong with a call. */
function collecting(complaints: string[]): Log {
  const take = (first: unknown, sentence?: string) => void complaints.push(sentence ?? String(first))
  const log: Log = { debug() {}, info() {}, warn: take, error: take, child: () => log }
  return log
}
