/** Several nodes in virtual time, each with its own connection to the shared node table. */
import type { TestContext } from 'node:test'
import { SwitchhookError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { memoryNodeTable } from '../../src/cluster/memory-node-table.ts'
import type { NodeTable } from '../../src/cluster/node-table.ts'
import { LocalNodeLease } from '../../src/cluster/local-node-lease.ts'
import type { Machine } from '../../src/cluster/machine.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

type Door = 'open' | 'shut' | 'silent'

/** `running`: the pids of this machine's living processes. */
export function openRig() {
  const clock = new VirtualClock()
  const shared = memoryNodeTable(() => clock.now())
  const running = new Set([1])

  /**
   * `door`: its connection to the table. When it is silent renewals hang, as for a process that is suspended or killed.
   */
  function node(t: TestContext, name: string, machine: Partial<Machine> = {}) {
    let door: Door = 'open'
    const away = async () => {
      throw new SwitchhookError('SERVICE', 'Redis is away')
    }
    const table: NodeTable = {
      hold: claim => (door === 'open' ? shared.hold(claim) : door === 'shut' ? away() : new Promise(() => {})),
      leave: (who, incarnation) => (door === 'open' ? shared.leave(who, incarnation) : away()),
      onChange: listener => shared.onChange(() => door === 'open' && listener()),
    }
    const lease = new LocalNodeLease({
      table,
      clock,
      node: name,
      address: `10.0.0.1:80${name.length}`,
      roles: ['listener'],
      log: silentLog,
      machine: { host: 'host', pid: 1, isRunning: pid => running.has(pid), ...machine },
    })
    const heard: string[] = []
    lease.on('lapsed', ({ forGood }) => heard.push(forGood ? 'replaced' : 'lapsed'))
    lease.on('regained', () => heard.push('regained'))
    lease.on('gone', who => heard.push(`gone ${who}`))
    lease.on('came', peer => heard.push(`came ${peer.node}`))
    t.after(() => lease.close())
    return { lease, heard, door: (to: Door) => void (door = to) }
  }
  return { clock, node, running, shared }
}
