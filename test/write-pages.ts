/** Writes the pages that are made from the operations: `make pages`. Tests compare them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describeApi, describePaths } from '../src/desk/http/openapi.ts'
import { describeEvents } from '../src/events/asyncapi.ts'
import { describeOperations } from '../src/operations/describe.ts'
import { eventsPage, PAGE as EVENTS_PAGE } from './events-page.ts'

const at = (page: string) => new URL(`../docs/${page}`, import.meta.url)

writeFileSync(at('openapi.json'), describeApi())
writeFileSync(at('asyncapi.json'), describeEvents())
writeFileSync(EVENTS_PAGE, eventsPage())
for (const [page, ending] of [
  ['operations.md', describeOperations()],
  ['api.md', describePaths()],
] as const) {
  const [first] = ending.split('\n')
  const text = readFileSync(at(page), 'utf8')
  writeFileSync(at(page), text.slice(0, text.indexOf(`${first}\n`)) + ending)
}
