/**
 * What a connection must carry to be accepted: the socket mode that Switchhook needs, and the key DOOR_KEY where one
 * is set.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Headers } from '../esl/event.ts'
import type { Arrival } from '../journal/arrival.ts'

/** The reason for the log why a connection is refused; null when it is accepted. `key` undefined: none is needed. */
export function faultOf({ key: carried }: Arrival, data: Headers, key: string | undefined): string | null {
  const [mode, control] = [data.get('Socket-Mode'), data.get('Control')]
  if (mode !== 'async' || control !== 'full')
    return `connection refused: the dialplan's socket line must end in 'async full', not '${mode} ${control}': see dialplan/`
  if (key !== undefined && !same(key, carried))
    return 'connection refused: its switchhook_key differs from DOOR_KEY: set it in dialplan/switchhook_vars.xml to DOOR_KEY'
  return null
}

/** Compares secrets in a time that does not depend on them. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
