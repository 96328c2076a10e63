/** Gives the call to an extension of the dialplan. It is not ours after that: the flow ends as if the caller had hung up. */
import * as build from '../../esl/api.ts'
import { api } from '../../esl/command.ts'
import { ident, type Ident, type VarValue } from '../../esl/safe-text.ts'
import { noteMoment, ofOther } from '../../journal/moments.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'

/** The cause with which the flow sees its call end. */
export const TRANSFERRED = 'TRANSFERRED'

/**
 * `extension` is a number or name of the dialplan, `context` its context (default: 'default').
 * The connection is closed while socket_resume is false: closed with true it would tear the leg back to us.
 */
export function transfer(leg: Leg, extension: string, context = 'default'): Promise<void> {
  const command = build.uuidTransferTo(leg.uuid, ident(extension.replace(/^\+/, '')), ident(context))
  return step(leg, {
    verb: `transfer ${extension}`,
    intent: () => null, // a call that comes back to a door was not transferred: then it is done again
    run: async () => {
      const conversation = await leg.driven()
      conversation.post(api(build.uuidSetvar(leg.uuid, 'socket_resume' as Ident, 'false' as VarValue)))
      await conversation.api(command)
      noteMoment(leg.steps.journal, { event: 'transferred', to: extension, ...ofOther(leg) }, { atOnce: true })
      leg.handOver(TRANSFERRED)
    },
  })
}
