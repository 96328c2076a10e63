// A caller leaves a queue without an agent, or was not let in: what the settings of the queue say for the reason.
import type { FlowCall, FlowPlace } from '#flow'
import { callbackNumber } from './callback-number.ts'

/**
 * Plays the sound for the reason. Resolves with the outcome of the call; with the place, when the caller goes on to
 * where `place.exit` says; with null, when the caller waits on. `been`: the queues that the caller has been in. None of
 * them is entered again, so queues that send their callers to each other send nobody in circles.
 */
export async function leaveQueue(call: FlowCall, place: FlowPlace, been: readonly string[]) {
  const { why, sound, overflow } = place.exit!
  const waits = place.position > 0 // 0: the caller was not let in
  const inCircle = overflow.to === 'queue' && been.includes(overflow.queue)
  if (waits && inCircle) return null
  if (sound !== '') await call.play(sound, { skipMissing: true })
  if (overflow.to === 'callback') {
    const number = await callbackNumber(call)
    if (number === null) return waits ? null : why
    await place.keepForCallback(number)
    await call.play('queue/we-call-you')
    return 'callback'
  }
  return overflow.to === 'hangup' || inCircle ? why : place
}
