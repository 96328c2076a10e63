/**
 * The whole configuration of a private FreeSWITCH on loopback, with the project's own dialplan in it. Four SIP
 * profiles, of one process or (the last one) of another:
 *
 *   inside    callers enter here, into the context `public`, where the DID sample routes them
 *   trunk     calls of Switchhook leave here, by the gateway `carrier`
 *   phones    telephones of the house call in here with their password, into `house`; there is one, of user 2001
 *   outside   the outside world: callers call from here, and the last digit of a number called here selects who answers
 *
 * FreeSWITCH's preprocessor works line by line, even inside comments: each of its tags is on a line of its own.
 */

export interface Ports {
  readonly eventSocket: number
  readonly inside: number
  readonly trunk: number
  readonly phones: number
  readonly outside: number
  readonly nodeA: number
  readonly nodeB: number
  readonly nodeC: number
}

/** Who answers a number of the outside world, by its last digit. */
export const KINDS = {
  person: 1, // says a short word, then listens
  mute: 2, // answers and says nothing at all
  declines: 3,
  early: 4, // plays for two seconds before answering (183)
  short: 5, // hangs up after a second
  machine: 6, // talks for four seconds, then beeps
  never: 7, // rings and rings
  busy: 8,
  unallocated: 9,
  congested: 0, // the carrier has no free circuit; in a separate outside world 0 is a person who speaks
} as const
export type Kind = keyof typeof KINDS

/** Seconds of the watchdog in the suite; 15 in the shipped file. FreeSWITCH schedules by whole seconds. */
export const PATIENCE_SECONDS = 3
/** Milliseconds that a telephone of the outside world rings before it answers. */
export const RINGS_MS = 200
/**
 * In a separate outside world people play a tone for as long as the call lasts: callers, and people called by a number
 * that ends in 0.
 */
export const SPEAKS_HZ = { caller: 700, called: 1_100 } as const
const LOAD = [
  'console',
  'logfile',
  'event_socket',
  'sofia',
  'loopback',
  'commands',
  'dptools',
  'dialplan_xml',
  'sndfile',
  'native_file',
  'tone_stream',
  'say_en',
  'conference',
]

/** The user of the directory: calls with this password, and is reached at a number of the outside world. */
export const DESK = { user: '2001', password: 'desk', number: '4920200100' } as const

const profile = (
  name: string,
  port: number,
  context: string,
  { gateways = '', trackCalls = false, auth = false } = {},
) => `
      <profile name="${name}">${gateways}<settings>
        <param name="sip-ip" value="127.0.0.1"/><param name="rtp-ip" value="127.0.0.1"/><param name="sip-port" value="${port}"/>
        <param name="context" value="${context}"/><param name="dialplan" value="XML"/><param name="codec-prefs" value="PCMU"/>
        <param name="auth-calls" value="${auth}"/><param name="accept-blind-reg" value="true"/><param name="rtp-timer-name" value="soft"/><param name="liberal-dtmf" value="true"/>
        <param name="manage-presence" value="false"/><param name="track-calls" value="${trackCalls}"/>
      </settings></profile>`

const gateway = (name: string, port: number, { user = 'x', password = 'x' } = {}) =>
  `<gateway name="${name}"><param name="realm" value="127.0.0.1${user === 'x' ? `:${port}` : ''}"/><param name="proxy" value="127.0.0.1:${port}"/>` +
  `<param name="username" value="${user}"/><param name="password" value="${password}"/><param name="register" value="false"/></gateway>`

/** An action, and an extension, of the dialplan. */
export const act = (application: string, data = '') => `<action application="${application}" data="${data}"/>`
const speaks = (hertz: number) => act('playback', `tone_stream://%(20000,0,${hertz});loops=-1`)
const LISTENS = act('playback', 'silence_stream://120000,1400')

