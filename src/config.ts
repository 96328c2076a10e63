/**
 * Defines every setting once: its name in the environment, its parser, its default and one line about its meaning. No
 * other file reads the environment. One error reports all faults; the result is frozen. Used by src/main.ts and
 * src/desk/cli.
 */
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { country, type Country } from './base/country.ts'
import { SettingError } from './base/errors.ts'
import { parseRedisUrl } from './base/redis-url.ts'
import {
  choice,
  duration,
  eventSink,
  folder,
  hostOrNetwork,
  hostPort,
  ident,
  integer,
  list,
  network,
  phoneNumber,
  secret,
  sound,
  uriReference,
  url,
  yesOrNo,
  type Parser,
} from './config/parsers.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface Setting<T> {
  readonly name: string
  readonly parse: Parser<T>
  /** The default, as a person writes it; null: the setting has no default. */
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

/**
 * What a process does: takes calls, dials campaigns, serves the HTTP API and shows the status lines. Any number of
 * processes may have each role.
 */
export const ROLES = ['listener', 'dialer', 'desk'] as const
type Role = (typeof ROLES)[number]

const someRoles: Parser<readonly Role[]> = value => {
  const chosen = new Set(list(choice(...ROLES))(value))
  if (chosen.size === 0) throw new Error(`allowed: one or more of ${ROLES.join(', ')}, with commas between them`)
  return Object.freeze([...chosen])
}

/** The cache folder. Not root's own: PostgreSQL must run as another user, and that user cannot read it. */
function usualCache(env: Environment): string {
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'switchhook')
  return process.getuid?.() === 0 ? '/var/cache/switchhook' : join(homedir(), '.cache', 'switchhook')
}

/** The scripts of this installation, whatever the working folder of a command is. */
const OWN_SCRIPTS = fileURLToPath(new URL('../scripts', import.meta.url))
const USUAL_SWITCH = { host: '127.0.0.1', port: 8_021 }
const USUAL_DOOR = { host: '127.0.0.1', port: 8_084 }
const USUAL_DESK = { host: '127.0.0.1', port: 8_085 }

/** Host name and process id: each process of each machine needs its own name. */
function usualName(): string {
  return `${
    hostname()
      .replace(/[^A-Za-z0-9-]+/g, '-')
      .replace(/^-+/, '')
      .slice(0, 50) || 'node'
  }-${process.pid}`
}

/*
 * Default of MAX_CALLS: a waiting call costs 25 kB and almost no time. But when another node dies, its calls arrive all
 * at once and each costs 1 ms (measured): 1000 calls keep one core busy for a second, and the callers hear nothing for
 * that long.
 */
/*
 * Defaults of AMD_*: app_amd's initial_silence and greeting. After a greeting 600 ms instead of its 800 ms, because of
 * the legal limit of 2 s.
 */
