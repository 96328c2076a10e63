/**
 * A call through the whole way in: originated by the switch without a telephone, led by its dialplan to the place where nodes listen.
 *
 * It goes to the extension of legs that we have dialled (path `leg`). When LISTEN is free, the doctor listens there for a moment and
 * the call arrives here; any other call is let go as if nobody had listened. When it is not free, a node should be behind it, and a node
 * hangs up a leg that nobody waits for with ORIGINATOR_CANCEL: that cause proves that a node took the connection, liked its key and read
 * who it is.
 */
import type { Clock } from '../../base/clock.ts'
import { uuidKill } from '../../esl/api.ts'
import type { SwitchEvent } from '../../esl/event.ts'
import { newUuid, type Ident, type Uuid } from '../../esl/words.ts'
import { fault, ok, warning, type Finding } from './finding.ts'
import { awaitGuest, type Guest } from './guest.ts'
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
  using guest = await awaitGuest(uuid, settings, clock)
  const ending = await makeCall(line, uuid, guest, clock)
  return told(name, ending, guest !== null, settings)
}

async function makeCall(line: SwitchLine, uuid: Uuid, guest: Guest | null, clock: Clock): Promise<Ending> {
  await line.watch('CHANNEL_EXECUTE', 'CHANNEL_HANGUP')
  let settle: (ending: Ending) => void = () => {}
  const over = new Promise<Ending>(resolve => (settle = resolve))
  const timer = clock.after(LIMIT_MS, () => settle({ what: 'silence' }))
  using _listening = line.on('event', event => {
    const ending = event.raw('Unique-ID') === uuid ? endingOf(event) : null
    if (ending) settle(ending)
  })
  void guest?.came.then(why => settle(why === null ? { what: 'arrived' } : { what: 'refused-here', why }))
  try {
    const answer = await line.ask(question.testCall(uuid))
    if (!answer.startsWith('+OK')) return { what: 'not-made', why: answer }
    const ending = await over
    return ending.what === 'nobody' && guest?.turnedAway ? { what: 'refused-here', why: 'LISTEN_ALLOW does not name its address' } : ending
  } finally {
    timer.cancel()
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
  const compare = `LISTEN is ${place}: switchhook_node_a or _b in switchhook_vars.xml must lead there, and no firewall may stand between`
  switch (ending.what) {
    case 'arrived':
      return ok(name, `a test call came in at ${place}`)
    case 'by-node':
      return ok(
        name,
        weListened ? `a test call was taken by a node that runs, not at ${place}` : 'a test call was taken by the node that runs',
      )
    case 'refused-here':
      return fault(name, `a test call was refused at the door: ${ending.why}`, 'see dialplan/ and DOOR_KEY, LISTEN_ALLOW')
    case 'nobody':
      return weListened
        ? fault(name, 'a test call reached nobody', compare)
        : fault(
            name,
            `a test call was taken by nobody, though ${place} is in use`,
            `if it is no node that listens there, end it or set LISTEN; if it is one, its log says why; else ${compare}`,
          )
    case 'silence':
      return fault(name, `a test call got no answer in ${LIMIT_MS / 1_000} s: something takes the connection and says nothing`, compare)
    case 'hung-up':
      return fault(name, `a test call was hung up with ${ending.cause}`, 'look at its log for the extension switchhook-leg')
    case 'not-made':
      return warning(
        name,
        `no test call could be made (it said '${ending.why}'): the way in is not proven`,
        'load mod_loopback for the time of the check',
      )
  }
}
