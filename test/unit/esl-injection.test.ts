import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../../src/base/errors.ts'
import * as command from '../../src/esl/command.ts'
import { dialString } from '../../src/esl/dialstring.ts'
import { dialVariable, legVariable } from '../../src/esl/variables.ts'
import { dial, endpoint, ident, soundName, uuid, varValue } from '../../src/esl/safe-text.ts'
import { readOriginate, readPackets } from './freeswitch-rules.ts'
import { accepted, argumentsArrive, commandsHold, dialStringsHold } from './hostile-words.ts'

/** `make fault` tries a million of each. */
const INPUTS = 5_000

test('an application argument arrives as one command with exactly that argument, or is refused', () =>
  argumentsArrive(INPUTS))
test('a dial string sets exactly the variables that were meant and dials exactly one leg', () =>
  dialStringsHold(INPUTS))
test('an api command has the arguments that were meant and no other', () => commandsHold(INPUTS))

test('uuids, sounds, numbers, names and passwords with a line end, a brace or a path upwards are refused', () => {
  for (const bad of [
    '',
    '\n',
    'a\rb',
    '${x}',
    '../etc/passwd',
    '/etc/passwd',
    'a//b',
    'ivr/welcome.wav',
    'shell_stream://id',
    'a b',
    'x'.repeat(600),
  ]) {
    for (const parse of [uuid, soundName, dial, endpoint] as ((text: string) => string)[])
      assert.equal(accepted(parse, bad), null, `${parse.name} let ${JSON.stringify(bad)} through`)
    if (bad !== '') assert.throws(() => command.auth(`${bad}\n`), InputError)
  }
})

/** switch_ivr_bridge.c, switch_ivr_originate.c, switch_core_state_machine.c and others, 1.10.12. */
const RUN = [
  'execute_on_answer',
  'api_on_answer_2',
  'API_HANGUP_HOOK',
  'api_before_bridge',
  'api_after_bridge',
  'api_reporting_hook',
  'bridge_pre_execute_app',
  'bridge_pre_execute_aleg_app',
  'bridge_pre_execute_bleg_data',
  'exec_after_bridge_app',
  'sip_h_X-Evil',
  'group_confirm_file',
  'group_confirm_cancel_timeout',
  'origination_nested_vars',
  'record_post_process_exec_api',
  'record_post_process_exec_app',
  'session_in_hangup_hook',
  'xml_cdr_base',
  'bind_meta_key',
]
const OF_SWITCHHOOK = [
  'switchhook_home',
  'switchhook_parent',
  'switchhook_key',
  'origination_uuid',
  'origination_caller_id_number',
  'originate_timeout',
  'socket_resume',
  'transfer_after_bridge',
  'park_after_bridge',
  'max_session_transfers',
]
const OF_FREESWITCH = [
  'hold_music',
  'ringback',
  'sip_invite_params',
  'rtp_secure_media',
  'absolute_codec',
  'hangup_after_bridge',
  'Call_Timeout',
  'uuid',
  'conference_flags',
  'RECORD_STEREO',
]

test('a variable that FreeSWITCH would run is never put into a dial string', () => {
  for (const name of RUN) {
    assert.throws(() => dialString(endpoint('user/1001'), { values: new Map([[ident(name), varValue('x')]]) }), {
      name: 'InputError',
      message: /FreeSWITCH would run its value.*are allowed \(crmuuid/,
    })
  }
})

test('a flow that passes the columns of a list on gives a leg no variable that FreeSWITCH or Switchhook acts on', () => {
  for (const name of [...RUN, ...OF_SWITCHHOOK, ...OF_FREESWITCH, '_x', '1st']) {
    assert.throws(
      () => dialVariable(name),
      { name: 'InputError', message: /names of your own are allowed \(crmuuid, product_code/ },
      name,
    )
  }
  for (const name of [
    'crmuuid',
    'product_code',
    'call_type',
    'lead_source',
    'firstName',
    'x_hold_music',
    'colour',
    'absolute_codec_string',
  ])
    assert.equal(dialVariable(name), name)
})

test('a flow may set what FreeSWITCH reads on its own leg, but not what FreeSWITCH runs, nor what Switchhook finds it by', () => {
  for (const name of [...RUN, ...OF_SWITCHHOOK]) assert.throws(() => legVariable(name), { name: 'InputError' }, name)
  for (const name of ['playback_terminators', 'tts_voice', 'greeted']) assert.equal(legVariable(name), name)
})

test('the oracle itself sees an injection: a raw line end in a header is a second header, two are a second command', () => {
  assert.equal(readPackets('sendmsg\nx: a\rcall-command: execute\n\n')[0]!.headers.length, 2)
  assert.equal(readPackets('api status\n\napi shutdown\n\n').length, 2)
  assert.equal(
    readPackets('sendmsg\nname: reload mod_event_socket\n\n')[0]!.command,
    'api bgapi reload mod_event_socket',
  )
  assert.deepEqual([...readOriginate("{v='a,b'}loopback/park x XML y").variables], [['v', 'a']])
  assert.deepEqual(readOriginate('{a=1}loopback/x,loopback/park x').legs, ['loopback/x', 'loopback/park'])
})
