// Feature code: the caller of the agent is parked in a slot, from which any agent takes the caller up (unpark.ts). The
// agent calls on a second line. A slot is a queue named slot-NUMBER; without a number, the first free one is taken.
import { digits, flow, optional, text, type FlowCall } from '#flow'
import { agentAtTelephone } from './lib/at-telephone.ts'

export default flow({ slot: optional(text()) }, async (call, { slot }) => {
  const agent = await agentAtTelephone(call)
  if (!agent) return null
  const free = agent.call === null ? null : await freeSlot(call, slot)
  if (free === undefined) {
    await call.play('agent/no-slot')
    return 'refused'
  }
  const done =
    free !== null && !(await call.operate('call.transfer', { call: agent.call, queue: `slot-${free}` })).refused
  await call.play(done ? ['agent/parked-in', digits(free)] : 'agent/refused')
  return done ? 'done' : 'refused'
})

/** The number of the slot, of any free one without `wanted`; undefined: it is taken, or does not exist. */
async function freeSlot(call: FlowCall, wanted: string | undefined): Promise<string | undefined> {
  const { output } = await call.operate('queue.list', {})
  const queues = (output ?? []) as readonly {
    readonly name: string
    readonly waiting: number
    readonly offered: number
  }[]
  const free = queues.flatMap(({ name, waiting, offered }) => {
    const number = /^slot-(\d+)$/.exec(name)?.[1]
    return number === undefined || waiting + offered > 0 ? [] : [number]
  })
  return wanted === undefined ? free.sort((a, b) => Number(a) - Number(b))[0] : free.find(one => one === wanted)
}
