/** The configuration of mod_callcenter as settings of Switchhook: what is taken over, and what is not and why. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../../src/base/errors.ts'
import { readCallcenterConfig } from '../../src/operations/queue/callcenter-config.ts'

const file = (inner: string) =>
  `<configuration name="callcenter.conf" description="CallCenter">${inner}</configuration>`

/** As FreeSWITCH ships it, with an agent and a tier. */
const VANILLA = file(`
  <settings>
    <!--<param name="odbc-dsn" value="dsn:user:pass"/>-->
    <param name="dbname" value="/dev/shm/callcenter.db"/>
  </settings>
  <queues>
    <queue name="support@default">
      <param name="strategy" value="longest-idle-agent"/>
      <param name="moh-sound" value="$\${hold_music}"/>
      <param name="record-template" value="$\${recordings_dir}/\${uuid}.wav"/>
      <param name="time-base-score" value="system"/>
      <param name="max-wait-time" value="0"/>
      <param name="max-wait-time-with-no-agent" value="120"/>
      <param name="max-wait-time-with-no-agent-time-reached" value="5"/>
      <param name="tier-rules-apply" value="false"/>
      <param name="tier-rule-wait-second" value="300"/>
      <param name="tier-rule-wait-multiply-level" value="true"/>
      <param name="tier-rule-no-agent-no-wait" value="false"/>
      <param name="discard-abandoned-after" value="60"/>
      <param name="abandoned-resume-allowed" value="false"/>
    </queue>
  </queues>
  <agents>
    <agent name="1000@default" type="callback" contact="[leg_timeout=10]user/1000@default" status="Available"
      max-no-answer="3" wrap-up-time="10" reject-delay-time="10" busy-delay-time="60" />
  </agents>
  <tiers><tier agent="1000@default" queue="support@default" level="1" position="2"/></tiers>`)

test('the file that FreeSWITCH ships is taken over, and each parameter that is not has its reason', () => {
  const { queues, agents, notTaken } = readCallcenterConfig(VANILLA)
  assert.deepEqual(queues, [
    {
      name: 'support',
      strategy: 'longest-idle-agent',
      announceEveryMs: 0,
      announcePosition: false,
      timeBaseScore: 'system',
      maxWaitMs: 0,
      maxWaitWithoutAgentsMs: 120_000,
      withoutAgentsGraceMs: 5_000,
    },
  ])
  assert.deepEqual(agents, [
    {
      name: '1000@default',
      endpoint: 'user/1000@default',
      wrapUpMs: 10_000,
      ringForMs: 10_000,
      queues: [{ queue: 'support', level: 1, position: 2 }],
      maxNoAnswers: 3,
      restAfterDeclinedMs: 10_000,
      restAfterBusyMs: 60_000,
      afterMaxNoAnswers: 'break',
      skipWhileElsewhere: true,
    },
  ])
  assert.deepEqual(
    notTaken.map(({ of, parameter }) => `${of}: ${parameter}`),
    ['settings: dbname', 'queue support: moh-sound', 'queue support: record-template', 'agent 1000@default: status'],
  )
  for (const { why } of notTaken) assert.ok(why.length > 10, why)
})

test('rules of levels, announcements and the return of abandoned callers are settings of the queue', () => {
  const { queues, notTaken } = readCallcenterConfig(
    file(`<queues><queue name="sales@example.com">
      <param name="strategy" value="Ring-Progressively"/>
      <param name="ring-progressively-delay" value="15"/>
      <param name="moh-sound" value="moh/calm"/>
      <param name="announce-sound" value="queue/patience"/>
      <param name="announce-frequency" value="30"/>
      <param name="tier-rules-apply" value="true"/>
      <param name="tier-rule-wait-second" value="30"/>
      <param name="tier-rule-wait-multiply-level" value="true"/>
      <param name="abandoned-resume-allowed" value="true"/>
      <param name="discard-abandoned-after" value="900"/>
    </queue></queues>`),
  )
  assert.deepEqual(notTaken, [])
  assert.deepEqual(queues, [
    {
      name: 'sales@example.com',
      strategy: 'ring-progressively',
      ringProgressivelyDelayMs: 15_000,
      musicOnHold: 'moh/calm',
      announceSound: 'queue/patience',
      announceEveryMs: 30_000,
      announcePosition: false,
      timeBaseScore: 'queue',
      tierWaitMs: 30_000,
      tierWaitMultiplies: true,
      tierSkipsEmpty: true,
      resumeWithinMs: 900_000,
    },
  ])
})

test("FusionPBX's own strategy name, values that cannot be used and agents without a telephone are named", () => {
  const { queues, agents, notTaken } = readCallcenterConfig(
    file(`<queues><queue name="help">
      <param name="strategy" value="sequentially-by-next-agent-order"/>
      <param name="max-wait-time" value="long"/>
      <param name="colour" value="red"/>
    </queue><queue name="a b"/></queues>
    <agents>
      <agent name="standby" type="uuid-standby" contact=""/>
      <agent name="bad" contact="user/1|rm -rf"/>
      <agent name="anna" contact="{call_timeout=20,domain_name=example.com,sip_auto_answer=true}user/1001,user/1002"/>
    </agents>
    <tiers><tier agent="anna" queue="help" level="0"/><tier agent="nobody" queue="nowhere"/></tiers>`),
  )
  assert.equal(queues[0]?.strategy, 'sequentially-by-agent-order')
  assert.deepEqual(
    agents.map(({ name, endpoint, ringForMs, autoAnswer, queues: tiers }) => [
      name,
      endpoint,
      ringForMs,
      autoAnswer,
      tiers,
    ]),
    [['anna', 'user/1001,user/1002', 20_000, true, [{ queue: 'help', level: 1, position: 1 }]]],
  )
  const named = new Map(notTaken.map(({ of, parameter, why }) => [`${of}: ${parameter}`, why]))
  assert.match(named.get('queue help: strategy')!, /sequentially-by-agent-order is taken/)
  assert.match(named.get('queue help: max-wait-time')!, /not a number of seconds/)
  assert.match(named.get('queue help: colour')!, /no parameter of mod_callcenter/)
  assert.match(named.get('queue a b: name')!, /cannot be used/)
  assert.match(named.get('agent standby: type')!, /staysOnLine/)
  assert.match(named.get('agent bad: contact')!, /left out/)
  assert.match(named.get('agent anna: contact: domain_name')!, /a variable/)
  assert.match(named.get('tier of anna in help: level and position')!, /both start at 1/)
  assert.match(named.get('tier of nobody in nowhere: agent')!, /no such agent/)
  assert.match(named.get('tier of nobody in nowhere: queue')!, /no such queue/)
})

test('a whole configuration of FreeSWITCH has it within a section, and another file is refused', () => {
  const whole = `<document type="freeswitch/xml"><section name="configuration">${VANILLA}</section></document>`
  assert.equal(readCallcenterConfig(whole).queues.length, 1)
  const refused = (text: string, message: RegExp) =>
    assert.throws(
      () => readCallcenterConfig(text),
      (error: Error) => error instanceof InputError && message.test(error.message),
    )
  refused('<configuration name="callcenter.conf"><queues>', /the file is not XML: line 1/)
  refused('<configuration name="fifo.conf"/>', /has no <configuration name="callcenter.conf">/)
  refused('name,queue\nanna,help', /the file is not XML|has no <configuration/)
})
