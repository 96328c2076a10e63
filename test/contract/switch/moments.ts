/** What FreeSWITCH says of when something happened: the times of talks are taken from it (switch/switch-time.ts). */
import { equal, ok } from 'node:assert/strict'
import { uuidHold } from '../../../src/esl/api.ts'
import type { Headers, SwitchEvent } from '../../../src/esl/event.ts'
import type { Uuid } from '../../../src/esl/safe-text.ts'
import { Speaker } from './speaker.ts'
import { contract } from './suite.ts'
import { talk } from './talking.ts'

const at = (event: Headers): number => Number(event.raw('Event-Date-Timestamp'))
const stamp = (event: SwitchEvent, what: string): number => Number(event.raw(`Caller-${what}-Time`))

contract('whoever asks the switch for the data of a leg learns what time it is there', async world => {
  const asked = world.clock.now()
  const [leg] = await Promise.all([Speaker.takes(world), world.call()])
  const answered = world.clock.now()
  const told = at(leg.frames.find(({ headers }) => headers.raw('Event-Name') === 'CHANNEL_DATA')!.headers)
  // both clocks are those of this machine; the switch reads its own once in 20 ms, later when the machine is busy
  ok(told > (asked - 1_000) * 1_000 && told < (answered + 1) * 1_000, `${asked} < ${told / 1_000} < ${answered}`)
})

contract('what happens in a talk has the time at which it happened, in its event', async world => {
  const node = await world.node('a')
  const speaker = await Speaker.calls(world)
  await speaker.reply('event plain CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HOLD CHANNEL_UNHOLD')
  await speaker.reply('event plain CHANNEL_EXECUTE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE')
  const { caller, agent, result } = await talk(world, node)
  const of = (uuid: string) => (event: SwitchEvent) => event.uuid === uuid
  const answered = await speaker.event('CHANNEL_ANSWER', of(agent.uuid))
  const bridged = await speaker.event('CHANNEL_BRIDGE', of(caller.uuid))
  await world.hear(caller, agent)
  await node.home.commands.run(uuidHold(agent.uuid as Uuid, true))
  const held = await speaker.event('CHANNEL_HOLD', of(agent.uuid))
  await world.hears(caller, 'moh/calm')
  await node.home.commands.run(uuidHold(agent.uuid as Uuid, false))
  const resumed = await speaker.event('CHANNEL_UNHOLD', of(agent.uuid))
  await world.event(caller.uuid, 'PLAYBACK_STOP')
  await world.hear(caller, agent)
  await agent.hangUp()
  const hungUp = await speaker.event('CHANNEL_HANGUP', of(agent.uuid))
  const complete = await speaker.event('CHANNEL_HANGUP_COMPLETE', of(agent.uuid))
  const unbridged = await speaker.event('CHANNEL_UNBRIDGE', of(caller.uuid))
  const back = await speaker.event('CHANNEL_EXECUTE', event => event.uuid === caller.uuid && at(event) >= at(unbridged))
  await world.hears(caller, 'ivr/second')
  await world.within('5s', result)
  const order = [answered, bridged, held, resumed, hungUp, unbridged, back].map(at)
  equal(order.join(), order.toSorted((a, b) => a - b).join())
  ok(stamp(answered, 'Channel-Answered') <= at(answered), 'the answer')
  equal(stamp(bridged, 'Channel-Bridged'), at(bridged))
  ok(stamp(complete, 'Channel-Hangup') >= at(hungUp), 'the hang-up')
  // the new profile of the caller is as old as the end of the bridge: a node that hears of the caller first knows it
  const sent = stamp(back, 'Profile-Created')
  ok(sent >= at(unbridged) && sent <= at(back), `${at(unbridged)} <= ${sent} <= ${at(back)}`)
})
