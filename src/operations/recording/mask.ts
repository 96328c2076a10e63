/** The pause of a recording: a card number is said and does not stand in the file. */
import { z } from 'zod'
import { onTalk } from '../talk/talk-named.ts'

const mask = (name: `recording.${string}`, paused: boolean, summary: string) =>
  onTalk({
    name,
    summary,
    answers: { path: z.string(), paused: z.boolean() },
    async act(node, call) {
      const path = await node.beside.mask(call, paused)
      return path === null ? null : { path, paused }
    },
  })

export const recordingPause = mask(
  'recording.pause',
  true,
  'pauses the recording of a call: the file holds silence, and keeps its length',
)
export const recordingResume = mask('recording.resume', false, 'ends the pause of a recording')
