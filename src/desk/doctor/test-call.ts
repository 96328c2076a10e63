/**
 * Calls through the way in, one for each host that the dialplan names: originated by the switch without a telephone, and led by its
 * dialplan to that host first (extension switchhook-home-leg, path `leg`, which takes the host from a variable).
 *
 * A node hangs up a leg that nobody waits for with ORIGINATOR_CANCEL: that cause proves that a node took the connection, liked its key
 * and read who it is. Where LISTEN is free, the doctor listens there for a moment: a call that arrives at the doctor proves the way, and
 * that no node runs there. Any other call is let go as if nobody had listened.
 */
import type { Clock } from '../../base/clock.ts'
import { uuidKill } from '../../esl/api.ts'
import type { SwitchEvent } from '../../esl/event.ts'
import { newUuid, type Ident, type Uuid } from '../../esl/safe-text.ts'
import { fault, ok, warning, type Finding } from './finding.ts'
import { awaitTestCall, type TestCallListener } from './test-call-listener.ts'
import type { DoctorSettings } from './doctor-input.ts'
import * as question from './doctor-queries.ts'
import type { SwitchLine } from './switch-line.ts'

/** Below the patience of the dialplan (15 s): the call is ours to end. */
const LIMIT_MS = 6_000
const TAKEN_BY_A_NODE = 'ORIGINATOR_CANCEL'

/** How a test call ended. */
export type Ending =
  | { what: 'by-node' }
  | { what: 'arrived' }
  | { what: 'refused-here'; why: string }
  | { what: 'nobody' }
  | { what: 'silence' }
  | { what: 'hung-up'; cause: string }
  | { what: 'not-made'; why: string }

/** One after the other: the doctor's own listener waits for one call at a time. */
export async function checkCalls(
  name: string,
  hosts: readonly string[],
  line: SwitchLine,
  settings: DoctorSettings,
  clock: Clock,
): Promise<Finding[]> {
  await line.watch('CHANNEL_EXECUTE', 'CHANNEL_HANGUP')
  const endings = new Map<string, Ending>()
  for (const host of hosts) {
    const uuid = newUuid()
    using listener = await awaitTestCall(uuid, host, settings, clock)
    endings.set(host, await makeCall(line, uuid, host, listener, clock))
  }
  return [...told(name, endings, settings)]
}

async function makeCall(
  line: SwitchLine,
  uuid: Uuid,
  host: string,
  listener: TestCallListener | null,
  clock: Clock,
): Promise<Ending> {
  let settle: (ending: Ending) => void = () => {}
  const over = new Promise<Ending>(resolve => (settle = resolve))
  const timer = clock.after(LIMIT_MS, () => settle({ what: 'silence' }))
  using _listening = line.on('event', event => {
    const ending = event.raw('Unique-ID') === uuid ? endingOf(event) : null
    if (ending) settle(ending)
  })
  void listener?.came.then(why => settle(why === null ? { what: 'arrived' } : { what: 'refused-here', why }))
  try {
    const answer = await line.ask(question.testCall(uuid, host))
    if (!answer.startsWith('+OK')) return { what: 'not-made', why: answer }
    const ending = await over
    return ending.what === 'nobody' && listener?.turnedAway
      ? { what: 'refused-here', why: 'LISTEN_ALLOW does not name its address' }
      : ending
  } finally {
    timer.cancel()
    await line.ask(uuidKill(uuid, 'NORMAL_CLEARING' as Ident)) // -ERR when it is gone already
  }
}

/** The way home ends in the entry extension when that host could not be reached, or let go of the call. */
function endingOf(event: SwitchEvent): Ending | null {
  if (event.name === 'CHANNEL_EXECUTE') {
    const onwards =
      event.get('Application') === 'transfer' && /^switchhook-(leg|sorry)\b/.test(event.get('Application-Data') ?? '')
    return onwards ? { what: 'nobody' } : null
  }
  if (event.name !== 'CHANNEL_HANGUP') return null
  const cause = event.get('Hangup-Cause') ?? 'unknown'
  return cause === TAKEN_BY_A_NODE ? { what: 'by-node' } : { what: 'hung-up', cause }
}

/** Exported for tests. A node that is down is a warning while another one takes calls, else every caller hears the apology: a fault. */
export function* told(
  name: string,
  endings: ReadonlyMap<string, Ending>,
  { listen }: Pick<DoctorSettings, 'listen'>,
): Generator<Finding> {
  const served = [...endings.values()].some(ending => ending.what === 'by-node')
  for (const [host, ending] of endings) yield ofHost(name, host, ending, served)
  const place = `${listen.host}:${listen.port}`
  const named = [...endings.keys()].some(
    host => host === place || (/^(0\.0\.0\.0|::)$/.test(listen.host) && host.endsWith(`:${listen.port}`)),
  )
  if (named) return
  const mend =
    'set switchhook_node_a or _b in switchhook_vars.xml to it, or set LISTEN (and NODE_ADDRESS) to one of these'
  yield (served ? warning : fault)(
    name,
    `its dialplan does not name LISTEN ${place}: no call comes to a node there`,
    mend,
  )
}

function ofHost(name: string, host: string, ending: Ending, served: boolean): Finding {
  const down = served ? warning : fault
  const heard = served ? 'when the other node dies callers hear the apology' : 'every caller hears the apology'
  switch (ending.what) {
    case 'by-node':
      return ok(name, `a test call to ${host} was taken by the node there`)
    case 'arrived':
      return down(
        name,
        `no node runs at ${host}, to which a test call came: ${heard}`,
        'start it: `switchhook run` with this LISTEN',
      )
    case 'refused-here':
      return fault(
        name,
        `a test call to ${host} was refused at the door: ${ending.why}`,
        'see dialplan/ and DOOR_KEY, LISTEN_ALLOW',
      )
    case 'nobody':
      return down(
        name,
        `a test call to ${host} was taken by nobody: ${heard}`,
        `start the node there; if one runs, its log says why it refused (DOOR_KEY, LISTEN_ALLOW), or a firewall stands between`,
      )
    case 'silence':
      return fault(
        name,
        `a test call to ${host} got no answer in ${LIMIT_MS / 1_000} s: something takes the connection and says nothing`,
        'end the process that listens there, or the node if it is frozen',
      )
    case 'hung-up':
      return fault(
        name,
        `a test call to ${host} was hung up with ${ending.cause}`,
        'look at its log for the extension switchhook-home',
      )
    case 'not-made':
      return warning(
        name,
        `no test call could be made (it said '${ending.why}'): the way in is not proven`,
        'load mod_loopback for the time of the check',
      )
  }
}
