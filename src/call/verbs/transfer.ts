/**
 * Sends the call to an extension of the dialplan. Switchhook does not drive it after that: the flow ends as if the
 * caller had hung up.
 */
import * as build from '../../esl/api.ts'
import { api } from '../../esl/command.ts'
import { ident, type Ident, type VarValue } from '../../esl/safe-text.ts'
import { noteMoment, ofOther } from '../../journal/moments.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'

/** The hang-up cause with which the flow sees its call end. */
export const TRANSFERRED = 'TRANSFERRED'

/**
 * `extension`: a number or name of the dialplan; `context`: its context (default: 'default'). The connection is closed
 * while socket_resume is false: closed with true, it would return the leg to a node. Rejects with SwitchError
 * SWITCH_REFUSED.
 */
export function transfer(leg: Leg, extension: string, context = 'default'): Promise<void> {
  const command = build.uuidTransferTo(leg.uuid, ident(extension.replace(/^\+/, '')), ident(context))
  return step(leg, {
    verb: 'transfer',
    args: [extension],
    intent: () => null, // a call that connects to a node again was not transferred: then the transfer runs again
    run: async () => {
      const conversation = await leg.driven()
      conversation.post(api(build.uuidSetvar(leg.uuid, 'socket_resume' as Ident, 'false' as VarValue)))
      await conversation.api(command)
      noteMoment(leg.steps.journal, { event: 'transferred', to: extension, ...ofOther(leg) }, { atOnce: true })
      leg.handOver(TRANSFERRED)
    },
  })
}
