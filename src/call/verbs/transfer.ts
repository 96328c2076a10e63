/**
 * Sends the call to an extension of the dialplan. Switchhook does not drive it after that: the flow ends as if the
 * caller had hung up.
 */
import { SwitchError } from '../../base/errors.ts'
import * as build from '../../esl/api.ts'
import { api } from '../../esl/command.ts'
import { extension as extensionWord, ident, type Ident, type VarValue } from '../../esl/safe-text.ts'
import { tellOnce } from '../../journal/call-events.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'

/** The hang-up cause with which the flow sees its call end. */
export const TRANSFERRED = 'TRANSFERRED'

const DEFAULT_CONTEXT = 'default'

/**
 * `extension`: a number or name of the dialplan; `context`: its context (default: 'default'). The connection is closed
 * while socket_resume is false: closed with true, it would return the leg to a node. Rejects with SwitchError
 * SWITCH_REFUSED.
 */
export function transfer(leg: Leg, extension: string, context = DEFAULT_CONTEXT): Promise<void> {
  const command = transferTo(leg, extension, context)
  return step(leg, {
    verb: 'transfer',
    args: [extension],
    intent: () => null, // a call that connects to a node again was not transferred: then the transfer runs again
    run: async () => {
      const conversation = await leg.driven()
      conversation.post(api(build.uuidSetvar(leg.uuid, 'socket_resume' as Ident, 'false' as VarValue)))
      await conversation.api(command)
      leave(leg, extension)
    },
  })
}

/**
 * A supervisor sends the call away, whatever its flow does now: no step of the flow. A caller who talks leaves the
 * talk. `by`: the agent who talks with the caller. Rejects with SwitchError SWITCH_REFUSED when the leg has ended, and
 * with LINK_DOWN.
 */
export async function sendAway(leg: Leg, extension: string, context = DEFAULT_CONTEXT, by?: string): Promise<void> {
  const command = transferTo(leg, extension, context)
  const { home } = leg
  if (!home) throw new SwitchError('LINK_DOWN', `the FreeSWITCH of the call ${leg.uuid} is not known`)
  // else a later bridge of that extension would return the caller to a node at its end
  await home.commands.run(build.uuidSetvars(leg.uuid, { socket_resume: 'false', transfer_after_bridge: '' }))
  await home.commands.run(command)
  leave(leg, extension, by)
}

const transferTo = (leg: Leg, extension: string, context: string) =>
  build.uuidTransferTo(leg.uuid, extensionWord(extension), ident(context))

function leave(leg: Leg, extension: string, by?: string): void {
  const { journal } = leg.steps
  if (leg.uuid === journal.uuid) {
    tellOnce(journal, 'call.transferred', { to: extension, ...(by !== undefined && { by }) }, { atOnce: true })
  } else tellOnce(journal, 'call.party.transferred', { leg: leg.uuid, to: extension }, { atOnce: true })
  leg.handOver(TRANSFERRED)
}
