/** Runs an application of FreeSWITCH on a leg until it completes. The verbs are built on this. */
import type { SwitchEvent } from '../esl/event.ts'
import { appArgument, ident, type AppArgument, type Ident } from '../esl/safe-text.ts'
import { api } from '../esl/command.ts'
import { uuidBreak, type ApiText } from '../esl/api.ts'
import type { Leg } from './leg.ts'

/**
 * Rejects with CallEnded, CallMoved or SwitchError APP_UNKNOWN, and with InputError for names and arguments that must
 * not reach FreeSWITCH.
 */
export async function execute(leg: Leg, app: string, argument = ''): Promise<SwitchEvent> {
  return (leg.conversation ?? (await leg.driven())).execute(ident(app), appArgument(argument))
}

/**
 * Runs an api command about a leg: over its own connection, or over the command link while two people talk, when the
 * leg has none.
 */
export async function command(leg: Leg, text: ApiText): Promise<void> {
  if (leg.phase === 'talking' && leg.home) await leg.home.commands.run(text)
  else await (await leg.driven()).api(text)
}

/**
 * Like execute, but ends early, without an error, when `until` aborts. The application is interrupted only once it has
 * begun: FreeSWITCH drops a break that comes before (switch_core_session.c clears CF_BREAK when an application
 * starts).
 */
export async function executeUntil(
  leg: Leg,
  app: Ident,
  argument: AppArgument,
  until: AbortSignal,
): Promise<SwitchEvent | null> {
  if (until.aborted) return null
  const conversation = await leg.driven()
  let begun = false
  const breakOff = () => {
    if (begun) conversation.post(api(uuidBreak(leg.uuid)))
  }
  until.addEventListener('abort', breakOff, { once: true })
  try {
    return await conversation.execute(app, argument, () => {
      begun = true
      if (until.aborted) breakOff()
    })
  } finally {
    until.removeEventListener('abort', breakOff)
  }
}
