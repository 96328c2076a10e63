/**
 * Doctor: checks whether a FreeSWITCH takes the processor away from the nodes of the same host. FreeSWITCH runs its
 * threads at real-time priority (SCHED_FIFO) unless it is started with `-np`: on every core that both may use, its work
 * precedes all work of a node. The source is Linux's /proc; without it, or for a FreeSWITCH on another host, there is
 * no finding.
 */
import { readdir, readFile } from 'node:fs/promises'
import { globalVariable } from '../../esl/api.ts'
import type { Ident } from '../../esl/safe-text.ts'
import { ok, warning, type Finding } from './finding.ts'
import type { Ask } from './doctor-queries.ts'

/**
 * Indexes in /proc/PID/stat after the program's name, which is the second field and may contain anything:
 * proc_pid_stat(5), minus two.
 */
const RT_PRIORITY = 37
const POLICY = 38
/** SCHED_FIFO and SCHED_RR (sched(7)). */
const REAL_TIME = [1, 2]
/** The command line of a node: `switchhook run`, by npx, by its file, or by `make run`. */
const NODE = /(?:^|\/)(?:switchhook|bin\.mjs|main\.ts)\0run(?:\0|$)/
const MEND =
  'give each its own cores (CPUAffinity= or AllowedCPUs= of both units), or start FreeSWITCH with -np; docs/sizing.md has the figures'

/** `proc`: the folder of the proc file system; tests pass their own. */
export async function checkPriority(name: string, ask: Ask, proc = '/proc'): Promise<Finding[]> {
  const pid = (await text(`${await ask(globalVariable('run_dir' as Ident))}/freeswitch.pid`)).trim()
  const [stat, cores] = [await text(`${proc}/${pid}/stat`), await coresOf(`${proc}/${pid}`)]
  if (!/^\d+$/.test(pid) || !stat.includes('(freeswitch)') || cores === null) return []
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (!REAL_TIME.includes(Number(fields[POLICY]))) return [ok(name, 'FreeSWITCH runs at ordinary priority')]
  const nodes = await nodesOf(proc)
  const shares = nodes.filter(node => (node.cores & cores) !== 0n).map(node => node.pid)
  if (shares.length === 0)
    return nodes.length === 0 ? [] : [ok(name, 'FreeSWITCH has real-time priority, and cores of its own')]
  const who = shares.length === 1 ? `the node with pid ${shares[0]}` : `the nodes with pids ${shares.join(', ')}`
  return [
    warning(
      name,
      `FreeSWITCH runs at real-time priority ${fields[RT_PRIORITY]} on cores that ${who} may use too: under load a node gets almost no processor time`,
      MEND,
    ),
  ]
}

async function nodesOf(proc: string): Promise<{ pid: string; cores: bigint }[]> {
  const pids = (await readdir(proc).catch(() => [])).filter(entry => /^\d+$/.test(entry))
  const found = await Promise.all(
    pids.map(async pid => {
      if (!NODE.test(await text(`${proc}/${pid}/cmdline`))) return null
      const cores = await coresOf(`${proc}/${pid}`)
      return cores === null ? null : { pid, cores }
    }),
  )
  return found.filter(node => node !== null)
}

/** Returns a bit for each core that the process may use; null when that is unknown. */
async function coresOf(process: string): Promise<bigint | null> {
  const mask = /^Cpus_allowed:\s*([0-9a-f,]+)$/m.exec(await text(`${process}/status`))?.[1]
  return mask === undefined ? null : BigInt(`0x${mask.replaceAll(',', '')}`)
}

/** Returns '' when the file does not exist (the process may have ended) or may not be read. */
const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
