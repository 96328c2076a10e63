/**
 * The actions behind the commands of the command line (desk/cli). They open the stores that the settings name, for the
 * time of one command.
 */
import { userInfo } from 'node:os'
import type { z } from 'zod'
import { sleep, systemClock as clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { openLog } from '../base/log.ts'
import { Scope } from '../base/scope.ts'
import type { Config } from '../config.ts'
import type { Actions } from '../desk/cli/actions.ts'
import { diagnose } from '../desk/doctor.ts'
import { openJobs } from '../desk/jobs.ts'
import { ProgressBar } from '../desk/progress.ts'
import { openDatabaseStores, openRedisStores, openStores, type Stores } from './stores.ts'
import { loadFlows } from '../flow/catalogue.ts'
import { openAudit } from '../operations/audit.ts'
import eventList from '../operations/event/list.ts'
import type { Actor, Needs, Operation, PartsFor, Progress } from '../operations/operation.ts'
import { perform } from '../operations/perform.ts'
import { loadStrategies } from '../queue/strategies.ts'
import { openServices } from '../services/open.ts'
import { dialIn } from '../testing/dial-in.ts'

/** How often `events tail --follow` looks for new events. */
const FOLLOW_MS = 500

/**
 * All actions except `run`. `settings` is called when a command opens stores, so a command without stores works with
 * wrong settings too. `say` gets messages that are not part of the answer, each a line without a newline. `errors`
 * shows how far a long command is.
 */
export function commandActions(
  settings: () => Config,
  say: (line: string) => void,
  errors: Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors' | 'write'> = process.stderr,
): Omit<Actions, 'run'> {
  async function performed<Input extends z.ZodObject, Output extends z.ZodType, N extends Needs>(
    operation: Operation<Input, Output, N>,
    given: unknown,
  ): Promise<{ output: z.output<Output>; now: number }> {
    const config = settings()
    if (config.queueStrategies !== null) await loadStrategies(config.queueStrategies)
    const log = openLog(config.logLevel ?? 'warn')
    const actor = whoTypes()
    await using scope = new Scope()
    const quiet = () => {}
    const bar = new ProgressBar({ stream: errors, clock })
    scope.defer(() => bar.end())
    const progress = (state: Progress) => bar.show(state)
    const run = async (stores: Partial<Stores>) => {
      const { sql = null, home } = stores
      const audit = openAudit({ sql, redis: home?.commands ?? null, log })
      const parts = {
        clock,
        ...stores,
        log,
        audit,
        country: config.country,
        eventsOut: { source: config.eventsSource, allow: config.webhookAllow },
        scripts: config.scripts,
        progress,
      } as unknown as PartsFor[N]
      return { output: await perform(operation, parts, given, actor), now: parts.clock.now() }
    }
    if (operation.needs === 'stores') return await run(scope.use(await openStores(config, log, quiet)))
    if (operation.needs === 'database') return await run(scope.use(await openDatabaseStores(config, log, quiet)))
    // PostgreSQL takes the audit row and the events of a change. While it is down, the row waits in Redis
    const isChange = operation.needs === 'redis' && operation.changes
    const database = isChange ? await openDatabaseStores(config, log, quiet).catch(mustBeAway) : null
    if (database) scope.use(database)
    const redis = scope.use(await openRedisStores(config, log, quiet, database))
    if (operation.needs === 'redis') return await run({ ...redis, ...database })
    const jobs = await openJobs({ redis: redis.redis, log })
    scope.defer(() => jobs.close())
    const output = operation.output.parse(await jobs.perform(operation.name, given, actor.who))
    return { output, now: redis.clock.now() }
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
    async *follow(given) {
      const config = settings()
      const log = openLog(config.logLevel ?? 'warn')
      await using database = await openDatabaseStores(config, log, () => {})
      const eventsOut = { source: config.eventsSource, allow: config.webhookAllow }
      const parts = { ...database, clock, log, eventsOut, audit: openAudit({ ...database, redis: null, log }) }
      for (let after = given.after; ;) {
        const events = await perform(eventList, parts, { ...given, after }, whoTypes())
        if (events.length > 0) yield events
        after = Number(events.at(-1)?.sequence ?? after ?? 0)
        await sleep(clock, FOLLOW_MS)
      }
    },
    perform: performed,
  }
}

const whoTypes = (): Actor => ({ who: userName(), door: 'command-line', role: 'administrator' })

/** The name of the person who types, for the audit rows. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}` // a user without an entry in the system's list, as in a container
  }
}

function mustBeAway(error: unknown): null {
  if (error instanceof SwitchhookError && error.code === 'SERVICE') return null
  throw error
}
