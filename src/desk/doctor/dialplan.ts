/**
 * Doctor: checks the dialplan of a FreeSWITCH. Does it lead to the nodes, also after a restart? Does any number lead to
 * a flow? Do the SIP profiles have a timer, so that sounds end?
 */
import { CONTEXT, dialplanHas, globalVariable } from '../../esl/api.ts'
import { filePath, type Ident } from '../../esl/safe-text.ts'
import { fault, ok, warning, type Finding } from './finding.ts'
import * as question from './doctor-queries.ts'
import type { Ask } from './doctor-queries.ts'

const COPY =
  'copy the files of dialplan/ into its dialplan folder (`switchhook freeswitch write --conf <folder>` does it), and run reloadxml'

/** Returns 'host:port' of every `socket` line, each once and in order, except where the host is a channel variable. */
export function hostsOf(context: string): string[] {
  const lines = [...context.matchAll(/application="socket"[^>]*data="([^"]*)"/g)].flatMap(([, data]) =>
    data!.split(' ')[0]!.split('|'),
  )
  return [...new Set(lines.map(one => one.replace(/\/.*$/, '')).filter(host => /^[^$/]+:\d+$/.test(host)))]
}

export interface Dialplan {
  readonly findings: readonly Finding[]
  /** The addresses of nodes in the dialplan; empty when a fault keeps every call from them. */
  readonly hosts: readonly string[]
}

export async function checkDialplan(name: string, doorKey: string | null, ask: Ask): Promise<Dialplan> {
  const context = await ask(dialplanHas(CONTEXT as Ident))
  if (!context.includes('switchhook-(') || !/application="socket"[^>]*async full/.test(context)) {
    return { findings: [fault(name, `its dialplan has no context '${CONTEXT}' that leads to a node`, COPY)], hosts: [] }
  }
  const hosts = hostsOf(context)
  if (hosts.length === 0) {
    const says =
      'its dialplan names no node: switchhook_node_a and switchhook_node_b have no value, switchhook_vars.xml may be missing'
    return { findings: [fault(name, says, COPY)], hosts }
  }
  const findings = [ok(name, `its dialplan leads to ${hosts.join(' and ')}`)]
  const key = await variable('switchhook_key', ask)
  if (doorKey !== null && key !== doorKey) {
    findings.push(
      fault(
        name,
        key === '' ? 'its calls carry no key' : 'its calls carry another key than DOOR_KEY',
        'set switchhook_key in switchhook_vars.xml to DOOR_KEY, and run reloadxml',
      ),
    )
  }
  findings.push(...(await checkVars(name, ask)), ...(await checkNumbers(name, ask)), ...(await checkTimers(name, ask)))
  return { findings, hosts }
}

/** FreeSWITCH keeps the values of a deleted file until it restarts; after that every call would hear the apology. */
async function checkVars(name: string, ask: Ask): Promise<Finding[]> {
  const folder = await variable('conf_dir', ask)
  const file = `${folder}/dialplan/switchhook_vars.xml`
  if (folder === '' || !/^[\w./-]+$/.test(folder) || (await ask(question.fileExists(filePath(file)))) === 'true')
    return []
  return [
    warning(name, `there is no ${file}: its values are lost when FreeSWITCH restarts, then it finds no node`, COPY),
  ]
}

async function checkNumbers(name: string, ask: Ask): Promise<Finding[]> {
  const outside = await ask(dialplanHas('public' as Ident))
  if (/data="switchhook-[^"]* XML switchhook"/.test(outside)) return []
  const mend =
    'put 01_switchhook_did.xml into dialplan/public/ with your numbers, and run reloadxml; ignore this if calls arrive in another context'
  return [
    warning(
      name,
      "no number in its context 'public' leads to a flow: calls from outside get NO_ROUTE_DESTINATION",
      mend,
    ),
  ]
}

/**
 * Without a timer a profile plays at the pace of the packets from the telephone: when it sends none, a sound never
 * ends.
 */
async function checkTimers(name: string, ask: Ask): Promise<Finding[]> {
  const sofia = await ask(question.sofiaConfiguration)
  const profiles = [...sofia.matchAll(/<profile\b[^>]*\bname="([^"]+)"[^>]*>([\s\S]*?)<\/profile>/g)]
  const without = profiles
    .filter(([, , params]) => !/name="rtp-timer-name"[^>]*value="(?!none")[^"]+"/.test(params!))
    .map(([, profile]) => profile!)
  if (without.length === 0) return []
  const says = `the SIP profile${without.length > 1 ? 's' : ''} ${without.join(', ')} ${without.length > 1 ? 'have' : 'has'} no rtp-timer-name: a sound never ends when the telephone sends no audio`
  return [
    warning(
      name,
      says,
      '<param name="rtp-timer-name" value="soft"/> in the profile, then `sofia profile <name> restart`',
    ),
  ]
}

async function variable(of: string, ask: Ask): Promise<string> {
  const value = await ask(globalVariable(of as Ident))
  return value.startsWith('-ERR') ? '' : value
}
