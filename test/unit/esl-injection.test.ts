import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../../src/base/errors.ts'
import * as command from '../../src/esl/command.ts'
import { dialString } from '../../src/esl/dialstring.ts'
import { dial, endpoint, ident, soundName, uuid, varValue } from '../../src/esl/words.ts'
import { readOriginate, readPackets } from './freeswitch-rules.ts'
import { accepted, argumentsArrive, commandsHold, dialStringsHold } from './hostile-words.ts'

const INPUTS = 50_000

test('an application argument arrives as one command with exactly that argument, or is refused', () => argumentsArrive(INPUTS))
test('a dial string sets exactly the variables that were meant and dials exactly one leg', () => dialStringsHold(INPUTS))
test('an api command has the arguments that were meant and no other', () => commandsHold(INPUTS))

test('uuids, sounds, numbers, names and passwords with a line end, a brace or a path upwards are refused', () => {
  for (const bad of ['', '\n', 'a\rb', '${x}', '../etc/passwd', '/etc/passwd', 'a//b', 'ivr/welcome.wav', 'shell_stream://id', 'a b', 'x'.repeat(600)]) {
    for (const parse of [uuid, soundName, dial, endpoint] as ((text: string) => string)[]) assert.equal(accepted(parse, bad), null, `${parse.name} let ${JSON.stringify(bad)} through`)
    if (bad !== '') assert.throws(() => command.auth(`${bad}\n`), InputError)
  }
})

test('a variable that FreeSWITCH would run is never put into a dial string', () => {
  for (const name of ['execute_on_answer', 'api_on_answer_2', 'API_HANGUP_HOOK', 'sip_h_X-Evil', 'group_confirm_file', 'origination_nested_vars']) {
    assert.throws(() => dialString(endpoint('user/1001'), { values: new Map([[ident(name), varValue('x')]]) }), /is code to FreeSWITCH/)
  }
})

test('the oracle itself sees an injection: a raw line end in a header is a second header, two are a second command', () => {
  assert.equal(readPackets('sendmsg\nx: a\rcall-command: execute\n\n')[0]!.headers.length, 2)
  assert.equal(readPackets('api status\n\napi shutdown\n\n').length, 2)
  assert.equal(readPackets('sendmsg\nname: reload mod_event_socket\n\n')[0]!.command, 'api bgapi reload mod_event_socket')
  assert.deepEqual([...readOriginate("{v='a,b'}loopback/park x XML y").variables], [['v', 'a']])
  assert.deepEqual(readOriginate('{a=1}loopback/x,loopback/park x').legs, ['loopback/x', 'loopback/park'])
})
