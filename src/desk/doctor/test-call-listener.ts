/**
 * Listens at LISTEN for one call that is known by its uuid and was sent to this host, and lets every other one go at once, as if nobody
 * had listened. Not the house's own door: that one hangs up dialled legs which nobody here waits for, and those may be another node's.
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
  /** Null when all is well with the call that came, else what is wrong with it. Does not settle when it never comes. */
  readonly came: Promise<string | null>
  /** Somebody came from an address that LISTEN_ALLOW does not name. */
  readonly turnedAway: boolean
}

/** Null when the place is taken: a node runs there, or somebody else. */
export async function awaitTestCall(
  uuid: Uuid,
  sentTo: string,
  { listen: { host, port }, listenAllow: allow, doorKey }: DoctorSettings,
  clock: Clock,
): Promise<TestCallListener | null> {
  let turnedAway = false
  const log: Log = { ...silentLog, warn: () => void (turnedAway = true) } // all that a listener warns of
  const open = new Set<Conversation>()
  let tell: (fault: string | null) => void = () => {}
  const came = new Promise<string | null>(resolve => (tell = resolve))
  const receive = async (wire: Wire): Promise<void> => {
    const conversation = new Conversation(wire, clock, () => {})
    open.add(conversation)
    try {
      const data = await conversation.greet()
      const arrival = readArrival(data)
      // when nobody is at that host, the dialplan tries all of them: such a call says nothing about the one it was sent to
      const by = data.get('variable_current_application_data') ?? ''
      if (arrival.uuid !== uuid || !by.startsWith(`${sentTo}/`)) return conversation.destroy()
      const mode = `${data.get('Socket-Mode')} ${data.get('Control')}`
      if (mode !== 'async full') tell(`its socket line ends in '${mode}' and not in 'async full'`)
      else tell(doorKey !== null && arrival.key !== doorKey ? 'it carried another key than DOOR_KEY' : null)
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      conversation.destroy() // no call: a stranger, or one that was hung up meanwhile
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
