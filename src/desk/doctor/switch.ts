/**
 * Doctor: checks one FreeSWITCH: its event socket, version, modules, security settings, gateway, dialplan, sounds, and
 * test calls to the nodes.
 */
import type { Clock } from '../../base/clock.ts'
import { SwitchError } from '../../base/errors.ts'
import { gatewayStateIn, gatewayStatus, globalVariable, moduleExists, status } from '../../esl/api.ts'
import { connectTcp } from '../../esl/tcp.ts'
import { ident, type Ident } from '../../esl/safe-text.ts'
import { NO_USES, type Uses } from '../../flow/uses.ts'
import { checkDialplan } from './dialplan.ts'
import { fault, ok, warning, type Finding } from './finding.ts'
import type { DoctorSettings } from './doctor-input.ts'
import { checkPriority } from './priority.ts'
import * as question from './doctor-queries.ts'
import type { Ask } from './doctor-queries.ts'
import { checkSounds } from './sounds.ts'
import { isOlder } from './stores.ts'
import { SwitchLine } from './switch-line.ts'
import { isHere, tcpRetries } from './tcp-retries.ts'
import { checkCalls } from './test-call.ts'

/**
 * It fixes 21 faults of 1.11.2, among them heap reads by `${variable:offset}` and channel variables set from a
 * Refer-To.
 */
const SAFE_VERSION = '1.11.3'
/**
 * No call works without all of NEEDED. Those of MOSTLY are for what some installations do.
 */
const NEEDED = [
  'mod_event_socket',
  'mod_commands',
  'mod_dptools',
  'mod_dialplan_xml',
  'mod_sndfile',
  'mod_tone_stream',
] as const
const MOSTLY = {
  mod_sofia: 'there are no SIP telephones and no gateways',
  mod_say_en: 'numbers cannot be spoken: number() and digits() in flows, the place in a queue',
  mod_conference: 'no talk can become a conference: talk invite',
  mod_voicemail: 'queues can send nobody to a voice mailbox',
} as const
const SKEW_MS = 3_000

export async function* checkSwitch(
  at: { readonly host: string; readonly port: number },
  settings: DoctorSettings,
  clock: Clock,
  uses: Uses = NO_USES,
): AsyncGenerator<Finding> {
  const name = `${at.host}:${at.port}`
  let line: SwitchLine
  try {
    line = await SwitchLine.open(await connectTcp(at.host, at.port), settings.switchPassword ?? '', clock)
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    return yield unreachable(name, error)
  }
  try {
    const ask: Ask = text => line.ask(text)
    yield ok(name, 'the event socket can be reached and accepts the password')
    yield* await checkItself(name, ask, clock)
    yield* await checkClosed(name, ask)
    yield await checkGateway(name, settings.gateway, ask)
    const { findings, hosts } = await checkDialplan(name, settings.doorKey, ask)
    yield* findings
    yield* await tcpRetries(at, ask)
    if (isHere(name)) yield* await checkPriority(name, ask)
    yield* await checkSounds(at, settings.scripts, uses, ask)
    if (!findings.some(finding => finding.level === 'fault'))
      yield* await checkCalls(name, hosts, line, settings, clock)
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    yield fault(
      name,
      `${error.message}, in the middle of the checks`,
      'see its log: it may be overloaded or shutting down',
    )
  } finally {
    line.close()
  }
}

export function unreachable(name: string, error: SwitchError): Finding {
  switch (error.code) {
    case 'SWITCH_REFUSED':
      return fault(
        name,
        `it refuses the password (answer: '${error.message}')`,
        'set FREESWITCH_PASSWORD to the password in its event_socket.conf.xml',
      )
    case 'SWITCH_TIMEOUT':
      return fault(
        name,
        'the process at this address does not speak event socket, or is frozen',
        'set FREESWITCH to the listen-ip and listen-port of its event_socket.conf.xml',
      )
    default:
      return /closed the connection/.test(error.message)
        ? fault(
            name,
            'it closes the connection before it asks for a password',
            "allow this machine's address with apply-inbound-acl in its event_socket.conf.xml",
          )
        : fault(
            name,
            error.message.replace(`cannot connect to ${name}: `, 'nobody answers: '),
            'start FreeSWITCH, or compare FREESWITCH with listen-ip and listen-port in its event_socket.conf.xml',
          )
  }
}

