/** The dialplan's extension for callers whom no node serves: it plays an apology and tries the overflow number. */
import * as build from '../esl/api.ts'
import { api } from '../esl/command.ts'
import type { Ident, Uuid, VarValue } from '../esl/safe-text.ts'
import type { Conversation } from './conversation.ts'

export const FALLBACK = 'switchhook-sorry'

/**
 * Sends a call to the fallback over its own connection, which is closed while socket_resume is false: else the call
 * would return.
 */
export function sendToFallback(uuid: Uuid, conversation: Conversation): void {
  conversation.post(
    api(build.uuidSetvar(uuid, 'socket_resume' as Ident, 'false' as VarValue)),
    api(build.uuidTransferTo(uuid, FALLBACK as Ident, build.CONTEXT as Ident)),
  )
  conversation.close()
}
