/** The command link over any wire, for tests in memory: what esl/client.ts does over TCP with esl-lite. */
import type { Clock } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { ApiText } from '../esl/api.ts'
import { api, auth, bgapi } from '../esl/command.ts'
import { Connection } from '../esl/connection.ts'
import type { Commands } from '../esl/client.ts'
import type { Wire } from '../esl/wire.ts'
import type { Uuid } from '../esl/safe-text.ts'

/** What esl/client.ts says when its link breaks in the middle of a command. */
const lost = (error: unknown): never => {
  throw new SwitchError('SWITCH_TIMEOUT', 'the command link broke: whether the command ran is unknown', {
    cause: error,
  })
}

/** Resolves when the password was accepted. */
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
    throw new SwitchError('SWITCH_REFUSED', `the password was refused: ${accepted.text}`)
  return {
    async run(text: ApiText) {
      if (!connection.open) throw new SwitchError('LINK_DOWN', 'the command link is down')
      const { body } = await connection.send(api(text)).catch(lost)
      if (body.startsWith('-')) throw new SwitchError('SWITCH_REFUSED', `the switch answered '${body.trim()}'`)
      return body
    },
    async submit(text: ApiText, job: Uuid) {
      if (!connection.open) throw new SwitchError('LINK_DOWN', 'the command link is down')
      const reply = await connection.send(bgapi(text, job)).catch(lost)
      if (reply.text.startsWith('-')) throw new SwitchError('SWITCH_REFUSED', `the switch answered '${reply.text}'`)
    },
    async close() {
      connection.end()
    },
  }
}