const ANSWERS: Readonly<Record<Kind, readonly string[]>> = {
  busy: [act('respond', '486')],
  unallocated: [act('respond', '404')],
  congested: [act('respond', '503')],
  declines: [act('ring_ready'), act('sleep', String(RINGS_MS)), act('respond', '603')],
  never: [act('ring_ready'), act('sleep', '120000')],
  machine: [
    act('ring_ready'),
    act('sleep', String(RINGS_MS)),
    act('answer'),
    act('playback', 'tone_stream://%(4000,0,300,620)'),
    act('playback', 'tone_stream://%(500,0,1000)'),
    LISTENS,
  ],
  short: [act('ring_ready'), act('sleep', String(RINGS_MS)), act('answer'), act('sleep', '1000'), act('hangup')],
  early: [act('pre_answer'), act('playback', 'tone_stream://%(2000,0,440)'), act('answer'), LISTENS],
  mute: [act('ring_ready'), act('sleep', String(RINGS_MS)), act('answer'), LISTENS],
  person: [
    act('ring_ready'),
    act('sleep', String(RINGS_MS)),
    act('answer'),
    act('playback', 'tone_stream://%(400,0,300,620)'),
    LISTENS,
  ],
}

export const extension = (name: string, number: string, ...actions: readonly string[]) =>
  `<extension name="${name}"><condition field="destination_number" expression="${number}">${actions.join('')}</condition></extension>`

const outsideWorld = Object.entries(ANSWERS)
  .map(([kind, actions]) => extension(kind, `^\\+?\\d*${KINDS[kind as Kind]}$`, ...actions))
  .join('\n      ')
const SPEAKERS = [
  extension('caller', '^caller$', speaks(SPEAKS_HZ.caller)),
  extension(
    'called',
    '^\\d*0$',
    act('ring_ready'),
    act('sleep', String(RINGS_MS)),
    act('answer'),
    speaks(SPEAKS_HZ.called),
  ),
]

/** What a measurement adds to the configuration. */
export interface Additions {
  readonly modules: readonly string[]
  /** Elements `configuration`. */
  readonly configuration: string
  /** Elements `extension` of the context in which callers enter. */
  readonly extensions: string
}

interface Parts {
  readonly ports: Ports
  readonly password: string
  readonly folder: string
  readonly also?: Additions | undefined
}

/**
 * `folder` contains sounds/, recordings/ and dialplan/ (copies of the project's files, with the settings of this
 * FreeSWITCH).
 */
export function freeswitchXml(
  parts: Parts & { readonly outside: 'same' | 'other'; readonly trackCalls: boolean },
): string {
  const { ports, outside, trackCalls, also } = parts
  const here = outside === 'same'
  const profiles = [
    profile('inside', ports.inside, 'public', { trackCalls }),
    profile('trunk', ports.trunk, 'none', {
      gateways: `<gateways>${gateway('carrier', ports.outside)}${gateway('desk', ports.phones, DESK)}</gateways>`,
      trackCalls,
    }),
    profile('phones', ports.phones, 'house', { auth: true }),
    ...(here ? [profile('outside', ports.outside, 'outside')] : []),
  ]
  return configuration(
    parts,
    { profiles, rtp: here ? [20_000, 32_000] : [20_000, 25_998], log: here ? 'debug,info,' : '' },
    `
    <X-PRE-PROCESS cmd="include" data="dialplan/switchhook.xml"/>
    <context name="public">
      <extension name="by-name"><condition field="destination_number" expression="^(switchhook-[a-z0-9-]+)$">
        ${act('transfer', '$1 XML switchhook')}
      </condition></extension>
      ${also?.extensions ?? ''}
      <X-PRE-PROCESS cmd="include" data="dialplan/01_switchhook_did.xml"/>
    </context>
    <context name="house">
      <X-PRE-PROCESS cmd="include" data="dialplan/02_switchhook_agents.xml"/>
      <X-PRE-PROCESS cmd="include" data="dialplan/03_switchhook_park.xml"/>
      <extension name="by-name"><condition field="destination_number" expression="^(switchhook-[a-z0-9-]+)$">
        ${act('transfer', '$1 XML switchhook')}
      </condition></extension>
    </context>
    <context name="none"/>
    <context name="elsewhere">
      <extension name="desk"><condition field="destination_number" expression="^7000$">${act('answer')}${act('playback', 'silence_stream://120000')}</condition></extension>
    </context>
    ${here ? `<context name="outside">${outsideWorld}</context>` : ''}`,
  )
}

