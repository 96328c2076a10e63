/**
 * `switchhook doctor`: checks settings, flows, stores and each FreeSWITCH, and tells for each fault how to fix it. It
 * changes nothing. Used by node/commands.ts.
 */
import { InputError, SettingError } from '../base/errors.ts'
import { SharedClock } from '../base/shared-clock.ts'
import { loadFlows } from '../flow/catalogue.ts'
import { NO_USES, type Uses } from '../flow/uses.ts'
import { fault, ok, type Finding } from './doctor/finding.ts'
import type { DoctorInput, DoctorSettings } from './doctor/doctor-input.ts'
import { checkFlowTypes } from './doctor/flow-types.ts'
import { forgottenSwitch, SWITCH_CURE } from './forgotten-switch.ts'
import { checkStores } from './doctor/stores.ts'
import { checkSwitch } from './doctor/switch.ts'

export type { DoctorInput } from './doctor/doctor-input.ts'

/**
 * Gives each finding as soon as it is made. The order is from causes to their effects, so that one fault explains the
 * next.
 */
export async function* diagnose<S extends DoctorSettings>(context: DoctorInput<S>): AsyncGenerator<Finding> {
  let settings: S
  try {
    settings = context.settings()
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    for (const one of error.faults) yield fault('settings', one, cureOf(one))
    return
  }
  yield ok('settings', 'all settings are valid')
  const { finding, uses } = await checkFlows(settings.scripts)
  yield finding
  if (finding.level === 'ok') yield await checkFlowTypes(settings.scripts)
  const forgotten = forgottenSwitch(settings)
  if (forgotten !== null) yield fault('freeswitch', forgotten, SWITCH_CURE)
  const clock = new SharedClock(context.clock)
  const ofQueues = yield* checkStores(context, settings, clock, uses)
  if (settings.switches.length === 0 && forgotten === null)
    yield ok(
      'freeswitch',
      `FREESWITCH is not set: it is simulated${settings.demo ? ', separate from the data of this installation (DEMO=1)' : ''}`,
    )
  const { holdMusic = [] } = settings
  const needed = { ...uses, sounds: [uses.sounds ?? [], holdMusic, ofQueues].flat() }
  for (const at of settings.switches) yield* checkSwitch(at, settings, clock, needed)
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
      'correct the script, or set SCRIPTS to the folder of the flows',
    )
    return { finding, uses: NO_USES }
  }
}

function cureOf(said: string): string {
  return said.includes('ClueCon')
    ? "write a long random password into event_socket.conf.xml, run `fs_cli -x 'reload mod_event_socket'` while there are no calls, and set FREESWITCH_PASSWORD to it"
    : 'correct it in the environment; `switchhook settings` shows all settings'
}
