/** Deletes events, and what became of their deliveries, when they are older than KEEP_EVENTS. Used by the node. */
import { deleteOld, type DeleteOldParts } from '../store/delete-old.ts'
import { deleteOldDeliveries, skipDeleted } from '../store/event-targets.ts'
import { deleteOldEvents } from '../store/events.ts'

export const deletesOldEvents = (parts: DeleteOldParts): Disposable =>
  deleteOld(parts, 'old events could not be deleted', [deleteOldDeliveries, deleteOldEvents], async () => {
    for (const webhook of await skipDeleted(parts.sql)) parts.log.warn({ webhook }, SKIPPED)
  })

const SKIPPED = 'events were deleted before a receiver took them, because they were older than KEEP_EVENTS'
