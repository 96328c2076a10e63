/** What every connection must carry to be taken in: the mode that the house needs, and the key of the door where there is one. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Headers } from '../esl/event.ts'
import type { Arrival } from '../journal/arrival.ts'

/** Why a connection is refused, in words for the log; null when it is taken in. `key` undefined: none is needed. */
export function faultOf({ key: carried }: Arrival, data: Headers, key: string | undefined): string | null {
  const [mode, control] = [data.get('Socket-Mode'), data.get('Control')]
  if (mode !== 'async' || control !== 'full')
    return `the dialplan's socket line must end in 'async full' (it says ${mode}, ${control}): see dialplan/`
  if (key !== undefined && !same(key, carried))
    return 'a connection did not carry the right switchhook_key: set it in dialplan/switchhook_vars.xml to DOOR_KEY'
  return null
}

/** Compares secrets in a time that tells nothing of them. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
