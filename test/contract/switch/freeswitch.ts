/**
 * Private FreeSWITCHes for one run: own folder, own ports, own password. None can outlive the run. A shell starts
 * FreeSWITCH and reads from a pipe whose other end this process holds. When this process ends in any way, kill -9
 * included, the kernel closes the pipe, and the shell kills FreeSWITCH and removes the folder. A FreeSWITCH that was
 * killed can be started again on its folder.
 */
import { spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { access, constants, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { createSocket } from 'node:dgram'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { sleep, systemClock } from '../../../src/base/clock.ts'
import { connectTcp } from '../../../src/esl/tcp.ts'
import { farXml, freeswitchXml, PATIENCE_SECONDS, type Additions, type Ports } from './freeswitch-config.ts'
import { Observer } from './observer.ts'
import { SOUNDS, wav } from './sounds.ts'

const DIALPLAN = new URL('../../../dialplan/', import.meta.url).pathname
const START_MS = 30_000

const SHELL = `
folder=$1; shift
run() {
  "$@" </dev/null 3<&- &
  switch=$!
  echo $switch > "$folder/pid"
}
run "$@"
while read -r again <&3; do
  wait $switch 2>/dev/null
  run "$@"
done
kill -KILL $switch
wait $switch 2>/dev/null
rm -rf -- "$folder"`

export interface FreeSwitch {
  readonly ports: Ports
  readonly password: string
  readonly folder: string
  /** The value of DOOR_KEY for the nodes. */
  readonly doorKey: string
  /** Almost as a power failure of its machine: what is on the disk stays. */
  kill(): Promise<void>
  /** After a kill: the same FreeSWITCH, on the same folder. Resolves when its event socket and all profiles answer. */
  startAgain(): Promise<void>
  stop(): Promise<void>
}

export interface FreeSwitchOptions {
  /**
   * 'same': the people outside are legs of this FreeSWITCH too. 'other': they are on a second one (startFarEnd) and
   * outlive this one; the watchdog of the dialplan then has its shipped 15 s.
   */
  outside?: 'same' | 'other'
  /** Calls are stored while they run, so that `sofia recover` can restore them after a crash. */
  trackCalls?: boolean
  /** The dialplan offers calls to a third node after the second. */
  threeNodes?: boolean
  also?: Additions
  /** Name → milliseconds. Default: those of the suite. */
  sounds?: Readonly<Record<string, number>>
}

/** The program, or null when this machine has none. */
export async function findFreeSwitch(): Promise<string | null> {
  const candidates = process.env['FREESWITCH_BIN']
    ? [process.env['FREESWITCH_BIN']]
    : (process.env['PATH'] ?? '').split(delimiter).map(folder => join(folder, 'freeswitch'))
  for (const path of candidates) {
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs) return path
  }
  return null
}

export async function startFreeSwitch(program: string, options: FreeSwitchOptions = {}): Promise<FreeSwitch> {
  const { outside = 'same', trackCalls = false, threeNodes = false, sounds = SOUNDS, also } = options
  const [eventSocket, inside, trunk, far, nodeA, nodeB, nodeC, phones] = (await freePorts(8)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const ports: Ports = { eventSocket, inside, trunk, phones, outside: far, nodeA, nodeB, nodeC }
  const doorKey = randomBytes(24).toString('hex')
  return start(program, ports, doorKey, outside === 'same' ? 4 : 3, async (folder, password) => {
    await writeSounds(folder, sounds)
    await writeFile(
      join(folder, 'conf/freeswitch.xml'),
      freeswitchXml({ ports, password, folder, outside, trackCalls, also }),
      { mode: 0o600 },
    )
    await writeDialplan(folder, {
      switchhook_node_a: `127.0.0.1:${nodeA}`,
      // before `/$1` in every line
      switchhook_node_b: threeNodes ? `127.0.0.1:${nodeB}/$1|127.0.0.1:${nodeC}` : `127.0.0.1:${nodeB}`,
      switchhook_key: doorKey,
      ...(outside === 'same' ? { switchhook_patience: String(PATIENCE_SECONDS) } : {}),
      switchhook_sorry: 'sorry.wav',
      switchhook_overflow: 'sofia/gateway/carrier/4900000001',
    })
  })
}

/**
 * The carrier and the telephones of a FreeSWITCH that was started with `outside: 'other'`: a separate process.
 * `numbers`: extensions for numbers that answer in another way.
 */
export async function startFarEnd(program: string, near: Ports, numbers = ''): Promise<FreeSwitch> {
  const [eventSocket] = (await freePorts(1)) as [number]
  const ports = { ...near, eventSocket }
  return start(program, ports, '', 1, (folder, password) =>
    writeFile(join(folder, 'conf/freeswitch.xml'), farXml({ ports, password, folder, numbers }), { mode: 0o600 }),
  )
}

async function start(
  program: string,
  ports: Ports,
  doorKey: string,
  profiles: number,
  furnish: (folder: string, password: string) => Promise<void>,
): Promise<FreeSwitch> {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-contract-'))
  const password = randomBytes(24).toString('base64url')
  try {
    for (const name of [
      'log',
      'db',
      'run',
      'recordings',
      'storage',
      'cache',
      'sounds',
      'scripts',
      'temp',
      'conf/dialplan',
    ])
      await mkdir(join(folder, name), { recursive: true })
    await furnish(folder, password)
  } catch (error) {
    await rm(folder, { recursive: true, force: true }) // later the shell does it
    throw error
  }

  const places = ['log', 'db', 'run', 'recordings', 'storage', 'cache', 'sounds', 'scripts', 'temp', 'conf'].flatMap(
    name => [`-${name}`, join(folder, name)],
  )
  const shell = spawn(
    '/bin/sh',
    ['-c', SHELL, 'switchhook-contract', folder, program, '-nc', '-nf', '-nonat', ...places],
    {
      detached: true, // this process handles a Ctrl-C in the terminal
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  )
  const ended = new Promise<void>(resolve => shell.once('exit', () => resolve()))
  const pipe = shell.stdio[3] as NodeJS.WritableStream & { unref?(): void; destroy(): void }
  shell.unref()
  pipe.unref?.()
  const stop = async () => {
    shell.ref()
    pipe.destroy()
    await ended
  }
  const wait = async () => {
    try {
      await ready(ports, password, profiles)
    } catch (error) {
      const log = await readFile(join(folder, 'log', 'freeswitch.log'), 'utf8').catch(() => '(it wrote no log)')
      await stop()
      throw new Error(`the private FreeSWITCH did not start: ${(error as Error).message}\n${log.slice(-3_000)}`, {
        cause: error,
      })
    }
  }
  await wait()
  return {
    ports,
    password,
    folder,
    doorKey,
    stop,
    kill: async () => void process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGKILL'),
    async startAgain() {
      pipe.write('again\n')
      await wait()
    },
  }
}

async function writeSounds(folder: string, sounds: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, milliseconds] of Object.entries(sounds)) {
    await mkdir(join(folder, 'sounds', name, '..'), { recursive: true })
    await writeFile(join(folder, 'sounds', `${name}.wav`), wav(milliseconds))
  }
}

async function writeDialplan(folder: string, values: Readonly<Record<string, string>>): Promise<void> {
  for (const file of ['switchhook.xml', '01_switchhook_did.xml', '02_switchhook_agents.xml', '03_switchhook_park.xml'])
    await copyFile(join(DIALPLAN, file), join(folder, 'conf/dialplan', file))
  const settings = await readFile(join(DIALPLAN, 'switchhook_vars.xml'), 'utf8')
  await writeFile(join(folder, 'conf/dialplan/switchhook_vars.xml'), withSettings(settings, values))
}

/** Does what dialplan/README.md tells an administrator to do: changes values in the settings file. */
function withSettings(text: string, values: Readonly<Record<string, string>>): string {
  for (const [name, value] of Object.entries(values)) {
    const line = new RegExp(`(<X-PRE-PROCESS cmd="set" data="${name}=)[^"]*`)
    if (!line.test(text)) throw new Error(`dialplan/switchhook_vars.xml has no setting ${name}`)
    text = text.replace(line, (_, before: string) => before + value)
  }
  return text
}

/** The event socket opens long before the SIP profiles. */
async function ready(ports: Ports, password: string, profiles: number): Promise<void> {
  const deadline = systemClock.monotonic() + START_MS
  for (let why = ''; ;) {
    try {
      const observer = await Observer.open(await connectTcp('127.0.0.1', ports.eventSocket), systemClock, password)
      const running = (await observer.api('sofia status')).match(/RUNNING/g)?.length ?? 0
      await observer.close()
      if (running >= profiles) return
      why = `${running} of ${profiles} SIP profiles run`
    } catch (error) {
      why = (error as Error).message
    }
    if (systemClock.monotonic() > deadline) throw new Error(why)
    await sleep(systemClock, 50)
  }
}

/**
 * Ports that are free for TCP and UDP, below those that the kernel assigns by itself and above FreeSWITCH's RTP range
 * here.
 */
async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = randomInt(10_000, 19_900)
    if (await free(port)) found.add(port)
  }
  return [...found]
}

async function free(port: number): Promise<boolean> {
  const tcp = await new Promise<boolean>(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)))
  })
  if (!tcp) return false
  return new Promise(resolve => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind({ address: '127.0.0.1', port }, () => socket.close(() => resolve(true)))
  })
}
