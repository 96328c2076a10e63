/** Hold and its end. */
import { z } from 'zod'
import { onTalk } from './talk-named.ts'

const hold = (name: `talk.${string}`, onHold: boolean, summary: string) =>
  onTalk({
    name,
    summary,
    answers: { onHold: z.boolean() },
    act: async (node, call) => (await node.hold(call, onHold)) && { onHold },
  })

export const talkHold = hold('talk.hold', true, 'puts the caller on hold: the caller hears music')
export const talkUnhold = hold('talk.unhold', false, 'ends a hold: the two hear each other again')
