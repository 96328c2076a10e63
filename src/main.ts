/** The process: one command of the command line, signals, and the simulated switch where there is no real one. */
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
import { openNode, type Node, type Stores } from './node.ts'
import { commandActions } from './node/commands.ts'
import type { SwitchAddress } from './node/switches.ts'
import { hasHappened, noteHappened } from './store/installation.ts'
import { DEMO, openDemo } from './testing/demo.ts'
import { createDemoData } from './testing/demo-data.ts'
import { SimulatedSwitch } from './testing/index.ts'

/** From the signal on; whatever hangs then is left to the switches, the other nodes and the end of the process. */
const HARD_STOP_MS = 9_000

const say = (line: string) => void process.stderr.write(`${visibleLines(line)}\n`)

process.exitCode = await runCli(process.argv.slice(2), { run, ...commandActions(readConfig, say) })
// what is still under way (a telephone that rings, a claim that runs out) is written down and looked into at the next start
process.exit()

/** A node at work, until SIGINT or SIGTERM. */
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
    () => node?.hangs ?? ['the start'],
  )
  process.on('unhandledRejection', error => survive(log, error))

  const simulation = simulated ? await openSimulation(scope) : null
  const switches = simulation
    ? [simulation.address]
    : config.switches.map(at => ({ ...at, password: config.switchPassword! }))
  told(
    simulation
      ? 'freeswitch: simulated, in real time; FREESWITCH=host:port and FREESWITCH_PASSWORD serve a real one'
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
      ? `door: ${door.address}, flows: ${door.flows.join(', ')}`
      : 'no port is open: calls are taken by processes with the role listener',
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
    throw new SettingError([`NODE_NAME=${config.nodeName}: another process has taken this name; each needs its own`])
}

async function openSimulation(scope: Scope): Promise<{ switch: SimulatedSwitch; address: SwitchAddress }> {
  const password = randomBytes(24).toString('base64url')
  const simulated = new SimulatedSwitch({ clock, password, network: 'tcp' })
  scope.defer(() => simulated.close())
  const port = await simulated.listen({ port: 0 })
  return { switch: simulated, address: { host: '127.0.0.1', port, password } }
}

/** Throws SettingError when a simulation would run on what belongs to a real FreeSWITCH. */
function mustHaveSwitch(config: Config, served = false): void {
  const fault = forgottenSwitch(config, served)
  if (fault !== null) throw new SettingError([`${fault}: ${SWITCH_CURE}`])
}

/** Before the first call: whose stores these are is looked at or written down, and a simulation gets its people, once. */
async function prepare(stores: Stores, config: Config): Promise<void> {
  if (config.switches.length > 0) return noteHappened(stores.sql, 'served-freeswitch')
  mustHaveSwitch(config, await hasHappened(stores.sql, 'served-freeswitch'))
  await createDemoData(stores, config.dataDir, stores.clock)
}

/** A flow that forgets an `await` must not take everybody else's calls with it. */
function survive(log: Log, error: unknown): void {
  if (error instanceof CallEnded || error instanceof CallMoved)
    return log.debug({ error: error.message }, 'a verb that nobody awaited ended with its call')
  log.error(
    { error: error instanceof Error ? error.stack : String(error) },
    'something failed that nobody awaited: look for a missing await in the flows',
  )
}

/** The first signal closes the house, the second is obeyed at once. Gives the moment of the first, by the clock that only grows. */
function untilStopped(closing: () => void, hangs: () => readonly string[]): Promise<number> {
  return new Promise(resolve => {
    const stop = () => {
      const began = clock.monotonic()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
      clock.after(HARD_STOP_MS, () => {
        say(`closing takes too long, the process ends now; what hung: ${hangs().join(', ') || 'nothing that is known'}`)
        process.exit(0)
      })
      closing()
      resolve(began)
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  })
}
