/** What the record of a call says beside its times, made of the notes in its journal: by the node that ends the call, or by one that finds it ended. */
import type { NoteOf } from '../call/entries.ts'

/** One moment of a call's way through the queues. */
export interface QueueMoment {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly event: 'entered' | 'promised' | 'talking' | 'talked'
  readonly queue?: string
  readonly agent?: string
}

export interface Story {
  readonly timeline: readonly QueueMoment[]
  /** Who talked with the caller last. */
  readonly agent: string | null
  readonly tags: ReadonlyMap<string, string>
  /** Where the last recording is, on the switch's machine. */
  readonly recording: string | null
}

export function storyOf(notes: readonly { readonly at: number; readonly note: NoteOf }[]): Story {
  const timeline: QueueMoment[] = []
  const tags = new Map<string, string>()
  let agent: string | null = null
  let recording: string | null = null
  for (const { at, note } of notes) {
    if ('tag' in note) tags.set(...note.tag)
    else if ('recording' in note) recording = note.recording
    else if ('event' in note) {
      timeline.push({ at, ...note } as QueueMoment)
      if (note.event === 'talking') agent = note.agent ?? null
    }
  }
  return { timeline, agent, tags, recording }
}
