/**
 * Doctor: checks how long a call waits when the whole machine of a node is down. FreeSWITCH's `socket` has no limit for
 * the connect, so the kernel's limit applies: 127 s with 6 retries, 7 s with 2. A connection to an ended process on a
 * live machine is refused at once.
 */
import { readFile } from 'node:fs/promises'
import { globalVariable } from '../../esl/api.ts'
import type { Ident } from '../../esl/safe-text.ts'
import { ok, warning, type Finding } from './finding.ts'
import type { Ask } from './doctor-queries.ts'

const SETTING = '/proc/sys/net/ipv4/tcp_syn_retries'
const MOST = 2
const MEND = `sysctl -w net.ipv4.tcp_syn_retries=${MOST} on its machine, and the same in /etc/sysctl.d/`

export async function tcpRetries(
  { host, port }: { readonly host: string; readonly port: number },
  ask: Ask,
): Promise<Finding[]> {
  const name = `${host}:${port}`
  const nodes = [
    await ask(globalVariable('switchhook_node_a' as Ident)),
    await ask(globalVariable('switchhook_node_b' as Ident)),
  ]
  if (nodes.every(isHere)) return [] // FreeSWITCH and nodes on one machine: they die together
  if (!isHere(name))
    return [
      warning(
        name,
        'a node whose machine dies delays calls by up to two minutes, unless tcp_syn_retries is low (not readable from here)',
        MEND,
      ),
    ]
  const retries = Number(await readFile(SETTING, 'utf8').catch(() => 'unknown'))
  if (retries <= MOST) return [ok(name, `tcp_syn_retries is ${retries}`)]
  return [
    warning(name, `a node whose machine dies delays calls by up to two minutes (tcp_syn_retries is ${retries})`, MEND),
  ]
}

/**
 * True for an address of this machine, as far as its name tells, and for an empty or missing one, which leads nowhere.
 */
export const isHere = (address: string): boolean => /^(127\.|localhost|\[?::1|-ERR|$)/.test(address)
