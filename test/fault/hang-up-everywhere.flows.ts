/**
 * Flows of every kind, and the behaviour of the people in them, for the test in which a person hangs up at every
 * moment.
 */
import { campaignFlow, digits, flow, number, silence, type FlowCall } from '#flow'
import type { AnyFlow } from '../../src/flow/catalogue.ts'
import { kindOf } from '../../src/flow/define.ts'
import campaignLeg from '../../scripts/campaign-leg.ts'
import campaignMessage from '../../scripts/campaign-message.ts'
import campaignPressOne from '../../scripts/campaign-press-1.ts'
import voicemailDrop from '../../scripts/voicemail-drop.ts'
import clickToDial from '../../scripts/click-to-dial.ts'
import { agentTalk } from '../../scripts/lib/agent-talk.ts'
import operator from '../../scripts/operator.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import welcome from '../../scripts/welcome.ts'

export interface Scene {
  readonly name: string
  readonly flow: AnyFlow
  readonly campaign: boolean
  readonly params: Readonly<Record<string, string>>
  /** The key that the caller presses when they hear a sound. */
  readonly presses: Readonly<Record<string, string>>
  /** Sounds and queues: agents who are ready. */
  readonly agents: boolean
}

/** Telephones outside, by their last digit (see people in hang-up-everywhere.run.ts). */
const [ANSWERS, BUSY, NEVER, DECLINES] = ['+4940555001', '+4940555002', '+4940555003', '+4940555004']

type Body = (call: FlowCall) => Promise<unknown>

/** Each does one thing that a flow can do. */
const BODIES: Readonly<Record<string, Body>> = {
  async play(call) {
    await call.play('one')
  },
  async 'play list'(call) {
    await call.play(['one', number(42), digits('17'), silence('200ms'), 'two'])
  },
  async say(call) {
    await call.say(1_234)
  },
  async menu(call) {
    return call.menu('choose', { 1: 'one', 2: 'two' })
  },
  async 'menu without keys'(call) {
    return call.menu('nothing', { 1: 'one' }, { tries: 2, timeout: '1s' })
  },
  async gather(call) {
    return call.gather({ prompt: 'number', digits: [1, 4], timeout: '2s' })
  },
  async keys(call) {
    for await (const key of call.keys()) if (key === '5') return
  },
  async 'on key'(call) {
    using _ = call.on('key', () => {})
    await call.play(['press', 'one'])
  },
  async record(call) {
    await call.record({ limit: '3s' })
  },
  async detect(call) {
    await call.detect()
  },
  async beep(call) {
    await call.beep({ within: '4s' })
  },
  async 'dial and join'(call) {
    await using party = await call.dial(ANSWERS)
    if (party.leg) await call.join(party.leg)
  },
  async 'dial with a whisper'(call) {
    await using party = await call.dial(ANSWERS, {
      before: async leg => (await leg.menu('whisper/press-1', { 1: 'yes' }, { timeout: '2s' })) === 'yes',
    })
    if (party.leg) await call.join(party.leg)
  },
  async 'dial and let go'(call) {
    await using party = await call.dial(ANSWERS)
    if (party.leg) await party.leg.play('one')
  },
  async busy(call) {
    await using party = await call.dial(BUSY)
    await call.play(`dial/${party.outcome}`)
  },
  async 'no answer'(call) {
    await using party = await call.dial(NEVER, { ringFor: '2s' })
    await call.play(`dial/${party.outcome}`)
  },
  async declined(call) {
    await using party = await call.dial(DECLINES)
    await call.play(`dial/${party.outcome}`)
  },
  async 'dial two at once'(call) {
    const [one, other] = await Promise.all([call.dial(ANSWERS), call.dial(NEVER, { ringFor: '2s' })])
    await using _one = one
    await using _other = other
    if (one.leg) await call.join(one.leg)
  },
  async 'any application'(call) {
    await call.execute('sleep', '700')
  },
  async variables(call) {
    await call.setVariable('shoe_size', '43')
    call.tag('size', (await call.variable('shoe_size')) ?? '')
    await call.once('crm', async () => ({ name: 'Ada' }))
    await call.play('one')
  },
  async transfer(call) {
    await call.transfer('switchhook-sorry')
  },
  async 'hang up'(call) {
    await call.hangup('USER_BUSY')
  },
  async 'nobody is free'(call) {
    await using place = await call.enqueue('empty')
    await using agent = await place.agent({ within: '2s' })
    await call.play(agent ? 'one' : ['queue/position', number(place.position)])
  },
  async 'an agent takes the call'(call) {
    await using place = await call.enqueue('support')
    await using agent = await place.agent({ within: '20s' })
    if (agent) await agentTalk(call, agent, 'support')
  },
  async 'an agent is promised and given back'(call) {
    await using place = await call.enqueue('support')
    await using agent = await place.agent({ within: '20s' })
    await call.play(agent ? 'one' : 'two')
  },
}

/** The scopes that are open while it happens. */
const AROUND: Readonly<Record<string, (body: Body) => Body>> = {
  alone: body => body,
  'with music': body => async call => {
    await using _music = await call.music('moh/calm')
    return await body(call)
  },
  recorded: body => async call => {
    await using _tape = await call.recording()
    return await body(call)
  },
  'from a place in a queue': body => async call => {
    await using _place = await call.enqueue('waiting')
    return await body(call)
  },
}

const PRESSES = {
  choose: '2',
  number: '17#',
  press: '5',
  'ivr/welcome': '2',
  'campaign/safe-harbour': '9',
  'campaign/message': '1',
}

function scene(name: string, ofFlow: unknown, more: Partial<Scene> = {}): Scene {
  return {
    name,
    flow: ofFlow as AnyFlow,
    campaign: kindOf(ofFlow) === 'campaign',
    params: {},
    presses: PRESSES,
    agents: true,
    ...more,
  }
}

const SCRIPTS: readonly Scene[] = [
  scene('welcome', welcome),
  scene('welcome, nobody free', welcome, { agents: false }),
  scene('welcome without a key', welcome, { presses: {} }),
  scene('queue-entry', queueEntry, { params: { queue: 'support' } }),
  scene('operator', operator),
  scene('click-to-dial', clickToDial, { params: { customer: ANSWERS, crmuuid: 'crm-1' } }),
  scene('click-to-dial, busy', clickToDial, { params: { customer: BUSY } }),
  scene('campaign-leg', campaignLeg),
  scene('campaign-leg, nobody free', campaignLeg, { agents: false }),
  scene('campaign-message', campaignMessage),
  scene('campaign-press-1', campaignPressOne),
  scene('campaign-press-1, nobody free', campaignPressOne, { agents: false }),
  scene('voicemail-drop', voicemailDrop, { presses: {} }),
  scene(
    'a campaign that plays',
    campaignFlow(async call => {
      await call.play(['one', 'two'])
      return 'talked'
    }),
  ),
]

/** All scenes: the shipped scripts, and every body in every scope. */
export const SCENES: readonly Scene[] = [
  ...SCRIPTS,
  ...Object.entries(BODIES).flatMap(([what, body]) =>
    Object.entries(AROUND).map(([around, wrap]) => {
      const whole = wrap(body)
      return scene(
        `${what}, ${around}`,
        flow(async call => {
          await call.answer()
          await whole(call)
        }),
      )
    }),
  ),
]
