/** What the commands of a supervisor do and work with: the stores that the settings name, open for as long as the command takes. */
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
 * All but `run`. `settings` are read when a command asks for stores, so that one which needs none is answered whatever they are.
 * `say` gets what is told beside the answer, a line without a newline each.
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
