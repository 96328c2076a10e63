/** The small grammars of the simulated FreeSWITCH: arguments, values, sounds, and the project's own dialplan. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { entryExtension } from '../../src/testing/index.ts'
import { urlEncode } from '../../src/testing/switch/encoding.ts'
import { bracketed, separate, words } from '../../src/testing/switch/separate.ts'
import { soundsOf } from '../../src/testing/switch/sounds.ts'

test('arguments are cut as FreeSWITCH cuts them', () => {
  assert.deepEqual(words("a  'b c' d e f", 4), ['a', 'b c', 'd', 'e f'])
  assert.deepEqual(separate("a\\,b,'c,d', e ", ',', 10), ['a,b', 'c,d', 'e'])
  assert.deepEqual(separate('^^:a=1:b=2', ',', 10), ['a=1', 'b=2'])
  assert.deepEqual(bracketed('{a=1,b=x\\,y}user/alice', '{', '}'), {
    variables: [
      ['a', '1'],
      ['b', 'x,y'],
    ],
    rest: 'user/alice',
  })
  // Single quotes do not protect a comma in originate: the first split at the spaces has removed them.
  assert.deepEqual(bracketed(words("{v='a,b'}user/alice &park()", 10)[0]!, '{', '}')?.variables, [['v', 'a']])
  assert.equal(bracketed('{a=1', '{', '}'), undefined)
})

test('values are encoded as FreeSWITCH encodes them, its mistake included', () => {
  assert.equal(urlEncode('tone_stream://%(300,0,440)'), 'tone_stream%3A//%25(300,0,440)')
  assert.equal(urlEncode('中 ü'), '%E4%B8%AD%20%C3%BC')
  assert.equal(urlEncode('100%41'), '100%41')
  assert.equal(urlEncode("it's ~fine!"), "it's%20~fine!")
})

test('sound arguments last as long as they say', () => {
  const lasts = (argument: string) =>
    soundsOf(
      argument,
      new Map([
        ['ivr/long', '9s'],
        ['gone', 'missing'],
      ]),
      '2s',
    ).map(sound => (sound === 'missing' ? sound : [sound.what, sound.lasts]))
  assert.deepEqual(lasts('ivr/long.wav'), [['ivr/long', 9_000]])
  assert.deepEqual(lasts('file_string://ivr/long.wav!gone.wav!silence_stream://500'), [
    ['ivr/long', 9_000],
    'missing',
    [undefined, 500],
  ])
  assert.deepEqual(lasts('tone_stream://%(200,100,440);loops=3'), [['tone_stream://%(200,100,440);loops=3', 900]])
  assert.deepEqual(lasts('tone_stream://%(200,100,440);loops=-1'), [
    ['tone_stream://%(200,100,440);loops=-1', Infinity],
  ])
  assert.deepEqual(lasts('local_stream://calm'), [['local_stream://calm', Infinity]])
})

test('the entry extension of the simulation is the one in dialplan/', () => {
  const xml = readFileSync(new URL('../../dialplan/switchhook.xml', import.meta.url), 'utf8')
  const settings = new Map(
    [
      ...readFileSync(new URL('../../dialplan/switchhook_vars.xml', import.meta.url), 'utf8').matchAll(
        /cmd="set" data="(\w+)=([^"]*)"/g,
      ),
    ].map(([, name, value]) => [name!, value!]),
  )
  settings.set('switchhook_node_b', '127.0.0.1:8085')
  const actionsOf = (extension: string) => {
    const block = new RegExp(`<extension name="${extension}">([^]*?)</extension>`).exec(xml)![1]!
    return [...block.matchAll(/<action application="([^"]*)"(?: data="([^"]*)")?/g)].map(
      ([, application, data = '']) => ({
        application,
        data: data
          .replaceAll('$1', 'welcome')
          .replace(/\$\$\{(\w+)\}/g, (_, name: string) => settings.get(name) ?? `?${name}`),
      }),
    )
  }
  const hosts = ['127.0.0.1:8084', '127.0.0.1:8085']
  assert.deepEqual(entryExtension('welcome', hosts), actionsOf('switchhook-entry'))
  assert.deepEqual(
    entryExtension('welcome', hosts.toReversed(), { afterwards: 'switchhook-sorry', alternating: false }),
    actionsOf('switchhook-retry'),
  )
})
