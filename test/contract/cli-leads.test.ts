/** The commands for lists and leads as a supervisor types them, and their answers. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Installation } from './cli-process.ts'

const rig = await Installation.open()
const { queueStore } = rig

test('a supervisor adds a list of another country, changes it while it waits, and takes it out again', async () => {
  await queueStore.put({ name: 'sales', strategy: 'longest-idle-agent' })
  const list = await rig.file('land.csv', Buffer.from('Telefonnummer;Name\n030 999001;M\xfcller\n110;Bert\n', 'latin1'))
  const added = await rig.types(`campaign add land --leads ${list} --queue sales`, { COUNTRY: 'DE' })
  assert.equal(
    added.out,
    `campaign land (draft): 2 lines read, as windows-1252, 1 added, 0 already there, 0 opted out, 1 rejected (see ${list}.rejected.csv)\n`,
  )
  assert.match(added.err, /line 3, Telefonnummer: '110' cannot be used; allowed: the whole number of a person/)
  await rig.types('campaign set land --country AT')
  const more = await rig.types(
    'lead add land 01 999001 --fields city=Wien --leads +4930999002,1'.replace('01 999001', '01999001'),
  )
  assert.equal(more.out, 'campaign land: 2 added, 0 already there, 0 opted out, 1 rejected\n')
  assert.match((await rig.types('lead update land +4930999001 --priority 5')).out, /\+4930999001 +ready/)
  assert.equal((await rig.types('lead remove land +4930999002')).out, '+4930999002 was removed from campaign land\n')
  assert.equal((await rig.types('lead remove land +4930999002')).code, 3)
  await rig.sql`update leads set state = 'done', disposition = 'busy' where phone = '+4930999001'`
  assert.equal(
    (await rig.types('lead recycle land --dispositions busy,no-answer')).out,
    'campaign land (draft): 1 leads are ready again, 0 opted out\n',
  )
  const file = `${list}.out`
  assert.equal(
    (await rig.types(`campaign export land --file ${file}`)).out,
    `campaign land: 2 leads written to ${file}\n`,
  )
  assert.match(await readFile(file, 'utf8'), /^\ufeffphone,Name,city,lead_state.*\n\+4930999001,Müller,,ready,0,busy,/)
  assert.equal((await rig.types('campaign add land --leads none.csv', { COUNTRY: 'UK' })).code, 2)
})

test('a list with a first line only is an error', async () => {
  const said = await rig.types(`campaign add head --leads ${await rig.file('head.csv', 'phone,name\n')} --queue sales`)
  assert.equal(said.code, 2)
  assert.match(said.err, /it has a first line only/)
})

test('a lead cannot steer the terminal of whoever adds it, looks at it or takes it out', async () => {
  const evil = '\x1b]52;c;cm0gLXJm\x07\x9b2J'
  const list = await rig.file('steer.csv', `phone,name\n+4930999005,${evil}\n`)
  await rig.types(`campaign add steer --leads ${list} --queue sales`)
  const said = [
    await rig.types(`lead add steer ${evil}`),
    await rig.types(`lead add steer +4930999006 --leads ${evil}`),
    await rig.types(`lead update steer +4930999005 --fields name=${evil}`),
    await rig.types('campaign leads steer --csv'),
    await rig.types('campaign leads steer --json'),
    await rig.types(`campaign leads steer --disposition ${evil}`),
    await rig.types(`campaign export steer --file ${list}.${evil.replace('/', '')}/x`),
  ]
  for (const { out, err } of said) assert.doesNotMatch(out + err, /[^\P{Cc}\n\t]/u)
})
