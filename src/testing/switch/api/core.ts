/** API commands about FreeSWITCH itself. */
import { spokenEnglish } from '../apps/say-english.ts'
import { words } from '../separate.ts'
import type { SimulatedSwitch } from '../simulated-switch.ts'
import type { Api } from './index.ts'

const GIT = 'git a88d069 2024-08-02 21:02:27Z 64bit'
const RULE = `${'='.repeat(97)}\n`

function gatewayStatus(sim: SimulatedSwitch, name: string): string {
  const state = sim.gateways.get(name)
  if (!state) return 'Invalid Gateway!\n'
  const lines = [
    ['Name', name],
    ['Profile', 'external'],
    ['Scheme', 'Digest'],
    ['Proxy', 'sip:127.0.0.1:5090'],
    ['Context', 'public'],
    ['State', 'NOREG'],
    ['Status', state],
  ]
  return RULE + lines.map(([key, value]) => `${key!.padEnd(8)}\t${value}\n`).join('') + RULE
}

function recover(sim: SimulatedSwitch, what: string | undefined): string {
  if (what?.toLowerCase() === 'flush') {
    sim.tracking.flush()
    return 'Flushing recovery database.\n'
  }
  const count = sim.tracking.recover()
  sim.fire('CUSTOM', undefined, { subclass: 'sofia::recovery_recovered', after: [['recovered_calls', String(count)]] })
  return count > 0 ? `Recovered ${count} call(s)\n` : 'No calls to recover.\n'
}

export const coreApi: Record<string, Api> = {
  status(sim) {
    const live = sim.channels.size
    const { heart } = sim
    return (
      `UP ${heart.uptime}\nFreeSWITCH (Version 1.10.12-release ${GIT}) is ready\n${heart.sessions} session(s) since startup\n` +
      `${live} session(s) - peak ${heart.peak}, last 5min ${heart.peak} \n` +
      `${heart.inLastSecond} session(s) per Sec out of max 1000, peak ${heart.busiestSecond}, last 5min ${heart.busiestSecond} \n` +
      `5000 session(s) max\nmin idle cpu 0.00/99.00\nCurrent Stack Size/Max 240K/8192K\n`
    )
  },
  version: () => `FreeSWITCH Version 1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit (${GIT})\n`,
  hostname: () => 'sim',
  uptime: sim => `${Math.floor((sim.clock.now() - sim.startedAt) / 1_000)}\n`,
  strepoch: sim => String(Math.floor(sim.clock.now() / 1_000)),
  create_uuid: sim => sim.newUuid(),
  /** `en.wav en number pronounced 23`: the files that the application say plays. */
  say_string(_sim, argument) {
    const [, , , method = '', text = ''] = words(argument, 5)
    return `file_string://${spokenEnglish(method, text)
      .map(name => `${name}.wav`)
      .join('!')}`
  },
  global_getvar: (sim, name) => (name === 'core_uuid' ? sim.coreUuid : (sim.globals.get(name) ?? '-ERR no reply\n')),
  global_setvar(sim, argument) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(argument) ?? []
    sim.globals.set(name, value)
    return '+OK\n'
  },
  module_exists: (_sim, name) =>
    String(
      /^mod_(event_socket|sofia|loopback|commands|dptools|dialplan_xml|sndfile|tone_stream|local_stream|native_file|xml_cdr)$/.test(
        name,
      ),
    ),
  xml_locate: () => "can't find anything\n",
  user_exists(sim, argument) {
    const [, user = ''] = words(argument, 3)
    return String(sim.world.knows(`user/${user}`))
  },
  sofia_contact(sim, argument) {
    const user = argument.replace(/^.*\//, '').split('@')[0]!
    return sim.world.find(`user/${user}`) ? `sofia/internal/sip:${user}@127.0.0.1:5071` : 'error/user_not_registered'
  },
  fsctl(sim, argument) {
    const [what, value] = words(argument, 2)
    return what === 'max_sessions' || what === 'sps' ? sim.throttle.command(what, value) : '+OK\n'
  },
  reloadxml: () => '+OK [Success]\n',
  sofia(sim, argument) {
    const [command, what, name = ''] = words(argument, 4)
    if (command === 'status' && what === 'gateway') return gatewayStatus(sim, name)
    if (command === 'status' && what === undefined) {
      const gateways = [...sim.gateways.keys()].map(
        gateway => `${`external::${gateway}`.padStart(25)}\tgateway\t${'sip:x@127.0.0.1:5090'.padStart(42)}\tNOREG\n`,
      )
      const head = `${'Name'.padStart(25)}\t   Type\t${'Data'.padStart(42)}\tState\n`
      return `${head}${RULE}${gateways.join('')}${RULE}3 profiles 1 alias\n`
    }
    if (command === 'recover') return recover(sim, what)
    sim.unknown.push(`api sofia ${argument}`)
    return '-USAGE: sofia\n'
  },
}
