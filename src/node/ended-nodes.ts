/**
 * Tells whether the process of a node has ended, or is only suspended and still holds the connections of its calls. A
 * connection attempt to its listener tells the difference, as long as its host is up. Used by the reconciliation.
 */
import type { NodeLease } from '../cluster/node-lease.ts'
import type { Peer } from '../cluster/node-table.ts'
import type { Knock } from '../esl/tcp.ts'

/** Addresses that are kept. Without NODE_NAME a node has a new name at each start, so the list would grow. */
const MOST_DOORS = 100

/** Resolves with true only when the host of the node refuses a connection to the address that the node listened at. */
export function endedNodes(
  lease: Pick<NodeLease, 'on' | 'peers'>,
  knock: (address: string) => Promise<Knock>,
): (node: string) => Promise<boolean> {
  const doors = new Map<string, string>()
  const remember = ({ node, address }: Peer) => {
    doors.delete(node)
    if (address !== null) doors.set(node, address)
    if (doors.size > MOST_DOORS) doors.delete(doors.keys().next().value!)
  }
  lease.peers().forEach(remember)
  lease.on('came', remember)
  return async node => {
    const address = doors.get(node)
    return address !== undefined && (await knock(address)) === 'refuses'
  }
}
