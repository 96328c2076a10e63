/** What a file of a run (run/one-process.ts) or a row of the fault matrix (fault/matrix.ts) leaves open. */
import { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Resources that were open when a row or a file ended are closed within this time; others would run on beside the tests
 * of the next one.
 */
const CLOSES_WITHIN_MS = 20_000

/** What keeps this process alive and did not do so `before`: nothing, in the moment or a little later. */
export async function leaks(before: readonly string[]): Promise<string[]> {
  for (let waited = 0; ; waited += 20) {
    const now = process.getActiveResourcesInfo()
    for (const known of before) if (now.includes(known)) now.splice(now.indexOf(known), 1)
    if (now.length === 0) return now
    if (waited >= CLOSES_WITHIN_MS) return [...now, ...connections()]
    await pause(20)
  }
}

/**
 * Where the open TCP connections of this process lead: a number of sockets alone does not show which test left them.
 */
function connections(): string[] {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] }
  return handles
    .call(process)
    .flatMap(one => (one instanceof Socket && one.remotePort ? [one] : []))
    .map(
      ({ localPort, remoteAddress, remotePort, readyState }) =>
        `${localPort} → ${remoteAddress}:${remotePort} (${readyState})`,
    )
}
