/**
 * Every setting once: its name in the environment, how it is read, its default and one line of why.
 * Nothing else in the house reads the environment. All faults come in one message; what comes out is frozen.
 */
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SettingError } from './base/errors.ts'
import { parseRedisUrl } from './base/redis-url.ts'
import {
  choice,
  duration,
  folder,
  hostPort,
  ident,
  integer,
  list,
  network,
  phoneNumber,
  secret,
  url,
  yesOrNo,
  type Parser,
} from './config/parsers.ts'

export type { HostPort } from './config/parsers.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface Setting<T> {
  readonly name: string
  readonly parse: Parser<T>
  /** As a person would write it; null: without it the setting has no value. */
  readonly standard: string | null
  readonly why: string
  readonly secret: boolean
}

function setting<T>(name: string, parse: Parser<T>, standard: string, why: string): Setting<T> {
  return { name, parse, standard, why, secret: false }
}
function optional<T>(name: string, parse: Parser<T>, why: string): Setting<T | null> {
  return { name, parse, standard: null, why, secret: false }
}
const secretly = <T>(one: Setting<T>): Setting<T> => ({ ...one, secret: true })

const redisUrl: Parser<string> = value => parseRedisUrl(value) && value

/** What a process does: takes calls, dials campaigns, shows the floor. Any number of processes may do each. */
export const ROLES = ['listener', 'dialer', 'desk'] as const
export type Role = (typeof ROLES)[number]

const someRoles: Parser<readonly Role[]> = value => {
  const chosen = new Set(list(choice(...ROLES))(value))
  if (chosen.size === 0) throw new Error(`allowed: one or more of ${ROLES.join(', ')}, with commas between them`)
  return Object.freeze([...chosen])
}

/** Where things may be kept that can be had again. root's own cache is closed to the user that PostgreSQL must run as. */
function usualCache(env: Environment): string {
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'switchhook')
  return process.getuid?.() === 0 ? '/var/cache/switchhook' : join(homedir(), '.cache', 'switchhook')
}

/** Of this installation, from whatever folder a command is typed. */
const OWN_SCRIPTS = fileURLToPath(new URL('../scripts', import.meta.url))
const USUAL_SWITCH = { host: '127.0.0.1', port: 8_021 }
const USUAL_DOOR = { host: '127.0.0.1', port: 8_084 }

/** Two processes on one machine need two names, and so do two machines. */
function usualName(): string {
  return `${
    hostname()
      .replace(/[^A-Za-z0-9-]+/g, '-')
      .replace(/^-+/, '')
      .slice(0, 50) || 'node'
  }-${process.pid}`
}

/*
 * Default of MAX_CALLS: a call that waits costs 25 kB and next to no time, but a neighbour's calls come all at once when it dies, and
 * each costs a millisecond (measured): a thousand of them keep one core busy for a second, and that is how long they hear nothing.
 */
/* Defaults of AMD_*: app_amd's initial_silence and greeting; after a greeting 600 ms, not its 800, because of the two seconds of the law. */
const settings = (env: Environment) => ({
  databaseUrl: secretly(
    optional(
      'DATABASE_URL',
      url('postgres', 'postgresql'),
      'the PostgreSQL that keeps calls and campaigns; none: a private one',
    ),
  ),
  redisUrl: secretly(
    optional(
      'REDIS_URL',
      redisUrl,
      'the Redis that keeps queues, agents and journals, in a database of our own: redis://host:6379/1, or redis+sentinel://host:26379,host:26379/primary/1; rediss for TLS; no Redis Cluster; none: a private one',
    ),
  ),
  dataDir: setting('DATA_DIR', folder, '.data', 'where the private PostgreSQL and Redis keep their data'),
  cacheDir: setting(
    'CACHE_DIR',
    folder,
    usualCache(env),
    'programs that were unpacked once; may be deleted at any time',
  ),
  switches: setting('FREESWITCH', list(hostPort(USUAL_SWITCH)), '', 'event sockets, host:port,…; none: a simulation'),
  demo: setting(
    'DEMO',
    yesOrNo,
    '0',
    '1: the simulation, in a schema and a Redis database of its own; needed when DATABASE_URL or REDIS_URL is set',
  ),
  switchPassword: secretly(
    optional('FREESWITCH_PASSWORD', secret(1), 'password of the event sockets; required with FREESWITCH'),
  ),
  listen: setting('LISTEN', hostPort(USUAL_DOOR), '127.0.0.1:8084', 'where FreeSWITCH brings its calls'),
  listenAllow: setting('LISTEN_ALLOW', list(network), '127.0.0.0/8,::1/128', 'networks that may bring calls'),
  doorKey: secretly(
    optional(
      'DOOR_KEY',
      secret(16),
      'the `switchhook_key` that every call must carry; required when LISTEN is beyond loopback',
    ),
  ),
  roles: setting(
    'ROLES',
    someRoles,
    ROLES.join(),
    'what this process does: takes calls, dials campaigns, shows the floor; any of the three',
  ),
  nodeAddress: optional(
    'NODE_ADDRESS',
    hostPort(USUAL_DOOR),
    'host:port at which the switches reach the door of this process, to bring it its own legs; none: LISTEN, if that is one address',
  ),
  maxCalls: setting(
    'MAX_CALLS',
    integer(1, 100_000),
    '1000',
    'live calls from which on new callers are sent to the overflow; at twice as many the port is closed while another node is open',
  ),
  warmUp: setting(
    'WARM_UP',
    integer(0, 10_000),
    '100',
    'calls of nobody that a process serves before its door opens, 2 s at most: the first calls of a process cost ten times as much; 0: none',
  ),
  scripts: setting('SCRIPTS', folder, OWN_SCRIPTS, 'the folder of the flows'),
  gateway: setting('GATEWAY', ident, 'carrier', 'the sofia gateway that reaches telephone numbers'),
  callerId: optional('CALLER_ID', phoneNumber, 'the number that people see when we call them'),
  cps: setting(
    'CPS',
    integer(1, 1_000),
    '5',
    'calls that we start per second and switch; carriers refuse what comes faster',
  ),
  maxLines: setting('MAX_LINES', integer(1, 10_000), '30', 'lines that we keep busy with our own calls at one time'),
  ringForMs: setting('RING_FOR', duration('5s', '120s'), '20s', "how long an agent's phone rings"),
  wrapUpAfterDial: setting(
    'WRAP_UP_AFTER_DIAL',
    choice('no', 'yes'),
    'no',
    'a wrap-up also after a talk that no queue has given: click-to-dial, or a flow dials an agent',
  ),
  amdMaxSilenceMs: setting(
    'AMD_MAX_SILENCE',
    duration('100ms', '10s'),
    '2500ms',
    'no sound for so long after the answer: nobody speaks (app_amd)',
  ),
  amdGreetingMs: setting(
    'AMD_GREETING',
    duration('100ms', '10s'),
    '1500ms',
    'a greeting longer than this: a machine (app_amd)',
  ),
  amdAfterGreetingMs: setting(
    'AMD_AFTER_GREETING',
    duration('100ms', '10s'),
    '600ms',
    'silence after a greeting: a person',
  ),
  logLevel: optional(
    'LOG_LEVEL',
    choice('debug', 'info', 'warn', 'error', 'silent'),
    'how much the log says; none: info, with the simulated switch warn',
  ),
  nodeName: setting('NODE_NAME', ident, usualName(), 'the name of this process among its peers'),
})

