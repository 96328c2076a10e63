/**
 * The inputs of an attacker, and the properties that must hold all the same: every frame and dial string that
 * Switchhook can send is read again by FreeSWITCH's own rules, and must be exactly what was meant. Tens of thousands of
 * inputs in the unit ring, millions in the fault ring.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { InputError } from '../../src/base/errors.ts'
import * as say from '../../src/esl/api.ts'
import * as command from '../../src/esl/command.ts'
import { dialString } from '../../src/esl/dialstring.ts'
import { legVariable } from '../../src/esl/variables.ts'
import {
  appArgument,
  dial,
  displayName,
  endpoint,
  ident,
  newUuid,
  varValue,
  type Ident,
  type VarValue,
} from '../../src/esl/safe-text.ts'
import { readOriginate, readPackets, separate } from './freeswitch-rules.ts'

/** Inputs as an attacker chooses them: everything with a meaning for some parser on the way, between harmless text. */
const DANGEROUS = [
  '\r',
  '\n',
  '\r\n',
  '\n\n',
  '\0',
  '${',
  '}',
  '${system id}',
  '$',
  '{',
  '[',
  ']',
  '<',
  '>',
  '|',
  ',',
  ';',
  ':_:',
  '::',
  "'",
  '"',
  '\\',
  '\\s',
  '^^',
  '^^~',
  '%[',
  '%',
  '=',
  ' ',
  'é',
  '名',
  '\u2028',
  '&park()',
  'reload mod_event_socket',
  'unload mod_event_socket',
  'reload',
  'mod_event_socket',
  '\rcall-command: execute',
  '\nContent-Length: 99',
  'origination_nested_vars=true',
  'sofia/gateway/exp/900123456',
  'inline',
  'undef',
  '001',
  'alice',
  'A',
  '+49',
  '.',
  '..',
  '/',
  '-',
]
export const hostile = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...DANGEROUS) },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
    ),
    { maxLength: 8 },
  )
  .map(parts => parts.join(''))

/** The word when its parser accepts the text, else null: a refusal is safe. */
export function accepted<T>(parse: (text: string) => T, text: string): T | null {
  try {
    return parse(text)
  } catch (error) {
    assert.ok(error instanceof InputError, `refused with ${String(error)}`)
    return null
  }
}

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
export function argumentsArrive(runs: number): void {
  let passed = 0
  fc.assert(
    fc.property(hostile, hostile, (app, argument) => {
      const name = accepted(ident, app) ?? ('playback' as Ident)
      const word = accepted(appArgument, argument)
      if (word === null) return
      passed++
      const packets = readPackets(command.execute(name, 'id-1', word))
      assert.equal(packets.length, 1, 'more than one command')
      const [packet] = packets
      assert.equal(packet!.command, 'sendmsg')
      assert.deepEqual(
        packet!.headers.map(([header]) => header),
        [
          'call-command',
          'execute-app-name',
          'event-uuid',
          'event-lock',
          ...(word === '' ? [] : ['content-type', 'content-length']),
        ],
      )
      assert.equal(packet!.headers[1]![1], name)
      assert.equal(packet!.body, latin1(argument))
      assert.ok(!/\$\{|%\[/.test(argument), 'FreeSWITCH would expand it')
    }),
    { numRuns: runs },
  )
  assert.ok(passed > runs / 8, `only ${passed} inputs got through: the test would prove nothing`)
}

export function dialStringsHold(runs: number): void {
  let passed = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(hostile, hostile), { maxLength: 4 }),
      hostile,
      fc.oneof(
        hostile,
        fc.constantFrom('user/1001', 'sofia/gateway/carrier/2001', 'sofia/internal/1001@127.0.0.1:5060'),
      ),
      (pairs, name, target) => {
        const to = accepted(endpoint, target)
        if (to === null) return
        passed++
        const values = new Map<Ident, VarValue>()
        for (const [key, value] of pairs) {
          const variable = accepted(ident, key)
          const word = accepted(varValue, value)
          if (variable !== null && word !== null && word !== '' && accepted(legVariable, key) !== null)
            values.set(variable, word)
        }
        const callerName = displayName(name)
        const text = say.originate(dialString(to, { values, callerName }), 'welcome' as Ident)
        const [packet, ...more] = readPackets(command.bgapi(text, newUuid()))
        assert.equal(more.length, 0, 'more than one command')
        assert.ok(packet!.command.startsWith('bgapi originate '))
        const read = readOriginate(packet!.command.slice('bgapi originate '.length))
        const meant = new Map<string, string>(values)
        if (callerName !== '') meant.set('origination_caller_id_name', latin1(callerName))
        assert.deepEqual(Object.fromEntries(read.variables), Object.fromEntries(meant))
        assert.deepEqual(read.legs, [target])
        assert.deepEqual(
          [read.extension, read.dialplan, read.context, read.extra.length],
          ['switchhook-welcome', 'XML', 'switchhook', 0],
        )
      },
    ),
    { numRuns: runs },
  )
  assert.ok(passed > runs / 8, `only ${passed} inputs got through: the test would prove nothing`)
}

export function commandsHold(runs: number): void {
  const leg = newUuid()
  const other = newUuid()
  fc.assert(
    fc.property(hostile, hostile, hostile, (a, b, c) => {
      const name = accepted(ident, a)
      const value = accepted(varValue, b)
      const number = accepted(dial, c)
      const texts: [say.ApiText, string[]][] = [[say.uuidBridge(leg, other), ['uuid_bridge', leg, other]]]
      if (name !== null) {
        texts.push(
          [say.uuidKill(leg, name), ['uuid_kill', leg, name]],
          [say.uuidTransferTo(leg, name, name), ['uuid_transfer', leg, name, 'XML', name]],
        )
        if (value !== null && value !== '')
          texts.push([say.uuidSetvar(leg, name, value), ['uuid_setvar', leg, name, value]])
      }
      if (value !== null && value !== '')
        texts.push([
          say.uuidSetvars(leg, { first: value, second: 'true' }),
          ['uuid_setvar_multi', leg, `first=${value};second=true`],
        ])
      assert.ok(number === null || /^\+?\d+$/.test(number))
      for (const [text, meant] of texts) {
        const packets = readPackets(command.api(text))
        assert.equal(packets.length, 1)
        assert.deepEqual(separate(packets[0]!.command, ' ', 10), ['api', ...meant])
        assert.deepEqual(packets[0]!.headers, [])
      }
    }),
    { numRuns: runs },
  )
}
