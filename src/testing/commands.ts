/**
 * The command link over any wire, for tests in memory. A node uses esl/client.ts, which connects again.
 */
import type { Clock } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { ApiText } from '../esl/api.ts'
import { api, auth, bgapi } from '../esl/command.ts'
import { Connection } from '../esl/connection.ts'
import type { Commands } from '../esl/client.ts'
import type { Wire } from '../esl/wire.ts'
import type { Uuid } from '../esl/safe-text.ts'

/** The error of esl/client.ts for a link that breaks during a command. */
const lost = (error: unknown): never => {
  throw new SwitchError('SWITCH_TIMEOUT', 'the command link broke: whether the command ran is unknown', {
    cause: error,
  })
}

/** Resolves when FreeSWITCH has accepted the password. Rejects with SwitchError SWITCH_REFUSED when it refuses it. */
export async function connectionCommands(
  wire: Wire,
  { password, clock }: { password: string; clock: Clock },
): Promise<Commands> {
  let asked = () => {}
  const authRequested = new Promise<void>(resolve => (asked = resolve))
  const connection = new Connection(wire, clock, { event() {}, closed() {}, authRequest: () => asked() })
  await authRequested
  const accepted = await connection.send(auth(password))
  if (!accepted.text.startsWith('+OK'))
    throw new SwitchError('SWITCH_REFUSED', `FreeSWITCH refused the password: ${accepted.text}`)
  return {
    async run(text: ApiText) {
      if (!connection.open) throw new SwitchError('LINK_DOWN', 'the command link is down')
      const { body } = await connection.send(api(text)).catch(lost)
      if (body.startsWith('-')) throw new SwitchError('SWITCH_REFUSED', `FreeSWITCH answered '${body.trim()}'`)
      return body
    },
    async submit(text: ApiText, job: Uuid) {
      if (!connection.open) throw new SwitchError('LINK_DOWN', 'the command link is down')
      const reply = await connection.send(bgapi(text, job)).catch(lost)
      if (reply.text.startsWith('-')) throw new SwitchError('SWITCH_REFUSED', `FreeSWITCH answered '${reply.text}'`)
    },
    async close() {
      connection.end()
    },
  }
}
