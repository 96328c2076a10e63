/**
 * Asks FreeSWITCH whether a dialled leg rings or was answered. Originate and dial use it when events may have been
 * missed.
 */
import { SwitchError } from '../base/errors.ts'
import * as build from '../esl/api.ts'
import type { ApiText } from '../esl/api.ts'
import type { Ident, Uuid } from '../esl/safe-text.ts'
import type { Switch } from './switchboard.ts'

/** The state of a leg at FreeSWITCH; 'unknown': FreeSWITCH cannot be asked now. */
export type LegState = 'answered' | 'rings' | 'gone' | 'unknown'

export async function legStateAt(at: Switch, uuid: Uuid): Promise<LegState> {
  try {
    const disposition = await askEither(at, build.uuidGetvar(uuid, 'endpoint_disposition' as Ident))
    return disposition.trim() === 'ANSWER' ? 'answered' : 'rings'
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    if (error.code !== 'SWITCH_REFUSED') return 'unknown'
    const lives = await at.lives(uuid) // FreeSWITCH refuses when the leg does not exist
    return lives === 'no' ? 'gone' : lives === 'yes' ? 'rings' : 'unknown'
  }
}

/** Asks over the command link, or over the event link when the command link is down: each reconnects by itself. */
async function askEither(at: Switch, text: ApiText): Promise<string> {
  try {
    return await at.commands.run(text)
  } catch (error) {
    if (!(error instanceof SwitchError) || error.code === 'SWITCH_REFUSED') throw error
    return at.ask(text)
  }
}
