/** A call as a queue knows it, without a journal. */
import type { WaitingCall } from '../src/queue/place-context.ts'

export const waitingCall = (uuid: string, signal = new AbortController().signal): WaitingCall => ({
  uuid,
  from: '100',
  signal,
  movedTo: () => {},
  endScope: (_scope, close) => close(),
})
