/**
 * Deletes the rows of segments that are older than the setting KEEP_SEGMENTS. Every node does it; the second one finds
 * little. Used by the node.
 */
import { deleteAgentStates } from '../store/agent-states.ts'
import { deleteCallSegments } from '../store/call-segments.ts'
import { deleteOld, type DeleteOldParts } from '../store/delete-old.ts'

export const deleteOldSegments = (parts: DeleteOldParts): Disposable =>
  deleteOld(parts, 'old segments could not be deleted', [deleteCallSegments, deleteAgentStates])
