/**
 * The store has lost the record of a caller who still waits: another node took this one for dead, or the store lost its
 * last seconds. The caller gets the place and the time again. Used by queue.ts.
 */
import type { HeldPlaces } from './held-places.ts'
import { joiningOf, type Member } from './member.ts'
import type { PlaceContext } from './place-context.ts'
import type { WaitingPlace } from './waiting-place.ts'

/** `restored` gets the new record. Returns at once; retries until the store is available. */
export function restoreLostPlace(
  { store, clock, node, requests }: PlaceContext,
  places: HeldPlaces,
  place: WaitingPlace,
  restored: (member: Member) => void,
): void {
  let member: Member | null = null
  void requests.inBackground('restoring a lost place in a queue failed', async () => {
    if (!member && !places.has(place)) return
    member ??= await store.enter(place.queue, { ...joiningOf(place.member), node }, clock.now())
    const held = places.find(member.queue, member.call)
    if (held === place) restored(member)
    else if (held) place.moved() // its queue was moved to one in which the caller had a place already
    else if (!place.isMoved) await store.leave(member.queue, member.call, 'abandoned') // the caller left meanwhile
  })
}
