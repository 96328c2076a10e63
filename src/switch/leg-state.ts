/** Asks a switch whether a leg that was dialled rings, or was answered: for when its events may not have been heard. */
import { SwitchError } from '../base/errors.ts'
import * as build from '../esl/api.ts'
import type { ApiText } from '../esl/api.ts'
import type { Ident, Uuid } from '../esl/safe-text.ts'
import type { Switch } from './switchboard.ts'

/** What a switch says of a leg; 'unknown': it cannot be asked now. */
export type LegState = 'answered' | 'rings' | 'gone' | 'unknown'

export async function legStateAt(at: Switch, uuid: Uuid): Promise<LegState> {
  try {
    const disposition = await askEither(at, build.uuidGetvar(uuid, 'endpoint_disposition' as Ident))
    return disposition.trim() === 'ANSWER' ? 'answered' : 'rings'
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    if (error.code !== 'SWITCH_REFUSED') return 'unknown'
    const lives = await at.lives(uuid) // refused: there is no such leg
    return lives === 'no' ? 'gone' : lives === 'yes' ? 'rings' : 'unknown'
  }
}

/** Over the command link, or over the other one when that is away: each comes back by itself. */
async function askEither(at: Switch, text: ApiText): Promise<string> {
  try {
    return await at.commands.run(text)
  } catch (error) {
    if (!(error instanceof SwitchError) || error.code === 'SWITCH_REFUSED') throw error
    return at.ask(text)
  }
}
