import { test } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

test('an agent who presses 1 while the store is away for half a second talks to the caller', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.hears('whisper/press-1')
  const { advance } = sim.roster
  sim.roster.advance = async () => {
    throw new Error("Stream isn't writeable and enableOfflineQueue options is false")
  }
  sim.clock.after(500, () => (sim.roster.advance = advance))
  await alice.presses('1')
  await caller.talksWith('alice')
  await caller.hangsUp()
  await alice.becomes('wrap-up')
})
