/** Reads and writes channel variables of the leg by name. */
import * as build from '../../esl/api.ts'
import { SwitchError } from '../../base/errors.ts'
import { legVariable } from '../../esl/variables.ts'
import { ident, varValue } from '../../esl/safe-text.ts'
import { isGone, step } from '../../journal/steps.ts'
import { command } from '../execute.ts'
import type { Leg } from '../leg.ts'

/**
 * The value now, or undefined when it is not set (FreeSWITCH answers `_undef_`). Rejects with CallEnded when the leg
 * has ended: `-ERR` means that there is no such leg. A value that begins with `-ERR` itself cannot be told from that
 * and counts as not set.
 */
export const getVariable = (leg: Leg, name: string): Promise<string | undefined> =>
  step(leg, {
    verb: 'variable',
    args: [name],
    save: value => value ?? null,
    load: saved => (saved as string | null) ?? undefined,
    run: async () => {
      try {
        const value = await (await leg.driven()).api(build.uuidGetvar(leg.uuid, ident(name)))
        return value === '_undef_' || value === '' ? undefined : value
      } catch (error) {
        if (error instanceof SwitchError && error.code === 'SWITCH_REFUSED' && !(await isGone(leg))) return undefined
        throw error // the leg has ended: steps.ts waits for its hang-up and rejects with CallEnded
      }
    },
  })

/**
 * Takes effect at once, also while a sound plays. InputError for a name whose value FreeSWITCH would run, and for a
 * name that Switchhook uses itself.
 */
export async function setVariable(leg: Leg, name: string, value: string): Promise<void> {
  const variable = legVariable(name)
  await step(leg, {
    verb: 'set',
    args: [name],
    later: true,
    run: () => command(leg, build.uuidSetvar(leg.uuid, variable, varValue(value))),
  })
}
