/** Has the process of a node ended, or does it stand still and hold the connections of its calls? Its door says so, as long as its host lives. */
import type { NodeLease } from '../cluster/node-lease.ts'
import type { Peer } from '../cluster/node-table.ts'
import type { Knock } from '../esl/tcp.ts'

/** Doors that are remembered. Names of nodes may be made up anew with each start. */
const MOST_DOORS = 100

/** The answer is true only when the host of the node refuses a connection to the door that it had. */
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
