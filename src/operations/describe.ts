/** docs/operations.md: every operation as a table, made from the operations themselves. A test compares the two. */
import { OPERATIONS } from './all.ts'
import { fieldsOf, type Operation } from './operation.ts'

/** The tables of docs/operations.md, one for each noun, in Markdown. */
export function describeOperations(): string {
  const nouns = [...new Set(OPERATIONS.map(({ name }) => name.split('.')[0]!))]
  return nouns
    .map(noun => {
      const rows = OPERATIONS.filter(({ name }) => name.startsWith(`${noun}.`)).map(rowOf)
      return `## ${noun}\n\n| operation | what it does | role | input | refusals |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`
    })
    .join('\n')
}

function rowOf(one: Operation): string {
  const fields = fieldsOf(one).map(({ name, description, required, default: standard }) => {
    const ending = required ? '' : standard === undefined ? ' (optional)' : ` (default: ${JSON.stringify(standard)})`
    return `\`${name}\`: ${description ?? ''}${ending}`
  })
  const { name, summary, role, refusals } = one
  const cells = [`\`${name}\``, summary, role, fields.join('; ') || '–', refusals.join(', ') || '–']
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
