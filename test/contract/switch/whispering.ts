/** What only one of two people who talk hears: a beep and a sound for the agent, when a lead is joined. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { uuidPlayBeside } from '../../../src/esl/api.ts'
import { whisperFor } from '../../../src/flow/agent-whisper.ts'
import type { AppArgument, Uuid } from '../../../src/esl/safe-text.ts'
import { contract } from './suite.ts'
import { agent as nailedUp, join, parked, talk as talks } from './parked.ts'
import { talk } from './talking.ts'
import type { Person, World } from './world.ts'

const BEEP_HZ = 1_400

/** Plays this list to the agent beside the talk. Resolves with who has heard the beep, and what FreeSWITCH answered. */
async function beeps(world: World, agent: Person, caller: Person, list: readonly string[]) {
  const listening = [await world.listensFor(agent, BEEP_HZ), await world.listensFor(caller, BEEP_HZ)]
  await world.pause('1s')
  const command = uuidPlayBeside(agent.uuid as Uuid, `file_string://${list.join('!')}` as string as AppArgument)
  const answer = (await world.observer.api(command)).trim()
  await world.pause('1s')
  const heard = await Promise.all(listening.map(ask => ask()))
  return { answer, agent: heard[0], caller: heard[1] }
}

const BEEP = `tone_stream://%(150,0,${BEEP_HZ})`

contract('an agent hears a beep beside the talk, the other one does not, and the talk goes on', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  deepEqual(await beeps(world, agent, caller, [BEEP]), { answer: '+OK Success', agent: true, caller: false })
  await world.hear(caller, agent)
  // the same again, as for the next lead: FreeSWITCH has forgotten the first one
  deepEqual(await beeps(world, agent, caller, [BEEP]), { answer: '+OK Success', agent: true, caller: false })
  await agent.hangUp()
  equal(await world.within('5s', result), 'talked')
})

contract('a sound that is missing behind the beep is left out, and the agent stays on the line', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  const list = ['silence_stream://20', 'ivr/nowhere.wav', 'silence_stream://100', BEEP]
  deepEqual(await beeps(world, agent, caller, list), { answer: '+OK Success', agent: true, caller: false })
  await world.hear(caller, agent)
  await agent.hangUp()
  equal(await world.within('5s', result), 'talked')
})

contract('a sound that does not exist is refused, and the agent stays on the line', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  const command = uuidPlayBeside(agent.uuid as Uuid, 'ivr/nowhere.wav' as string as AppArgument)
  equal((await world.observer.api(command)).trim(), '-ERR Cannot displace session!')
  await world.hear(caller, agent)
  await agent.hangUp()
  equal(await world.within('5s', result), 'talked')
})

contract(
  'an agent who waits hears a beep as soon as a lead is joined, and each lead hears the agent alone',
  async world => {
    const node = await world.node('a')
    const { uuid, person } = await nailedUp(world, node)
    for (let round = 0; round < 2; round++) {
      let begin = () => {}
      const listened = new Promise<void>(resolve => (begin = resolve))
      const flow = node.answers('welcome', async call => {
        await call.answer()
        await listened
        return join(world, node, call, uuid, whisperFor({}, {}))
      })
      const lead = await world.call()
      await world.within('5s', lead.answered)
      const [byAgent, byLead] = [await world.listensFor(person, BEEP_HZ), await world.listensFor(lead, BEEP_HZ)]
      await world.pause('1s') // the agent waits for the lead
      begin()
      await talks(world, lead)
      await world.pause('1s')
      deepEqual([await byAgent(), await byLead()], [true, false])
      await world.hear(lead, person)
      await lead.hangUp()
      await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED' })
      await parked(world, uuid)
    }
  },
)
