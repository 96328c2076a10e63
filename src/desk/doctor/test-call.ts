/**
 * Doctor: sends a test call to each host that the dialplan names. FreeSWITCH originates it without a telephone, and its
 * dialplan offers it to that host first (extension switchhook-home-leg, path `leg`, which takes the host from a
 * variable).
 *
 * A node hangs up a leg that it does not wait for with ORIGINATOR_CANCEL: this cause proves that a node accepted
 * connection, key and call. Where LISTEN is free, the doctor listens there itself: a test call that arrives proves that
 * the dialplan is right and that no node runs.
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

/** Less than the limit of the dialplan (15 s), so that the doctor ends the call. */
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

/** Sends the test calls one after the other, because the doctor's listener waits for one call at a time. */
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
    await line.ask(uuidKill(uuid, 'NORMAL_CLEARING' as Ident)) // -ERR when the call has ended already
  }
}

/**
 * The extension transfers the call on when the host could not be reached, or closed the connection: nobody took the
 * call.
 */
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

/**
 * The findings. A node that is down is a warning while another node takes calls, else a fault: every caller hears the
 * apology. Exported for tests.
 */
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
    'set switchhook_node_a or _b in switchhook_vars.xml to it, or set LISTEN (and NODE_ADDRESS) to a node of the dialplan'
  yield (served ? warning : fault)(name, `its dialplan does not name LISTEN ${place}: a node there gets no calls`, mend)
}

function ofHost(name: string, host: string, ending: Ending, served: boolean): Finding {
  const down = served ? warning : fault
  const heard = served ? 'when the other node dies, callers hear the apology' : 'every caller hears the apology'
  switch (ending.what) {
    case 'by-node':
      return ok(name, `a test call to ${host} was taken by the node there`)
    case 'arrived':
      return down(
        name,
        `no node runs at ${host}, where a test call arrived: ${heard}`,
        'start it: `switchhook run` with this LISTEN',
      )
    case 'refused-here':
      return fault(
        name,
        `a test call to ${host} was refused on arrival: ${ending.why}`,
        'compare dialplan/ with DOOR_KEY and LISTEN_ALLOW',
      )
    case 'nobody':
      return down(
        name,
        `a test call to ${host} was taken by nobody: ${heard}`,
        `start the node there; if one runs, see its log for a refusal (DOOR_KEY, LISTEN_ALLOW), or check the firewall`,
      )
    case 'silence':
      return fault(
        name,
        `a test call to ${host} got no answer in ${LIMIT_MS / 1_000} s: a process accepts the connection and does not answer`,
        'end the process that listens there, or the node if it is frozen',
      )
    case 'hung-up':
      return fault(
        name,
        `a test call to ${host} was hung up with ${ending.cause}`,
        'see its log for the extension switchhook-home',
      )
    case 'not-made':
      return warning(
        name,
        `no test call could be made (answer: '${ending.why}'): calls to the nodes are not proven`,
        'load mod_loopback for the duration of the check',
      )
  }
}