const settings = (env: Environment) => ({
  databaseUrl: secretly(
    optional(
      'DATABASE_URL',
      url('postgres', 'postgresql'),
      'the PostgreSQL that stores calls and campaigns; not set: Switchhook starts a private one',
    ),
  ),
  redisUrl: secretly(
    optional(
      'REDIS_URL',
      redisUrl,
      'the Redis that stores queues, agents and journals, in a database that nothing else uses: redis://host:6379/1, or redis+sentinel://host:26379,host:26379/primary/1; rediss for TLS; no Redis Cluster; not set: Switchhook starts a private one',
    ),
  ),
  dataDir: setting('DATA_DIR', folder, '.data', 'the data folder of the private PostgreSQL and Redis'),
  cacheDir: setting(
    'CACHE_DIR',
    folder,
    usualCache(env),
    'the folder of unpacked programs; may be deleted at any time',
  ),
  switches: setting(
    'FREESWITCH',
    list(hostPort(USUAL_SWITCH)),
    '',
    'event sockets, host:port,…; not set: a simulated FreeSWITCH',
  ),
  demo: setting(
    'DEMO',
    yesOrNo,
    '0',
    '1: the simulation, in its own schema and its own Redis database; the simulation needs it when DATABASE_URL or REDIS_URL is set',
  ),
  switchPassword: secretly(
    optional('FREESWITCH_PASSWORD', secret(1), 'password of the event sockets; required with FREESWITCH'),
  ),
  listen: setting(
    'LISTEN',
    hostPort(USUAL_DOOR),
    '127.0.0.1:8084',
    'the address and port to which FreeSWITCH connects calls',
  ),
  listenAllow: setting(
    'LISTEN_ALLOW',
    list(network),
    '127.0.0.0/8,::1/128',
    'the networks from which FreeSWITCH may connect calls',
  ),
  doorKey: secretly(
    optional(
      'DOOR_KEY',
      secret(16),
      'the `switchhook_key` that every call must carry; required when LISTEN is not a loopback address',
    ),
  ),
  deskListen: setting(
    'DESK_LISTEN',
    hostPort(USUAL_DESK),
    '127.0.0.1:8085',
    'the address and port of the HTTP API; another address than a loopback one needs DESK_TLS or DESK_PROXY',
  ),
  deskTls: setting(
    'DESK_TLS',
    list(folder),
    '',
    'certificate and key of the HTTP API, two files in PEM with a comma between them; not set: without TLS',
  ),
  deskProxy: setting(
    'DESK_PROXY',
    yesOrNo,
    '0',
    '1: only a proxy that speaks TLS reaches DESK_LISTEN, and it names the client at the end of X-Forwarded-For',
  ),
  roles: setting(
    'ROLES',
    someRoles,
    ROLES.join(),
    'what this process does: takes calls, dials campaigns, serves the HTTP API and shows the status lines; one or more of the three',
  ),
  nodeAddress: optional(
    'NODE_ADDRESS',
    hostPort(USUAL_DOOR),
    'host:port at which FreeSWITCH reaches this process, to connect the legs that it dials; not set: LISTEN, if that is a single address',
  ),
  maxCalls: setting(
    'MAX_CALLS',
    integer(1, 100_000),
    '1000',
    'from this many live calls on, new callers are sent to the overflow; from twice as many on, the port is closed while another node is open',
  ),
  warmUp: setting(
    'WARM_UP',
    integer(0, 10_000),
    '100',
    'warm-up calls that a process serves before it opens its port, 2 s at most: the first calls of a process cost ten times as much; 0: no warm-up',
  ),
  scripts: setting(
    'SCRIPTS',
    folder,
    OWN_SCRIPTS,
    'the folder of the flows; it may be outside this project, and `#flow` works there too',
  ),
  queueStrategies: optional(
    'QUEUE_STRATEGIES',
    folder,
    "a folder with a team's own strategies of queues, each a file with the name of the strategy",
  ),
  gateway: setting('GATEWAY', ident, 'carrier', 'the sofia gateway for calls to telephone numbers'),
  country: optional<Country>(
    'COUNTRY',
    country,
    'the country of telephone numbers that are written without a country code, two letters of ISO 3166 such as DE; a campaign may have another one; not set: such numbers stay as they are written',
  ),
  callerId: optional('CALLER_ID', phoneNumber, 'the number that the called people see'),
  cps: setting(
    'CPS',
    integer(1, 1_000),
    '5',
    'calls to leads, and to customers who were promised a callback, started per second on each FreeSWITCH; carriers refuse faster calls',
  ),
  maxLines: setting('MAX_LINES', integer(1, 10_000), '30', 'lines that dialled calls may use at one time'),
  ringForMs: setting('RING_FOR', duration('5s', '120s'), '20s', "how long an agent's telephone rings"),
  holdMusic: setting('HOLD_MUSIC', sound, 'moh/calm', 'the sound that a caller on hold hears'),
  wrapUpAfterDial: setting(
    'WRAP_UP_AFTER_DIAL',
    choice('no', 'yes'),
    'no',
    'yes: wrap-up also after a conversation that came from no queue: click-to-dial, or a flow that dials an agent',
  ),
  eventsCompat: setting(
    'EVENTS_COMPAT',
    list(choice('callcenter', 'nwayacd')),
    '',
    'events of other systems that are sent on FreeSWITCH for programs that know them: callcenter, nwayacd; not set: none',
  ),
  keepSegmentsMs: setting(
    'KEEP_SEGMENTS',
    duration('1d', '3650d'),
    '92d',
    'how long the rows behind the figures of queues and agents are kept; the records of calls stay',
  ),
  keepEventsMs: setting(
    'KEEP_EVENTS',
    duration('1h', '3650d'),
    '7d',
    'how long events are kept for programs that follow them, replay them or receive them by a webhook',
  ),
  eventsSource: setting(
    'EVENTS_SOURCE',
    uriReference,
    '/switchhook',
    'the `source` of every event that leaves Switchhook; each installation needs its own where one program hears several',
  ),
  webhookAllow: setting(
    'WEBHOOK_ALLOW',
    list(hostOrNetwork),
    '',
    'hosts and networks of your own, such as crm.internal or 10.0.0.0/8, to which webhooks may send; not set: only addresses of the public internet, by https',
  ),
  eventsTo: secretly(
    setting(
      'EVENTS_TO',
      list(eventSink),
      '',
      'message queues that get every event: redis (a stream of REDIS_URL), amqp://user:password@host, nats://host; several with commas between them',
    ),
  ),
  eventsNumbers: setting('EVENTS_NUMBERS', yesOrNo, '0', '1: the events of EVENTS_TO show telephone numbers'),
  amdMaxSilenceMs: setting(
    'AMD_MAX_SILENCE',
    duration('100ms', '10s'),
    '2500ms',
    'this much silence after the answer: nobody speaks (app_amd)',
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
    'this much silence after a greeting: a person',
  ),
  logLevel: optional(
    'LOG_LEVEL',
    choice('debug', 'info', 'warn', 'error', 'silent'),
    'the lowest level that is logged; not set: info, with a simulated FreeSWITCH warn',
  ),
  nodeName: setting(
    'NODE_NAME',
    ident,
    usualName(),
    'the name of this process among the nodes; each process needs its own',
  ),
})