/** The outside world as a separate process. `numbers`: extensions that come before those of the KINDS. */
export function farXml(parts: Parts & { readonly numbers: string }): string {
  const profiles = [profile('outside', parts.ports.outside, 'outside')]
  return configuration(
    parts,
    { profiles, rtp: [26_000, 31_998], log: '' },
    `
    <context name="outside">
      ${parts.numbers}
      ${SPEAKERS.join('')}
      ${outsideWorld}
    </context>`,
  )
}

function configuration(
  { ports, password, folder, also }: Parts,
  sip: { profiles: readonly string[]; rtp: readonly [number, number]; log: string },
  dialplan: string,
): string {
  return `<?xml version="1.0"?>
<document type="freeswitch/xml">
  <X-PRE-PROCESS cmd="set" data="domain=127.0.0.1"/>
  <X-PRE-PROCESS cmd="set" data="sound_prefix=${folder}/sounds"/>
  <X-PRE-PROCESS cmd="set" data="disable_system_api_commands=true"/>
  <X-PRE-PROCESS cmd="set" data="disable_system_app_commands=true"/>
  <section name="configuration">
    <configuration name="modules.conf"><modules>${[...LOAD, ...(also?.modules ?? [])].map(name => `<load module="mod_${name}"/>`).join('')}</modules></configuration>
    <configuration name="switch.conf"><settings>
      <param name="max-sessions" value="1000"/><param name="sessions-per-second" value="500"/><param name="min-idle-cpu" value="0"/>
      <param name="rtp-start-port" value="${sip.rtp[0]}"/><param name="rtp-end-port" value="${sip.rtp[1]}"/><param name="event-heartbeat-interval" value="20"/>
      <param name="api-expansion" value="false"/>
    </settings></configuration>
    <configuration name="event_socket.conf"><settings>
      <param name="listen-ip" value="127.0.0.1"/><param name="listen-port" value="${ports.eventSocket}"/><param name="password" value="${password}"/>
      <param name="nat-map" value="false"/><param name="apply-inbound-acl" value="loopback.auto"/>
    </settings></configuration>
    <configuration name="console.conf"><mappings><map name="all" value="err,crit,alert"/></mappings><settings><param name="loglevel" value="err"/></settings></configuration>
    <configuration name="logfile.conf"><settings/><profiles><profile name="default"><settings/><mappings>
      <map name="all" value="${sip.log}notice,warning,err,crit,alert"/></mappings></profile></profiles></configuration>
    ${also?.configuration ?? ''}
    <configuration name="conference.conf"><caller-controls><group name="default"/></caller-controls><profiles><profile name="default">
      <param name="rate" value="8000"/><param name="interval" value="20"/><param name="energy-level" value="0"/>
    </profile></profiles></configuration>
    <configuration name="acl.conf"><network-lists/></configuration>
    <configuration name="sofia.conf"><global_settings/><profiles>
      ${sip.profiles.join('')}
    </profiles></configuration>
  </section>
  <section name="dialplan">
${dialplan}
  </section>
  <section name="phrases"><macros><language name="en" say-module="en" sound-prefix="${folder}/sounds"><phrases><macros/></phrases></language></macros></section>
  <section name="directory"><domain name="127.0.0.1"><groups><group name="default"><users>
    <user id="${DESK.user}"><params><param name="password" value="${DESK.password}"/><param name="dial-string" value="sofia/gateway/carrier/${DESK.number}${KINDS.never}"/></params></user>
  </users></group></groups></domain></section>
</document>
`
}
