/**
 * The actions behind the commands of the command line (desk/cli). They open the stores that the settings name, for the
 * time of one command.
 */
import { systemClock as clock, type Clock } from '../base/clock.ts'
import { openLog, type Log } from '../base/log.ts'
import type { Config } from '../config.ts'
import type { Actions } from '../desk/cli/actions.ts'
import { diagnose } from '../desk/doctor.ts'
import { openDatabaseStores, openRedisStores, openStores } from '../node.ts'
import { loadFlows } from '../flow/catalogue.ts'
import { openServices } from '../services/open.ts'
import { dialIn } from '../testing/dial-in.ts'

/**
 * All actions except `run`. `settings` is called when a command opens stores, so a command without stores works with
 * wrong settings too. `say` gets messages that are not part of the answer, each a line without a newline.
 */
export function commandActions(settings: () => Config, say: (line: string) => void): Omit<Actions, 'run'> {
  async function using<S extends AsyncDisposable, T>(
    open: (config: Config, log: Log, say: () => void) => Promise<S>,
    work: (stores: S & { clock: Clock; log: Log; scripts: string }) => Promise<T>,
  ): Promise<T> {
    const config = settings()
    const log = openLog(config.logLevel ?? 'warn')
    await using stores = await open(config, log, () => {})
    return await work({ clock, ...stores, log, scripts: config.scripts })
  }
  return {
    doctor: () => diagnose<Config>({ settings, openServices: config => openServices(config, { clock, say }), clock }),
    async dialIn(flow, telephone, options) {
      const { scripts, logLevel } = settings()
      return dialIn(
        flow,
        { ...telephone, catalogue: await loadFlows(scripts), clock, log: openLog(logLevel ?? 'warn') },
        options,
      )
    },
    withStores: work => using(openStores, work),
    withDatabase: work => using(openDatabaseStores, work),
    withRedis: work => using(openRedisStores, work),
  }
}
