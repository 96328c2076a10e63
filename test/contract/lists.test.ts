/** Lists as people and their programs write them, imported into a real database. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { country } from '../../src/base/country.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { importLeads, type ImportOptions, type ImportProgress } from '../../src/campaign/import.ts'
import { readNumbersAgain } from '../../src/campaign/read-again.ts'
import { putCampaign } from '../../src/store/campaigns.ts'
import { isOptedOut, optOut } from '../../src/store/do-not-call.ts'
import { countLeads, leadsOf } from '../../src/store/leads.ts'
import { addLead } from '../add-lead.ts'
import { openDatabase } from '../open-services.ts'

const NOW = Date.UTC(2026, 2, 2, 9)
const DE = country('DE')

async function rig(t: TestContext) {
  const { sql } = await openDatabase(t)
  const campaign = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'sales' }))
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-list-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'list.csv')
  const list = async (text: string | Buffer, options: Partial<ImportOptions> = {}) => {
    await writeFile(file, text)
    return importLeads({ sql, campaign: campaign.id, file, now: NOW, ...options })
  }
  const phones = async () => (await leadsOf(sql, campaign.id, 100)).map(lead => lead.phone)
  const fields = async () => (await leadsOf(sql, campaign.id, 100)).map(lead => lead.fields)
  return { sql, campaign, file, list, phones, fields }
}

test('a list whose first line names the separator is read, whatever it looks like', async t => {
  const { list, phones } = await rig(t)
  const heads = ['sep=;\n', 'SEP=;\r\n', '"sep=;"\n', '\ufeffsep=;\r\n']
  for (const [n, head] of heads.entries()) {
    const { added } = await list(`${head}phone;name\n+4930${n}0001;Anna, B\n+4930${n}0002;Bert\n`)
    assert.equal(added, 2, JSON.stringify(head))
  }
  assert.equal((await list('sep=\t\nphone\tname\n+49309001\tx\n')).added, 1)
  const { firstFaults } = await list('sep=;\nphone;name\n+49309002;x\nnobody;y\n')
  assert.equal(firstFaults[0]!.line, 4, 'the line of the separator is counted')
  assert.equal((await phones()).length, 10)
})

test('people whose last cells were left out, or written twice, are on the list', async t => {
  const { list, fields } = await rig(t)
  const { added, rejected } = await list(
    'phone,name,city,note\n+49301001,Anna,Ulm,x\n+49301002,Bert\n+49301003\n+49301004,Dora,Bonn,y,,\n',
  )
  assert.deepEqual([added, rejected], [4, 0])
  assert.deepEqual((await fields())[2], { name: '', city: '', note: '' })
  assert.equal((await list('phone,name,\n+49301005,Emil\n')).added, 1)
  assert.equal((await list('phone,name\n+49301006,Fred,\n')).added, 1)
  const short = await list('name,city,phone\nAnna\nBert,Ulm,+49301007\nCarl,Ulm,+49301008,more\n')
  assert.deepEqual([short.added, short.rejected], [1, 2])
  assert.match(short.firstFaults[0]!.allowed, /this one has 1 and ends before 'phone'/)
  assert.match(short.firstFaults[1]!.allowed, /names 3 columns, this one has 4/)
})

test('a column may have any name', async t => {
  const { list, fields } = await rig(t)
  await list('phone,__proto__,constructor\n+49301001,x,y\n')
  assert.deepEqual(Object.entries((await fields())[0]!).toSorted(), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

test('a note of two lines in a row without its last cells stays one note', async t => {
  const { list, fields } = await rig(t)
  assert.equal((await list('phone,note,city\n+49301001,"two\nlines"\n+49301002,x,Ulm\n')).added, 2)
  assert.equal((await fields())[0]!['note'], 'two\nlines')
})

test('a list from Excel on Windows keeps its letters, and the summary says how it was read', async t => {
  const { list, fields } = await rig(t)
  const latin = Buffer.from('Téléphone;Nom\n+49301001;Müller-Lüdenscheidt\n', 'latin1')
  assert.equal((await list(latin)).encoding, 'windows-1252')
  assert.equal((await fields())[0]!['Nom'], 'Müller-Lüdenscheidt')
  assert.equal((await list(Buffer.from('phone;Name\n+49301002;Zoë\n', 'utf16le'))).encoding, 'utf-16le')
  assert.equal((await fields())[1]!['Name'], 'Zoë')
  assert.equal((await list(Buffer.from('\ufeffphone;Name\n+49301003;Zoë\n', 'utf16le'))).encoding, 'utf-16le')
  const cyrillic = Buffer.from([0xd2, 0xe5, 0xeb, 0xe5, 0xf4, 0xee, 0xed]) // Телефон
  const russian = Buffer.concat([cyrillic, Buffer.from('\n+49301004\n')])
  await assert.rejects(list(russian), /read as windows-1252, because it is not UTF-8; name its encoding/)
  assert.equal((await list(russian, { encoding: 'windows-1251' })).added, 1)
  const chinese = Buffer.concat([Buffer.from([0xca, 0xd6, 0xbb, 0xfa]), Buffer.from('\n+49301005\n')]) // 手机
  assert.equal((await list(chinese, { encoding: 'gb18030' })).added, 1)
  const damaged = Buffer.concat([
    Buffer.from('phone,Name\n+49301006,Müller\n+49301007,Käfer\n+49301008,'),
    Buffer.from([0xfc, 0x0a]),
  ])
  const { encoding, added, rejected } = await list(damaged)
  assert.deepEqual([encoding, added, rejected], ['utf-8', 2, 1])
})

test('the column with the number is found under the name that people give it in their language', async t => {
  const { list, phones } = await rig(t)
  const names = [
    ...['Telefonnummer', 'Téléphone', 'numero', 'Celular', '手机', 'Rufnummer', 'N° de téléphone', 'Teléfono móvil'],
    ...[
      'Telefone',
      'Cellulare',
      'Telefoonnummer',
      'Номер телефона',
      '電話番号',
      '휴대폰 번호',
      'رقم الهاتف',
      'Cep Telefonu',
    ],
    ...['Phone 1', 'PHONE_NUMBER', 'tel.', 'Handy-Nr.', 'Mobile No'],
  ]
  for (const [n, name] of names.entries())
    assert.equal((await list(`name,${name}\nAnna,+4930${1_000 + n}\n`)).added, 1, name)
  await list('numero,telefono\n12,+49302001\n')
  assert.equal((await phones()).at(-1), '+49302001', 'the number of a house is no telephone')
})

test('a number that a spreadsheet has spoilt is refused with what happened, and its decimals are not dialled', async t => {
  const { list, phones } = await rig(t)
  const { added, duplicates, rejected, firstFaults } = await list(
    'phone;name\n+4930123456;Anna\n+4930123456.0;Bert\n+4930123456,00;Carl\n4,9E+11;Dora\n069 1234 / 069 1235;Emil\n' +
      '555-123-4567 / 555-765-4321;Fred\n0691234567 0691234568;Gus\n"+49301\n+49302001";Hans\n+1234567890123456;Ida\n',
  )
  assert.deepEqual([added, duplicates, rejected], [1, 2, 6])
  assert.deepEqual(await phones(), ['+4930123456'])
  assert.deepEqual(
    firstFaults.map(({ line, allowed }) => [line, /rounded|two numbers in one cell|15 digits/.exec(allowed)?.[0]]),
    [
      [5, 'rounded'],
      [6, 'two numbers in one cell'],
      [7, 'two numbers in one cell'],
      [8, 'two numbers in one cell'],
      [9, 'two numbers in one cell'],
      [11, '15 digits'],
    ],
  )
})

test('a corrected reject file is imported as the list was, and its reasons are no field of a lead', async t => {
  const { sql, campaign, file, list, fields } = await rig(t)
  await list('phone,name,city\n+49301001,Anna,Ulm\nnobody,Bert\n110 120 130 140 150 160,Carl,Bonn\n')
  const rejects = `${file}.rejected.csv`
  const text = await readFile(rejects, 'utf8')
  assert.match(text, /^phone,name,city,reason\nnobody,Bert,,"line 3, phone: a number/)
  await writeFile(rejects, text.replace('nobody', '+49301002'))
  const again = await importLeads({ sql, campaign: campaign.id, file: rejects, now: NOW })
  assert.deepEqual([again.added, again.rejected], [1, 1])
  assert.deepEqual((await fields())[1], { name: 'Bert', city: '' })
  const second = await readFile(`${rejects}.rejected.csv`, 'utf8')
  assert.match(second, /^phone,name,city,reason\n110 120 130 140 150 160,Carl,Bonn,"line 3, phone: /)
  assert.equal(second.trim().split('\n').length, 2)
})

test('a list with reasons of its own keeps them', async t => {
  const { file, list, fields } = await rig(t)
  await list('phone,reason\n+49301001,moved\nnobody,left\n')
  assert.deepEqual(await fields(), [{ reason: 'moved' }])
  const text = await readFile(`${file}.rejected.csv`, 'utf8')
  assert.match(text, /^phone,reason,reason for rejection\nnobody,left,"line 3/)
  assert.equal((await list(text.replace('nobody', '+49301002'))).added, 1)
  assert.deepEqual((await fields())[1], { reason: 'left' })
})

test('a list with a first line only is an error, and so is an empty one', async t => {
  const { sql, campaign, list } = await rig(t)
  await assert.rejects(list('phone,name\n'), { code: 'BAD_INPUT', message: /it has a first line only/ })
  await assert.rejects(list('sep=;\n'), { code: 'BAD_INPUT', message: /is empty/ })
  assert.deepEqual(await countLeads(sql, campaign.id), { ready: 0, claimed: 0, done: 0 })
})

test('where the country is known each person is called once, and never after an opt-out, however the list writes it', async t => {
  const { sql, list, phones } = await rig(t)
  await optOut(sql, '+4930999888', 'flow', NOW)
  const counts = await list(
    'phone\n+4930999888\n004930999888\n+49 (30) 999-888\n4930999888\n030999888\n030 999 777\n',
    {
      country: DE,
    },
  )
  assert.deepEqual([counts.added, counts.optedOut], [1, 5])
  const again = await list('phone\n+49 30 999777\n4930999777\n0049 30 999 777\n110\n1001\n', { country: DE })
  assert.deepEqual([again.added, again.duplicates, again.rejected], [0, 3, 2])
  assert.deepEqual(await phones(), ['+4930999777'])
})

test('without a country a number with and without its plus is one person', async t => {
  const { sql, list, phones } = await rig(t)
  await optOut(sql, '+4930999888', 'flow', NOW)
  await optOut(sql, '4930999777', 'flow', NOW)
  const first = await list('phone\n4930999888\n+4930999777\n4930999666\n+4930999666\n030999555\n')
  assert.deepEqual([first.added, first.optedOut, first.duplicates], [2, 2, 1])
  const second = await list('phone\n4930999666\n+4930999666\n')
  assert.deepEqual([second.added, second.duplicates], [0, 2])
  assert.deepEqual(await phones(), ['+4930999666', '030999555'])
})

test('leads and opt-outs that were stored before the country was known are read again when it is', async t => {
  const { sql, campaign, list, phones } = await rig(t)
  for (const phone of ['030999111', '4930999111', '030999222', '201', '+4930999333'])
    await addLead(sql, campaign.id, phone, NOW)
  await optOut(sql, '030999333', 'flow', NOW)
  await readNumbersAgain(sql, campaign.id, DE, NOW)
  assert.deepEqual(await phones(), ['+4930999111', '4930999111', '+4930999222', '201', '+4930999333'])
  assert.deepEqual(await countLeads(sql, campaign.id), { ready: 3, claimed: 0, done: 2 })
  assert.equal(await isOptedOut(sql, '+4930999333'), true)
  const { added, duplicates, optedOut } = await list('phone\n030 999 111\n030 999 333\n030 999 444\n', { country: DE })
  assert.deepEqual([added, duplicates, optedOut], [1, 1, 1])
})

test('a lead that is called while its number is read again stays the same lead', async t => {
  const { sql, campaign, phones } = await rig(t)
  await addLead(sql, campaign.id, '030999111', NOW)
  await sql`update leads set state = 'claimed', claimed_by = 'a', claimed_until = ${new Date(NOW)}`
  await readNumbersAgain(sql, campaign.id, DE, NOW)
  assert.deepEqual(await phones(), ['+4930999111'])
  assert.equal((await countLeads(sql, campaign.id)).claimed, 1)
})

test('whoever imports a long list sees how far it is', async t => {
  const { list } = await rig(t)
  const told: ImportProgress[] = []
  const lines = Array.from({ length: 60_000 }, (_, n) => `+49301${100_000 + n}`)
  await list(`phone\n${lines.join('\n')}\n`, { progress: one => told.push(one) })
  assert.deepEqual([...new Set(told.map(one => one.phase))], ['reading', 'adding'])
  const last = told.at(-1)!
  assert.deepEqual([last.done, last.all], [60_000, 60_000])
  assert.ok(
    told.every((one, at) => at === 0 || one.phase !== told[at - 1]!.phase || one.done >= told[at - 1]!.done),
    'it only grows',
  )
})
