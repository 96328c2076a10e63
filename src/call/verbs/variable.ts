/** Channel variables of the leg, read and written by name. */
import * as say from '../../esl/api.ts'
import { SwitchError } from '../../base/errors.ts'
import { legVariable } from '../../esl/variables.ts'
import { ident, varValue } from '../../esl/words.ts'
import { step } from '../steps.ts'
import { command } from '../execute.ts'
import type { Leg } from '../leg.ts'

/** The value now, or undefined when it is not set. */
export const getVariable = (leg: Leg, name: string): Promise<string | undefined> =>
  step(leg, {
    verb: `variable ${name}`,
    save: value => value ?? null,
    load: saved => (saved as string | null) ?? undefined,
    run: async () => {
      try {
        const value = await (await leg.driven()).api(say.uuidGetvar(leg.uuid, ident(name)))
        return value === '_undef_' || value === '' ? undefined : value
      } catch (error) {
        if (error instanceof SwitchError && error.code === 'SWITCH_REFUSED') return undefined // '-ERR No such variable'
        throw error
      }
    },
  })

/** Takes effect at once, also while something plays. InputError for a name whose value FreeSWITCH would run, and for the house's own. */
export async function setVariable(leg: Leg, name: string, value: string): Promise<void> {
  const variable = legVariable(name)
  await step(leg, { verb: `set ${name}`, later: true, run: () => command(leg, say.uuidSetvar(leg.uuid, variable, varValue(value))) })
}
