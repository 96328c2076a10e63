/**
 * The leases of campaigns in memory, for virtual time: answers the two scripts of campaign/lua/ that take and drop a
 * lease as Redis does.
 */

interface Held {
  holder: string
  epoch: number
  until: number
}

/** As much of a client of Redis as campaign/lease.ts uses. `freed`: called when a lease was given back. */
export function memoryLeases(now: () => number, freed: () => void) {
  const leases = new Map<string, Held>()
  let epochs = 0
  const hold = (lease: string, node: string, epoch: number, lastsMs: number): [number, number] => {
    const known = leases.get(lease)
    const held = known && known.until > now() ? known : null
    if (held && (held.holder !== node || held.epoch !== epoch)) return [0, Math.max(1, held.until - now())]
    if (!held && epoch > 0) return [0, 1]
    const next = held?.epoch ?? ++epochs
    leases.set(lease, { holder: node, epoch: next, until: now() + lastsMs })
    return [next, 0]
  }
  const drop = (lease: string, node: string, epoch: number): number => {
    const held = leases.get(lease)
    if (!held || held.holder !== node || held.epoch !== epoch) return 0
    leases.delete(lease)
    freed()
    return 1
  }
  return {
    options: { db: 0 },
    async evalsha(_script: string, keys: number, ...words: (string | number)[]) {
      const [lease, , node, epoch, lastsMs] = words
      if (keys === 2) return hold(String(lease), String(node), Number(epoch), Number(lastsMs))
      return drop(String(lease), String(words[1]), Number(words[2]))
    },
  }
}