export async function checkItself(name: string, ask: Ask, clock: Clock): Promise<Finding[]> {
  const found: Finding[] = []
  const version = /Version (\d[\d.]*)/.exec(await ask(status))?.[1] ?? 'unknown'
  if (version === 'unknown' || isOlder(version, SAFE_VERSION)) {
    found.push(
      warning(
        name,
        `FreeSWITCH ${version} has security faults that ${SAFE_VERSION} does not have`,
        `update it to ${SAFE_VERSION} or newer, and keep it off the Internet until then`,
      ),
    )
  } else found.push(ok(name, `FreeSWITCH ${version}`))

  const missing = async (modules: readonly string[]) => {
    const there = await Promise.all(modules.map(async module => (await ask(moduleExists(module as Ident))) === 'true'))
    return modules.filter((_, index) => !there[index])
  }
  const needed = await missing(NEEDED)
  if (needed.length > 0)
    found.push(
      fault(
        name,
        `${needed.join(', ')} ${needed.length > 1 ? 'are' : 'is'} not loaded`,
        `load ${needed.length > 1 ? 'them' : 'it'} in modules.conf.xml`,
      ),
    )
  else found.push(ok(name, 'all required modules are loaded'))
  for (const module of (await missing(Object.keys(MOSTLY))) as (keyof typeof MOSTLY)[]) {
    found.push(
      warning(name, `${module} is not loaded: ${MOSTLY[module]}`, `load it in modules.conf.xml if you need it`),
    )
  }

  const seconds = Number(await ask(question.epochSeconds))
  const skew = seconds * 1_000 + 500 - clock.now() // the answer is in whole seconds
  if (!Number.isFinite(skew) || Math.abs(skew) > SKEW_MS) {
    found.push(
      warning(
        name,
        `its clock is ${Math.abs(Math.round(skew / 1_000))} s ${skew > 0 ? 'ahead of' : 'behind'} that of this machine: times in records do not match`,
        'run chrony or ntpd on both machines',
      ),
    )
  }
  return found
}

/** Checks that access to commands or variables of FreeSWITCH does not give access to a shell. */
export async function checkClosed(name: string, ask: Ask): Promise<Finding[]> {
  const found: Finding[] = []
  for (const what of ['api', 'app'] as const) {
    const variable = `disable_system_${what}_commands`
    if ((await ask(globalVariable(variable as Ident))) === 'true') continue
    found.push(
      warning(
        name,
        `it runs system commands for everybody who may ${what === 'api' ? 'command it' : 'write its dialplan'}`,
        `<X-PRE-PROCESS cmd="set" data="${variable}=true"/> in vars.xml, then restart it`,
      ),
    )
  }
  if (!/\bis off\b/.test(await ask(question.apiExpansion))) {
    found.push(
      warning(
        name,
        'it runs API commands that it finds in variables, ${…()}',
        '<param name="api-expansion" value="false"/> in switch.conf.xml, then restart it',
      ),
    )
  }
  return found.length > 0 ? found : [ok(name, 'system commands and api expansion are disabled')]
}

export async function checkGateway(name: string, gateway: string, ask: Ask): Promise<Finding> {
  const state = gatewayStateIn(await ask(gatewayStatus(ident(gateway))))
  if (state === 'UP') return ok(name, `the gateway '${gateway}' is up`)
  if (state)
    return warning(
      name,
      `the gateway '${gateway}' is ${state}: it reaches no telephone number`,
      `see: sofia status gateway ${gateway}`,
    )
  return warning(
    name,
    `it has no gateway '${gateway}': no telephone number can be reached`,
    'set GATEWAY to one of those that `sofia status` names, or add it to a sofia profile',
  )
}