type Settings = ReturnType<typeof settings>
export type Config = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never }

/** Reads the environment once. Throws SettingError with every fault in one message; secrets are never repeated in it. */
export function readConfig(env: Environment = process.env): Config {
  const faults: string[] = []
  const read = (one: Setting<unknown>): unknown => {
    const given = env[one.name]?.trim() || one.standard
    if (given === null) return null
    try {
      return one.parse(given)
    } catch (error) {
      faults.push(`${one.name}=${one.secret ? '…' : given}: ${(error as Error).message}`)
      return null
    }
  }
  const config = Object.fromEntries(Object.entries(settings(env)).map(([key, one]) => [key, read(one)])) as Config
  faults.push(...contradictions(config, new Set(faults.map(fault => fault.slice(0, fault.indexOf('='))))))
  if (faults.length > 0) throw new SettingError(faults)
  return Object.freeze(config)
}

/** What is wrong between settings. One that is faulty by itself is not named twice. */
function contradictions(
  { switches, switchPassword, demo, listen, doorKey, roles }: Config,
  faulty: ReadonlySet<string>,
): string[] {
  const faults: string[] = []
  if (demo && switches.length > 0)
    faults.push('DEMO=1 and FREESWITCH exclude each other: the demo runs on a simulated switch')
  if (!faulty.has('FREESWITCH') && !faulty.has('FREESWITCH_PASSWORD') && switches.length > 0) {
    if (switchPassword === null)
      faults.push('FREESWITCH_PASSWORD is missing: FREESWITCH needs the password of its event_socket.conf.xml')
    if (switchPassword === 'ClueCon') {
      faults.push(
        'FREESWITCH_PASSWORD=…: ClueCon stands in every manual and opens every switch; choose another in event_socket.conf.xml',
      )
    }
  }
  const opens = !faulty.has('ROLES') && !faulty.has('LISTEN') && roles.includes('listener')
  if (opens && !faulty.has('DOOR_KEY') && !isLoopback(listen.host) && doorKey === null) {
    const where = `${listen.host}:${listen.port}`
    faults.push(
      `DOOR_KEY is missing: LISTEN=${where} is open to others, so calls must carry a key of 16 or more characters`,
    )
  }
  return faults
}

/** Where the switches reach this process's own door; null when LISTEN says only "everywhere": no switch can be told that. */
export function ownAddress(
  { nodeAddress, listen }: Pick<Config, 'nodeAddress' | 'listen'>,
  port: number,
): string | null {
  const { host, port: at } = nodeAddress ?? { host: listen.host, port }
  if (host === '0.0.0.0' || host === '::') return null
  return `${host.includes(':') ? `[${host}]` : host}:${at}`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** The settings as a Markdown table, the same on every machine: for the README and `--help`. */
export function describeSettings(): string {
  const rows = Object.values(settings({})).map(one => `| \`${one.name}\` | ${shown(one)} | ${one.why} |`)
  return ['| setting | default | why |', '| --- | --- | --- |', ...rows].join('\n')
}

function shown(one: Setting<unknown>): string {
  if (one.name === 'CACHE_DIR') return "the user's cache"
  if (one.name === 'SCRIPTS') return '`scripts` of this project'
  if (one.name === 'NODE_NAME') return 'host and process id'
  return one.standard ? `\`${one.standard}\`` : 'none'
}

/** What is in force, one NAME=value a line as people write it, secrets as '…': for the command line and for support. */
export function showSettings(env: Environment = process.env): string {
  const line = (one: Setting<unknown>) => {
    const value = env[one.name]?.trim() || one.standard || ''
    return `${one.name}=${one.secret && value !== '' ? '…' : value}`
  }
  return Object.values(settings(env)).map(line).join('\n')
}
