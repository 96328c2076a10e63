/** Looks at an installation as whoever is called at night would, and says of each fault how to mend it. Changes nothing. */
import { InputError, SettingError } from '../base/errors.ts'
import { SharedClock } from '../base/shared-clock.ts'
import { loadFlows } from '../flow/catalogue.ts'
import { NO_USES, type Uses } from '../flow/uses.ts'
import { fault, ok, type Finding } from './doctor/finding.ts'
import type { DoctorInput, DoctorSettings } from './doctor/doctor-input.ts'
import { forgottenSwitch, SWITCH_CURE } from './forgotten-switch.ts'
import { checkStores } from './doctor/stores.ts'
import { checkSwitch } from './doctor/switch.ts'

export type { DoctorInput as DoctorHouse } from './doctor/doctor-input.ts'

/** In the order in which one fault explains the next. Each finding comes as soon as it is made. */
export async function* diagnose<S extends DoctorSettings>(context: DoctorInput<S>): AsyncGenerator<Finding> {
  let settings: S
  try {
    settings = context.settings()
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    for (const one of error.faults) yield fault('settings', one, cureOf(one))
    return
  }
  yield ok('settings', 'all can be used')
  const { finding, uses } = await checkFlows(settings.scripts)
  yield finding
  const forgotten = forgottenSwitch(settings)
  if (forgotten !== null) yield fault('freeswitch', forgotten, SWITCH_CURE)
  const clock = new SharedClock(context.clock)
  yield* checkStores(context, settings, clock, uses)
  if (settings.switches.length === 0 && forgotten === null)
    yield ok(
      'freeswitch',
      `FREESWITCH is not set: a switch is simulated${settings.demo ? ', apart from the data of this installation (DEMO=1)' : ''}`,
    )
  for (const at of settings.switches) yield* checkSwitch(at, settings, clock, uses)
}

async function checkFlows(scripts: string): Promise<{ finding: Finding; uses: Uses }> {
  try {
    const { names, uses } = await loadFlows(scripts)
    return { finding: ok('flows', names.join(', ')), uses }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const finding = fault(
      'flows',
      error.message.replace(/\s*\n\s*/g, ' '),
      'mend the script, or set SCRIPTS to the folder of the flows',
    )
    return { finding, uses: NO_USES }
  }
}

function cureOf(said: string): string {
  return said.includes('ClueCon')
    ? "write a long random password into event_socket.conf.xml, `fs_cli -x 'reload mod_event_socket'` while no call is up, and set FREESWITCH_PASSWORD to it"
    : 'set it in the environment; `switchhook settings` shows all'
}
