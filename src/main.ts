/**
 * The entry point of the process: runs one command of the command line and handles the signals. `run` opens a node, on
 * a simulated FreeSWITCH when FREESWITCH is not set. Nothing imports this file.
 */
import { randomBytes } from 'node:crypto'
import { systemClock as clock } from './base/clock.ts'
import { CallEnded, CallMoved, SettingError } from './base/errors.ts'
import { openLog, type Log } from './base/log.ts'
import { Scope } from './base/scope.ts'
import { visibleLines } from './base/visible.ts'
import { readConfig, ROLES, type Config } from './config.ts'
import { runCli } from './desk/cli.ts'
import { readFloor } from './desk/floor.ts'
import { forgottenSwitch, SWITCH_CURE } from './desk/forgotten-switch.ts'
import { StatusLine } from './desk/status-line.ts'
import { openNode, type Node } from './node.ts'
import type { Stores } from './node/stores.ts'
import { commandActions } from './node/commands.ts'
import type { SwitchAddress } from './node/switches.ts'
import { hasHappened, noteHappened } from './store/installation.ts'
import { DEMO, openDemo } from './testing/demo.ts'
import { createDemoData } from './testing/demo-data.ts'
import { SimulatedSwitch } from './testing/index.ts'

/**
 * Measured from the signal. After it the process ends; FreeSWITCH and the other nodes take care of what is not
 * finished.
 */
const HARD_STOP_MS = 9_000

const say = (line: string) => void process.stderr.write(`${visibleLines(line)}\n`)

process.exitCode = await runCli(process.argv.slice(2), { run, ...commandActions(readConfig, say) })
// unfinished work (a ringing telephone, a claim that expires) is recorded in the stores and checked at the next start
process.exit()

/** Runs a node until SIGINT or SIGTERM. Throws SettingError when another process takes over the node's name. */
async function run(): Promise<void> {
  const config = readConfig()
  mustHaveSwitch(config)
  await using scope = new Scope()
  const status = new StatusLine({ clock, stream: process.stderr, people: process.stdout })
  scope.defer(() => status[Symbol.dispose]())
  const told = (line: string) => status.say(line)
  const simulated = config.switches.length === 0
  const log = openLog(config.logLevel ?? (simulated ? 'warn' : 'info'), status)
  let node: Node | null = null
  const stopped = untilStopped(
    () => status.say('closing'),
    () => node?.hangs ?? ['the start of the node'],
  )
  process.on('unhandledRejection', error => survive(log, error))

  const simulation = simulated ? await openSimulation(scope) : null
  const switches = simulation
    ? [simulation.address]
    : config.switches.map(at => ({ ...at, password: config.switchPassword! }))
  told(
    simulation
      ? 'freeswitch: simulated, in real time; set FREESWITCH=host:port and FREESWITCH_PASSWORD to use a real one'
      : `freeswitch: ${switches.map(at => `${at.host}:${at.port}`).join(', ')}`,
  )
  node = scope.use(
    await openNode({
      config,
      switches,
      log,
      say: told,
      linked: () => status.now(),
      prepare: stores => prepare(stores, config),
    }),
  )
  const { stores, door } = node
  if (config.roles.length < ROLES.length) told(`roles: ${config.roles.join(', ')}`)
  told(
    door
      ? `listener: ${door.address}, flows: ${door.flows.join(', ')}`
      : 'no port is open: processes with the role listener take the calls',
  )
  if (node.deskUrl !== null)
    told(
      `desk: ${node.deskUrl}, for people: switchhook person add <name> --role administrator; for programs: switchhook key add <name>`,
    )
  if (simulation && door) simulation.switch.installEntry([door.address], config.doorKey ? { key: config.doorKey } : {})
  const demo =
    simulation &&
    openDemo(
      simulation.switch,
      clock,
      DEMO.agents.map(agent => agent.name),
    )
  scope.defer(() => demo?.[Symbol.dispose]())
  const open = node
  const look = async () => ({
    ...(await readFloor(stores, open.calls, stores.clock.now())),
    admission: open.admission,
    lost: open.lost,
    skew: stores.clock,
    unnamed: open.unnamed,
  })
  if (config.roles.includes('desk')) status.follow(look)
  const began = await Promise.race([stopped, open.replaced])
  demo?.[Symbol.dispose]()
  await open.close(began ?? clock.monotonic())
  if (began === undefined)
    throw new SettingError([`NODE_NAME=${config.nodeName}: another process has taken this name; give each its own`])
}

async function openSimulation(scope: Scope): Promise<{ switch: SimulatedSwitch; address: SwitchAddress }> {
  const password = randomBytes(24).toString('base64url')
  const simulated = new SimulatedSwitch({ clock, password, network: 'tcp' })
  scope.defer(() => simulated.close())
  const port = await simulated.listen({ port: 0 })
  return { switch: simulated, address: { host: '127.0.0.1', port, password } }
}

/**
 * Throws SettingError when a simulation would run on stores that belong to a real FreeSWITCH. `served`: such a
 * FreeSWITCH used them.
 */
function mustHaveSwitch(config: Config, served = false): void {
  const fault = forgottenSwitch(config, served)
  if (fault !== null) throw new SettingError([`${fault}: ${SWITCH_CURE}`])
}

/**
 * Before the first call: records that a real FreeSWITCH uses these stores, or checks that none did and creates the demo
 * data once.
 */
async function prepare(stores: Stores, config: Config): Promise<void> {
  if (config.switches.length > 0) return noteHappened(stores.sql, 'served-freeswitch')
  mustHaveSwitch(config, await hasHappened(stores.sql, 'served-freeswitch'))
  await createDemoData(stores, config.dataDir, stores.clock)
}

/** A missing `await` in one flow must not end the process, which serves all other calls too. */
function survive(log: Log, error: unknown): void {
  if (error instanceof CallEnded || error instanceof CallMoved)
    return log.debug({ error: error.message }, 'a verb without await ended with its call')
  log.error(
    { error: error instanceof Error ? error.stack : String(error) },
    'unhandled promise rejection; look for a missing await in the flows',
  )
}

/**
 * The first signal closes the node, the second ends the process at once. Resolves with the time of the first, on the
 * monotonic clock.
 */
function untilStopped(closing: () => void, hangs: () => readonly string[]): Promise<number> {
  return new Promise(resolve => {
    const stop = () => {
      const began = clock.monotonic()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
      clock.after(HARD_STOP_MS, () => {
        say(`closing takes too long, the process ends now; not finished: ${hangs().join(', ') || 'unknown'}`)
        process.exit(0)
      })
      closing()
      resolve(began)
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  })
}
