/**
 * Doctor: listens at LISTEN for one test call, which it knows by uuid and host. It closes every other connection at
 * once, as if no process had listened. The Door of a node cannot be used here: it hangs up dialled legs that its node
 * does not wait for, and such a leg may belong to another node.
 */
import type { Clock } from '../../base/clock.ts'
import { SwitchError, SwitchhookError } from '../../base/errors.ts'
import { silentLog, type Log } from '../../base/log.ts'
import { readArrival } from '../../call/arrival.ts'
import { Conversation } from '../../call/conversation.ts'
import { openListener } from '../../esl/listener.ts'
import type { Wire } from '../../esl/wire.ts'
import type { Uuid } from '../../esl/safe-text.ts'
import type { DoctorSettings } from './doctor-input.ts'

export interface TestCallListener extends Disposable {
  /**
   * Resolves when the test call arrives: with null when it is right, else with its fault. Does not settle when it never
   * arrives.
   */
  readonly came: Promise<string | null>
  /** True when a connection came from an address that LISTEN_ALLOW does not name. */
  readonly turnedAway: boolean
}

/** Resolves with null when another process, such as a node, has the port. */
export async function awaitTestCall(
  uuid: Uuid,
  sentTo: string,
  { listen: { host, port }, listenAllow: allow, doorKey }: DoctorSettings,
  clock: Clock,
): Promise<TestCallListener | null> {
  let turnedAway = false
  const log: Log = { ...silentLog, warn: () => void (turnedAway = true) } // the listener warns of nothing else
  const open = new Set<Conversation>()
  let tell: (fault: string | null) => void = () => {}
  const came = new Promise<string | null>(resolve => (tell = resolve))
  const receive = async (wire: Wire): Promise<void> => {
    const conversation = new Conversation(wire, clock, () => {})
    open.add(conversation)
    try {
      const data = await conversation.greet()
      const arrival = readArrival(data)
      // when that host does not answer, the dialplan tries all hosts: such a call proves nothing about the host
      const by = data.get('variable_current_application_data') ?? ''
      if (arrival.uuid !== uuid || !by.startsWith(`${sentTo}/`)) return conversation.destroy()
      const mode = `${data.get('Socket-Mode')} ${data.get('Control')}`
      if (mode !== 'async full') tell(`its socket line ends in '${mode}' and not in 'async full'`)
      else tell(doorKey !== null && arrival.key !== doorKey ? 'it carried another key than DOOR_KEY' : null)
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      conversation.destroy() // not a call, or a call that was hung up meanwhile
    }
  }
  try {
    const listener = await openListener({ host, port, allow, log, onWire: wire => void receive(wire) })
    return {
      came,
      get turnedAway() {
        return turnedAway
      },
      [Symbol.dispose]() {
        listener.stopListening()
        for (const conversation of open) conversation.destroy()
      },
    }
  } catch (error) {
    if (error instanceof SwitchError && error.code === 'LINK_DOWN') return null
    throw error
  }
}
