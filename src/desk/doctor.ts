/** Looks at an installation as whoever is called at night would, and says of each fault how to mend it. Changes nothing. */
import { InputError, SettingError } from '../base/errors.ts'
import { loadFlows } from '../flow/catalogue.ts'
import { fault, ok, type Finding } from './doctor/finding.ts'
import type { DoctorHouse, DoctorSettings } from './doctor/house.ts'
import { forgottenSwitch, SWITCH_CURE } from './forgotten-switch.ts'
import { checkStores } from './doctor/stores.ts'
import { checkSwitch } from './doctor/switch.ts'

export type { DoctorHouse } from './doctor/house.ts'

/** In the order in which one fault explains the next. Each finding comes as soon as it is made. */
export async function* diagnose<S extends DoctorSettings>(house: DoctorHouse<S>): AsyncGenerator<Finding> {
  let settings: S
  try {
    settings = house.settings()
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    for (const one of error.faults) yield fault('settings', one, 'set it in the environment; `switchhook settings` shows all')
    return
  }
  yield ok('settings', 'all can be used')
  yield await checkFlows(settings.scripts)
  const forgotten = forgottenSwitch(settings)
  if (forgotten !== null) yield fault('freeswitch', forgotten, SWITCH_CURE)
  yield* checkStores(house, settings)
  if (settings.switches.length === 0 && forgotten === null) yield ok('freeswitch', `FREESWITCH is not set: a switch is simulated${settings.demo ? ', apart from the data of this installation (DEMO=1)' : ''}`)
  for (const at of settings.switches) yield* checkSwitch(at, settings, house.clock)
}

async function checkFlows(scripts: string): Promise<Finding> {
  try {
    const { names } = await loadFlows(scripts)
    return ok('flows', names.join(', '))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return fault('flows', error.message.replace(/\s*\n\s*/g, ' '), 'mend the script, or set SCRIPTS to the folder of the flows')
  }
}