type Settings = ReturnType<typeof settings>
export type Config = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never }

/**
 * Reads the environment once. Throws SettingError (BAD_SETTING) with every fault in one message; the message never
 * shows a secret.
 */
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

/** The faults between settings. A setting that is faulty by itself is not reported a second time. */
function contradictions(
  { switches, switchPassword, demo, listen, doorKey, roles, deskListen, deskTls, deskProxy }: Config,
  faulty: ReadonlySet<string>,
): string[] {
  const faults: string[] = []
  if (demo && switches.length > 0)
    faults.push('DEMO=1 and FREESWITCH exclude each other: the demo runs on a simulated FreeSWITCH')
  if (!faulty.has('FREESWITCH') && !faulty.has('FREESWITCH_PASSWORD') && switches.length > 0) {
    if (switchPassword === null)
      faults.push('FREESWITCH_PASSWORD is missing: set it to the password in event_socket.conf.xml of FreeSWITCH')
    if (switchPassword === 'ClueCon') {
      faults.push(
        'FREESWITCH_PASSWORD=…: ClueCon is the default password in every manual; choose another one in event_socket.conf.xml',
      )
    }
  }
  const opens = !faulty.has('ROLES') && !faulty.has('LISTEN') && roles.includes('listener')
  if (opens && !faulty.has('DOOR_KEY') && !isLoopback(listen.host) && doorKey === null) {
    const where = `${listen.host}:${listen.port}`
    faults.push(`DOOR_KEY is missing: LISTEN=${where} is open to other machines; set a key of 16 or more characters`)
  }
  if (deskTls.length !== 0 && deskTls.length !== 2)
    faults.push('DESK_TLS: two files are needed, the certificate and its key, with a comma between them')
  const serves = !faulty.has('ROLES') && !faulty.has('DESK_LISTEN') && roles.includes('desk')
  if (serves && !isLoopback(deskListen.host) && deskTls.length === 0 && !deskProxy)
    faults.push(
      `DESK_LISTEN=${deskListen.host}:${deskListen.port} is open to other machines without TLS: set DESK_TLS, or DESK_PROXY=1 when a proxy speaks TLS`,
    )
  return faults
}

/**
 * host:port at which FreeSWITCH reaches this process; null when LISTEN is a wildcard address, to which FreeSWITCH
 * cannot connect.
 */
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

/** Returns the settings as a Markdown table, the same on every machine: for the README, where a test compares it. */
export function describeSettings(): string {
  const rows = Object.values(settings({})).map(one => `| \`${one.name}\` | ${shown(one)} | ${one.why} |`)
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

function shown(one: Setting<unknown>): string {
  if (one.name === 'CACHE_DIR') return "the user's cache folder"
  if (one.name === 'SCRIPTS') return '`scripts` of this project'
  if (one.name === 'NODE_NAME') return 'host name and process id'
  return one.standard ? `\`${one.standard}\`` : 'none'
}

/**
 * Returns the settings in force, one NAME=value per line as people write them, secrets as '…': for the command line and
 * for support.
 */
export function showSettings(env: Environment = process.env): string {
  const line = (one: Setting<unknown>) => {
    const value = env[one.name]?.trim() || one.standard || ''
    return `${one.name}=${one.secret && value !== '' ? '…' : value}`
  }
  return Object.values(settings(env)).map(line).join('\n')
}
