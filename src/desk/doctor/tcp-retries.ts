/**
 * How long a call hangs when a whole node's machine is gone: FreeSWITCH's `socket` has no limit of its own for the connect, so it is
 * the kernel's, 127 s with 6 retries. 2 are 7 s. A process that is gone is refused at once and needs none of this.
 */
import { readFile } from 'node:fs/promises'
import { globalVariable } from '../../esl/api.ts'
import type { Ident } from '../../esl/safe-text.ts'
import { ok, warning, type Finding } from './finding.ts'
import type { Ask } from './switch.ts'

const SETTING = '/proc/sys/net/ipv4/tcp_syn_retries'
const MOST = 2
const MEND = `sysctl -w net.ipv4.tcp_syn_retries=${MOST} there, and the same in /etc/sysctl.d/`

export async function tcpRetries(
  { host, port }: { readonly host: string; readonly port: number },
  ask: Ask,
): Promise<Finding[]> {
  const name = `${host}:${port}`
  const nodes = [
    await ask(globalVariable('switchhook_node_a' as Ident)),
    await ask(globalVariable('switchhook_node_b' as Ident)),
  ]
  if (nodes.every(isHere)) return [] // switch and nodes on one machine: they die together
  if (!isHere(name))
    return [
      warning(
        name,
        'a node whose machine dies holds calls for up to two minutes, unless tcp_syn_retries is low (cannot be seen from here)',
        MEND,
      ),
    ]
  const retries = Number(await readFile(SETTING, 'utf8').catch(() => 'unknown'))
  if (retries <= MOST) return [ok(name, `tcp_syn_retries is ${retries}`)]
  return [
    warning(name, `a node whose machine dies holds calls for up to two minutes (tcp_syn_retries is ${retries})`, MEND),
  ]
}

/** An address of this machine, as far as its name tells. What the dialplan does not say leads nowhere. */
export const isHere = (address: string): boolean => /^(127\.|localhost|\[?::1|-ERR|$)/.test(address)
